import Glibc

/// Where the programs under test are: beside the program that runs the tests.
enum BuildProducts {
    static let directory: String = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? 0
        }
        let program = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return parent(of: program)
    }()

    static let daemon = directory + "/kernelsupd"
    static let execHelper = directory + "/kernelsup-exec"
    static let control = directory + "/kernelsupctl"
    static let faultWorker = directory + "/FaultWorker"
    static let simulator = directory + "/supsim"
    static let stockWorker = directory + "/kernelsup-worker"

    /// The client and the worker that were written from the protocol's page alone.
    static let pythonDirectory = parent(of: parent(of: parent(of: #filePath))) + "/python"
    static let python: String =
        ["/usr/bin/python3", "/usr/local/bin/python3", "/bin/python3"]
        .first { access($0, X_OK) == 0 } ?? "/usr/bin/python3"

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
