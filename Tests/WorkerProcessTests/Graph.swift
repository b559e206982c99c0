import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

@testable import WorkerProcess

/// A graph for tests: for each node, where its edges lead.
struct Graph: CustomTestStringConvertible, Sendable {
    let name: String
    let edges: [[UInt32]]

    var testDescription: String { name }

    var offsets: [UInt32] {
        edges.reduce(into: [0]) { $0.append(($0.last ?? 0) + UInt32($1.count)) }
    }

    func inputs() throws -> [InputTensor] {
        [try .vector("offsets", offsets), try .vector("targets", edges.flatMap(\.self))]
    }

    /// PageRank in double precision, pushed along the edges, so many times from equal ranks.
    func iterated(damping: Double, times: Int) -> [Double] {
        let count = edges.count
        var ranks = [Double](repeating: 1 / Double(count), count: count)
        for _ in 0..<times {
            var next = [Double](repeating: 0, count: count)
            var lost = 0.0
            for (node, targets) in edges.enumerated() {
                guard !targets.isEmpty else {
                    lost += ranks[node]
                    continue
                }
                let share = ranks[node] / Double(targets.count)
                for target in targets { next[Int(target)] += share }
            }
            let base = (1 - damping) / Double(count) + damping * lost / Double(count)
            ranks = next.map { base + damping * $0 }
        }
        return ranks
    }

    static let named: [Graph] = [
        Graph(name: "star into the centre", edges: [[]] + Array(repeating: [0], count: 40)),
        Graph(name: "star and back", edges: [Array(1...40)] + Array(repeating: [0], count: 40)),
        .ring(12),
        Graph(name: "self-loops", edges: [[0, 1], [1, 2], [2, 0], [3]]),
        Graph(name: "repeated edges", edges: [[1, 1, 1, 2], [2, 2], [0]]),
        Graph(name: "nothing but dangling nodes", edges: Array(repeating: [], count: 9)),
        Graph(name: "dangling end", edges: [[1], [2], [3], []]),
        Graph(
            name: "hub with 3000 edges in and out",
            edges: [(1...3000).map { UInt32($0) }] + Array(repeating: [0], count: 3000)
        ),
        .random(nodes: 5000, edges: 30000, seed: 42),
    ]

    static func ring(_ count: Int) -> Graph {
        Graph(name: "ring", edges: (0..<count).map { [UInt32(($0 + 1) % count)] })
    }

    /// Few nodes draw most of the edges, and every seventh node has none of its own.
    static func random(nodes: Int, edges count: Int, seed: UInt64) -> Graph {
        var generator = SplitMix(state: seed)
        var edges = [[UInt32]](repeating: [], count: nodes)
        for _ in 0..<count {
            let from = Int.random(in: 0..<nodes, using: &generator)
            let draw = Double.random(in: 0..<1, using: &generator)
            guard from % 7 != 0 else { continue }
            edges[from].append(UInt32(Double(nodes) * draw * draw * draw * draw))
        }
        return Graph(name: "random", edges: edges)
    }
}
