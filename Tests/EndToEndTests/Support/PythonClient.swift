import ControlProtocol
import LinuxSystem

/// Tests/python/client.py against a daemon.
struct PythonClient {
    struct Reply: Decodable {
        struct Output: Decodable {
            var type: String
            var shape: [Int]
            var memfd: Bool
            var sha256: String?
            var first: [Double]?
        }

        var outcome: String
        var execution: String
        var attempts: Int
        var message: String
        var worker: String
        var outputs: [String: Output]
    }

    /// What `hostile` prints.
    struct Hostility: Decodable {
        var connection: String
        var hostile: [Reply]
        var after: Reply?
        var sent: Int?
    }

    /// What `call --count` prints.
    struct Many: Decodable {
        var count: Int
        var outcomes: [String: Int]
        var same_outputs: Bool
        var first: Reply
    }

    let daemon: DaemonUnderTest

    func run(_ arguments: [String]) throws -> Finished {
        try Finished.run(
            BuildProducts.python,
            ["\(BuildProducts.pythonDirectory)/client.py", daemon.callsPath] + arguments
        )
    }

    func call(_ arguments: String...) throws -> (status: Int32, reply: Reply) {
        let finished = try run(["call"] + arguments)
        return (finished.status, try decode(Reply.self, finished))
    }

    func many(_ arguments: String...) throws -> Many {
        try decode(Many.self, try run(["call"] + arguments))
    }

    func hostile(_ mode: String, _ arguments: String...) throws -> Hostility {
        try decode(Hostility.self, try run(["hostile", mode] + arguments))
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ finished: Finished) throws -> Value
    {
        do {
            return try ControlCoding.decode(type, from: Array(finished.output.utf8))
        } catch {
            throw NotInTime(what: "JSON of client.py, got \(finished): \(error)")
        }
    }
}
