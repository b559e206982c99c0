internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// `graph/pagerank`: ranks the nodes of a directed graph by the stationary distribution of a
/// random walk that follows an edge with probability `damping` and else jumps anywhere.
///
/// A node without outgoing edges jumps anywhere with certainty: its rank is shared out evenly.
/// Self-loops and repeated edges count as edges. The walk pulls along the transposed graph, which
/// the device makes first: pulling writes each rank once and needs no atomics in the iterations.
///
/// Source: Brin and Page, "The Anatomy of a Large-Scale Hypertextual Web Search Engine", 1998,
/// section 2.1.1, there with ranks that sum to the number of pages; here they sum to 1.
final class PageRank: BuiltinKernel {
    /// Nodes at most: row starts and the two entries beside them stay inside 32 bits.
    static let maxNodes = 1 << 31

    static let declaration = KernelSignature(
        name: "graph/pagerank",
        summary: "Ranks the nodes of a directed graph in CSR form; the ranks sum to 1.",
        isIdempotent: true,
        arguments: [
            .input("offsets", .u32, ["n+1"], "CSR row starts: ascending, first 0, last e"),
            .input("targets", .u32, ["e"], "CSR columns: the node each edge leads to, below n"),
            .scalar("damping", .f32, "0.85", "0..<1", "probability of following an edge"),
            .scalar(
                "tolerance",
                .f32,
                "1e-6",
                "0...1",
                "stops when the ranks of an iteration "
                    + "differ by at most this in all; above 0"
            ),
            .scalar(
                "max_iterations",
                .u32,
                "100",
                "1...100000",
                "stops after so many at the latest"
            ),
            .output("ranks", .f32, ["n"], "one a node; sum 1 within 1e-5"),
            .output("iterations", .u32, [], "iterations done"),
            .output("residual", .f32, [], "sum of the last iteration's changes"),
        ]
    )

    let knownAnswer: KnownAnswer?
    private let device: ComputeDevice
    private let binder: SignatureBinder
    private let functions: PageRankFunctions

    convenience init(on device: ComputeDevice) throws {
        try self.init(on: device, groupSize: nil)
    }

    /// Builds for groups of `groupSize` work-items, a power of two; nil takes what suits.
    init(on device: ComputeDevice, groupSize: Int?) throws {
        self.device = device
        self.binder = try SignatureBinder(PageRank.declaration)
        self.functions = try PageRankFunctions(on: device, groupSize: groupSize)
        knownAnswer = try PageRank.star()
        try warmUp(on: device)
        try functions.storeWarm(on: device)
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        let sizes = try binder.bind(call)
        let graph = try CompressedGraph(
            offsets: call.elements("offsets", as: UInt32.self),
            targets: call.elements("targets", as: UInt32.self)
        )
        let tolerance = try call.scalar("tolerance", as: Float.self)
        guard tolerance > 0 else {
            throw KernelFailure(.invalidArgument, "argument 'tolerance' is 0, it must be above 0")
        }
        let limits = PageRankRun.Limits(
            damping: try call.scalar("damping", as: Float.self),
            tolerance: tolerance,
            maxIterations: try call.scalar("max_iterations", as: UInt32.self)
        )
        var ending = PageRankRun.Ending(iterations: 0, residual: 0)
        let ranks = try OutputTensor.allocate(
            name: "ranks",
            type: .f32,
            shape: sizes.shape(of: "ranks")
        ) { bytes throws(KernelFailure) in
            guard graph.nodeCount > 0 else { return }
            ending = try device.serve(call) {
                let run = try PageRankRun(graph, ranks: bytes, functions, device)
                return try run.iterate(limits, call: call)
            }
        }
        return KernelResult(outputs: [
            ranks,
            OutputTensor(name: "iterations", scalar: ending.iterations),
            OutputTensor(name: "residual", scalar: ending.residual),
        ])
    }

    /// Two leaves that point at a hub without edges of its own.
    ///
    /// With h the hub's rank and l a leaf's, h = l + 2 · 0.5 · l and l = 0.5 / 3 + 0.5 · h / 3, so
    /// that h is 1/2 and l is 1/4. Each iteration leaves a third of the error.
    private static func star() throws -> KnownAnswer {
        KnownAnswer(
            inputs: [
                try InputTensor(name: "offsets", shape: [4], elements: [0, 0, 1, 2] as [UInt32]),
                try InputTensor(name: "targets", shape: [2], elements: [0, 0] as [UInt32]),
                try InputTensor(name: "damping", shape: [], elements: [0.5] as [Float]),
                try InputTensor(name: "max_iterations", shape: [], elements: [12] as [UInt32]),
            ],
            outputs: [
                .init(
                    name: "ranks",
                    shape: [3],
                    elements: [0.5, 0.25, 0.25] as [Float],
                    tolerance: 1e-5
                )
            ]
        )
    }
}
