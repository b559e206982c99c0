internal import SupervisionKit
internal import WorkerKit

/// A directed graph in compressed sparse rows, found to be one before a device sees it.
struct CompressedGraph {
    /// Row starts, `nodeCount + 1` of them.
    let offsets: UnsafeBufferPointer<UInt32>
    /// The node that each edge leads to.
    let targets: UnsafeBufferPointer<UInt32>

    var nodeCount: Int { offsets.count - 1 }

    /// - Throws: `.invalidArgument` that names the first place that is wrong.
    init(
        offsets: UnsafeBufferPointer<UInt32>,
        targets: UnsafeBufferPointer<UInt32>
    ) throws(KernelFailure) {
        self.offsets = offsets
        self.targets = targets
        guard offsets.count - 1 <= PageRank.maxNodes else {
            throw CompressedGraph.invalid(
                "offsets",
                "has \(offsets.count) elements, at most \(PageRank.maxNodes + 1)"
            )
        }
        guard let first = offsets.first, let last = offsets.last else {
            throw CompressedGraph.invalid("offsets", "is empty: no nodes are one element, 0")
        }
        guard first == 0 else {
            throw CompressedGraph.invalid("offsets", "starts with \(first), it must start with 0")
        }
        guard Int(last) == targets.count else {
            throw CompressedGraph.invalid(
                "offsets",
                "ends with \(last), but 'targets' has \(targets.count) elements"
            )
        }
        try checkOrder()
        try checkTargets()
    }

    /// One pass without a branch that leaves it, then a second one only to find the culprit.
    private func checkOrder() throws(KernelFailure) {
        var descents = 0
        for row in 0..<nodeCount where offsets[row] > offsets[row + 1] { descents += 1 }
        guard descents > 0 else { return }
        for row in 0..<nodeCount where offsets[row] > offsets[row + 1] {
            throw CompressedGraph.invalid(
                "offsets",
                "does not ascend: element \(row) is \(offsets[row]), "
                    + "element \(row + 1) is \(offsets[row + 1])"
            )
        }
    }

    private func checkTargets() throws(KernelFailure) {
        let count = UInt32(clamping: nodeCount)
        var outside = 0
        for target in targets where target >= count { outside += 1 }
        guard outside > 0, let edge = targets.firstIndex(where: { $0 >= count }) else { return }
        throw CompressedGraph.invalid(
            "targets",
            "points outside: element \(edge) is \(targets[edge]), the graph has \(nodeCount) nodes"
        )
    }

    private static func invalid(_ argument: String, _ problem: String) -> KernelFailure {
        KernelFailure(.invalidArgument, "argument '\(argument)' of graph/pagerank \(problem)")
    }
}
