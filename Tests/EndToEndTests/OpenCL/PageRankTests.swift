import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import Testing

@testable import package_rank

/// `graph/pagerank` on the package database of the machine the tests run on.
@Suite(.serialized, .showsDaemonLog)
struct PageRankTests {
    /// PageRank in double precision, pushed along the edges of compressed sparse rows.
    private func ranks(
        _ offsets: [UInt32],
        _ targets: [UInt32],
        damping: Double,
        iterations: Int
    ) -> [Double] {
        let count = offsets.count - 1
        var ranks = [Double](repeating: 1 / Double(count), count: count)
        for _ in 0..<iterations {
            var next = [Double](repeating: 0, count: count)
            var lost = 0.0
            for node in 0..<count {
                let row = Int(offsets[node])..<Int(offsets[node + 1])
                if row.isEmpty { lost += ranks[node] }
                for edge in row { next[Int(targets[edge])] += ranks[node] / Double(row.count) }
            }
            let base = (1 - damping + damping * lost) / Double(count)
            ranks = next.map { base + damping * $0 }
        }
        return ranks
    }

    private func dependencies() throws -> DependencyGraph {
        let graph = DependencyGraph(controlFile: try contents(of: "/var/lib/dpkg/status"))
        try #require(graph.names.count > 50)
        return graph
    }

    private static let hasPackages = access("/var/lib/dpkg/status", R_OK) == 0

    @Test(.enabled(if: hasPackages, "no package database of dpkg here"))
    func `packages get the ranks that an independent calculation gives them`() throws {
        let graph = try dependencies()
        try withDaemon(.openCL(.builtin("graph/pagerank"))) { daemon in
            let result = try daemon.call(
                "graph/pagerank",
                [
                    Tensor("offsets", graph.offsets), Tensor("targets", graph.targets),
                    .scalar("tolerance", Float(1e-9)), .scalar("max_iterations", UInt32(200)),
                ]
            )
            let computed = try #require(result["ranks"]?.f32)
            let expected = ranks(graph.offsets, graph.targets, damping: 0.85, iterations: 200)
            #expect(distance(computed, expected) < 1e-5)
            #expect(abs(computed.reduce(0.0) { $0 + Double($1) } - 1) < 1e-5)
            // Not right by being small everywhere: the same package is first.
            let best = try #require(computed.indices.max { computed[$0] < computed[$1] })
            #expect(
                graph.names[best] == graph.names[expected.firstIndex(of: expected.max() ?? 0) ?? 0]
            )
        }
    }

    /// Promise 2: the call ends as if nothing had happened.
    @Test func `a worker that is killed in the middle costs a second attempt and not one bit`()
        throws
    {
        let nodes = 100_000
        let draws = numbers(10 * nodes, seed: 6).map { UInt32(($0 + 1) * Float(nodes) / 2) }
        let arguments = [
            Tensor("offsets", (0...nodes).map { UInt32(10 * $0) }),
            Tensor("targets", draws.map { min($0, UInt32(nodes - 1)) }),
            // Out of reach of f32: all iterations are done, which takes a while.
            .scalar("tolerance", Float(1e-30)), .scalar("max_iterations", UInt32(3000)),
        ]
        try withDaemon(.openCL(.builtin("graph/pagerank"))) { daemon in
            let undisturbed = try daemon.call("graph/pagerank", arguments)
            let before = try daemon.workerPID(of: "graph/pagerank")
            let call = Background { try daemon.call("graph/pagerank", arguments) }
            try daemon.waitUntil("the call runs") {
                $0.slot(of: "graph/pagerank")?.runningFor != nil
            }
            try #require(kill(before, SIGKILL) == 0)
            let result = try call.value()
            #expect(result["ranks"]?.bytes == undisturbed["ranks"]?.bytes)
            #expect(result["iterations"]?.u32 == undisturbed["iterations"]?.u32)
            #expect((undisturbed.attempts, result.attempts) == (1, 2))
            #expect(result.incarnation > undisturbed.incarnation)
            #expect(try daemon.workerPID(of: "graph/pagerank") != before)
            #expect(try daemon.status().calls.retried == 1)
        }
    }
}
