import ControlProtocol
import KernelClient
import LinuxSystem
import Testing

/// What callers get wrong: a sentence that says what and where, and a worker that lives on.
@Suite(.serialized, .showsDaemonLog)
struct BadArgumentTests {
    /// A call of `graph/pagerank` that is refused, and what the refusal must name.
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var arguments: [Tensor]
        var named: [String]

        init(_ description: String, _ arguments: [Tensor], names named: String...) {
            self.testDescription = description
            self.arguments = arguments
            self.named = named
        }
    }

    private static func graph(_ offsets: [UInt32], _ targets: [UInt32]) -> [Tensor] {
        [Tensor("offsets", offsets), Tensor("targets", targets)]
    }

    static let cases: [Case] = [
        Case(
            "descending",
            graph([0, 2, 1, 3], [0, 1, 2]),
            names: "offsets",
            "ascend",
            "element 1"
        ),
        Case("outside", graph([0, 1, 2], [0, 9]), names: "targets", "outside", "element 1", "9"),
        Case("no zero", graph([1, 1, 2], [0, 1]), names: "offsets", "start with 0"),
        Case("other end", graph([0, 1, 5], [0, 1]), names: "offsets", "ends with 5"),
        Case("empty", graph([], []), names: "offsets"),
        Case(
            "NaN damping",
            graph([0, 1, 2], [1, 0]) + [.scalar("damping", Float.nan)],
            names: "damping",
            "nan"
        ),
        Case(
            "damping above",
            graph([0, 1, 2], [1, 0]) + [.scalar("damping", Float(1))],
            names: "damping",
            "0..<1"
        ),
        Case(
            "zero tolerance",
            graph([0, 1, 2], [1, 0]) + [.scalar("tolerance", Float(0))],
            names: "tolerance",
            "above 0"
        ),
        Case(
            "wrong type",
            [Tensor("offsets", [0, 1] as [Int32]), Tensor("targets", [0] as [UInt32])],
            names: "offsets",
            "i32",
            "u32"
        ),
        Case(
            "wrong rank",
            [
                Tensor("offsets", [0, 0] as [UInt32], shape: [1, 2]),
                Tensor("targets", [] as [UInt32]),
            ],
            names: "offsets",
            "[1, 2]"
        ),
        Case("missing", [Tensor("offsets", [0] as [UInt32])], names: "targets", "missing"),
        Case(
            "extra",
            graph([0, 1], [0]) + [.scalar("dampning", Float(0.5))],
            names: "dampning",
            "damping"
        ),
    ]

    @Test func `each mistake is named, none reaches the device, and the worker lives on`() throws {
        try withDaemon(.openCL(.builtin("graph/pagerank"))) { daemon in
            let worker = try daemon.workerPID(of: "graph/pagerank")
            for mistake in Self.cases {
                let error = try #require(
                    daemon.failure("graph/pagerank", mistake.arguments),
                    "\(mistake.testDescription) was taken"
                )
                #expect(error.code == .invalidArgument, "\(mistake.testDescription): \(error)")
                let message = error.message.lowercased()
                let silent = mistake.named.filter { !message.contains($0.lowercased()) }
                #expect(silent == [], "\(mistake.testDescription): \(error.message)")
            }
            let good = try daemon.call("graph/pagerank", Self.graph([0, 1, 2], [1, 0]))
            #expect(good["ranks"]?.f32 == [0.5, 0.5])
            #expect(try daemon.workerPID(of: "graph/pagerank") == worker)
            #expect(try daemon.kernel("graph/pagerank").restarts == 0)
        }
    }

    @Test func `one size bound to two values is named with both`() throws {
        let saxpy = try KernelFile.example("saxpy", named: "linear/saxpy")
        try withDaemon(.openCL(saxpy, .builtin("core/matmul"))) { daemon in
            let workers = try ["linear/saxpy", "core/matmul"].map(daemon.workerPID)
            let vectors = try #require(
                daemon.failure(
                    "linear/saxpy",
                    [Tensor("x", [1, 2, 3] as [Float]), Tensor("y", [1, 2] as [Float])]
                )
            )
            #expect(vectors.code == .invalidArgument)
            for part in ["n", "3", "2", "'y'"] {
                #expect(vectors.message.contains(part), "\(vectors.message)")
            }
            let matrices = try #require(
                daemon.failure(
                    "core/matmul",
                    [
                        Tensor("a", [1, 2] as [Float], shape: [1, 2]),
                        Tensor("b", [1, 2, 3] as [Float], shape: [3, 1]),
                    ]
                )
            )
            #expect(matrices.code == .invalidArgument)
            #expect(matrices.message.contains("'b'") && matrices.message.contains("k"))
            #expect(try ["linear/saxpy", "core/matmul"].map(daemon.workerPID) == workers)
        }
    }
}
