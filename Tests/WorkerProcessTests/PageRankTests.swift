import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

@testable import WorkerProcess

extension OnDevice {
    @Suite struct PageRankTests {
        @Test(arguments: Graph.named)
        func `ranks as a plain implementation does`(_ graph: Graph) throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            try expectTrueRanks(kernel, graph)
        }

        /// The path that devices with large work-groups take: atomics, and rows shared by a group.
        @Test(arguments: Graph.named)
        func `ranks alike in groups of 64 items`(_ graph: Graph) throws {
            let kernel = try PageRank(on: OnDevice.makeDevice(), groupSize: 64)
            try expectTrueRanks(kernel, graph)
        }

        @Test func `a ring has equal ranks`() throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            let ranks = try rank(kernel, .ring(7)).elements("ranks", as: Float.self)
            #expect(ranks == [Float](repeating: 1 / 7, count: 7))
        }

        @Test func `an empty graph has no ranks and needs no iteration`() throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            let result = try rank(kernel, Graph(name: "empty", edges: []))
            #expect(try result.elements("ranks", as: Float.self) == [])
            #expect(try result.scalar("iterations", as: UInt32.self) == 0)
            #expect(try result.scalar("residual", as: Float.self) == 0)
        }

        @Test func `one node has all the rank, with and without a self-loop`() throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            for edges in [[[]], [[0]], [[0, 0, 0]]] as [[[UInt32]]] {
                let result = try rank(kernel, Graph(name: "one", edges: edges))
                #expect(try result.elements("ranks", as: Float.self) == [1])
            }
        }

        @Test func `the same graph has the same ranks each time`() throws {
            let graph = Graph.random(nodes: 2000, edges: 9000, seed: 3)
            for size in [1, 64] {
                let kernel = try PageRank(on: OnDevice.makeDevice(), groupSize: size)
                let first = try rank(kernel, graph).elements("ranks", as: Float.self)
                let second = try rank(kernel, graph).elements("ranks", as: Float.self)
                #expect(first == second)
            }
        }

        @Test(arguments: [1, 2, 3, 7] as [UInt32])
        func `stops at the largest number of iterations`(_ limit: UInt32) throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            let graph = Graph.random(nodes: 300, edges: 900, seed: 1)
            let result = try rank(kernel, graph, tolerance: 1e-6, maxIterations: limit)
            let expected = graph.iterated(damping: 0.85, times: Int(limit))
            #expect(try result.scalar("iterations", as: UInt32.self) == limit)
            #expect(try result.scalar("residual", as: Float.self) > 1e-6)
            let ranks = try result.elements("ranks", as: Float.self)
            #expect(distance(ranks, expected) < 1e-5)
        }

        /// The residual that is reported belongs to the iterations that are reported.
        @Test func `stops at the first iteration within the tolerance`() throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            let graph = Graph.random(nodes: 300, edges: 900, seed: 2)
            let result = try rank(kernel, graph, tolerance: 1e-3)
            let count = Int(try result.scalar("iterations", as: UInt32.self))
            let last = graph.iterated(damping: 0.85, times: count)
            let before = graph.iterated(damping: 0.85, times: count - 1)
            let earlier = graph.iterated(damping: 0.85, times: count - 2)
            let residual = try result.scalar("residual", as: Float.self)
            #expect(abs(Double(residual) - change(before, last)) < 1e-6)
            #expect(change(before, last) <= 1e-3)
            #expect(change(earlier, before) > 1e-3)
        }

        @Test func `a cancelled call stops between launches`() throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            let call = KernelCall(
                kernel: "graph/pagerank",
                inputs: try Graph.ring(9).inputs()
            )
            call.cancel()
            let failure = #expect(throws: KernelFailure.self) { try kernel.run(call) }
            #expect(failure?.error == .cancelled)
        }

        @Test func `time on the device is reported`() throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            let call = KernelCall(
                kernel: "graph/pagerank",
                inputs: try Graph.random(nodes: 500, edges: 2000, seed: 5).inputs()
            )
            _ = try kernel.run(call)
            #expect(call.deviceTime > .zero)
        }

        private func rank(
            _ kernel: PageRank,
            _ graph: Graph,
            tolerance: Float? = nil,
            maxIterations: UInt32? = nil
        ) throws -> [String: OutputTensor] {
            var inputs = try graph.inputs()
            if let tolerance { inputs.append(try .scalar("tolerance", tolerance)) }
            if let maxIterations { inputs.append(try .scalar("max_iterations", maxIterations)) }
            return try OnDevice.run(kernel, inputs)
        }

        private func expectTrueRanks(_ kernel: PageRank, _ graph: Graph) throws {
            let result = try rank(kernel, graph)
            let ranks = try result.elements("ranks", as: Float.self)
            let expected = graph.iterated(damping: 0.85, times: 300)
            #expect(abs(ranks.reduce(0.0) { $0 + Double($1) } - 1) < 1e-5)
            #expect(distance(ranks, expected) < 1e-5)
            let top = expected.indices.sorted { expected[$0] > expected[$1] }.prefix(10)
            for node in top {
                #expect(abs(Double(ranks[node]) - expected[node]) < 1e-5 * expected[node])
            }
        }

        private func distance(_ ranks: [Float], _ expected: [Double]) -> Double {
            zip(ranks, expected).reduce(0) { $0 + abs(Double($1.0) - $1.1) }
        }

        private func change(_ before: [Double], _ after: [Double]) -> Double {
            zip(before, after).reduce(0) { $0 + abs($1.0 - $1.1) }
        }
    }
}
