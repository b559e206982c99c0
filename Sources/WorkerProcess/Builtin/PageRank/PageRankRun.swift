internal import WorkerKit

/// One graph on the device, from the transposition to the last iteration.
final class PageRankRun {
    struct Limits {
        var damping: Float
        /// Above zero, at most 1.
        var tolerance: Float
        var maxIterations: UInt32
    }

    struct Ending {
        var iterations: UInt32
        var residual: Float
    }

    /// Flow and residual are counted in units of 2^-62.
    private static let units = 0x1p62
    /// Iterations between two looks at the residual are chosen to take about this long: a look
    /// costs a round trip to the device, and a cancelled call must be left soon.
    private static let batchTime = Duration.milliseconds(40)
    private static let maxBatch: UInt32 = 256

    private let device: ComputeDevice
    private let functions: PageRankFunctions
    private let nodeCount: Int
    private let ranks: UnsafeMutableRawBufferPointer
    private let groups: Int
    private let offsets: DeviceBuffer
    private let targets: DeviceBuffer
    private let starts: DeviceBuffer
    private let sources: DeviceBuffer
    private let output: DeviceBuffer
    private let flows: DeviceBuffer
    private let board: DeviceBuffer

    /// Transposes the graph; the ranks will end up in `ranks`, `Float[nodeCount]`.
    init(
        _ graph: CompressedGraph,
        ranks: UnsafeMutableRawBufferPointer,
        _ functions: PageRankFunctions,
        _ device: ComputeDevice
    ) throws(OpenCLError) {
        self.device = device
        self.functions = functions
        self.ranks = ranks
        nodeCount = graph.nodeCount
        let blocks = (nodeCount + functions.groupSize - 1) / functions.groupSize
        groups = max(1, min(blocks, device.groupCount(forGroupSize: functions.groupSize)))
        offsets = try device.input(UnsafeRawBufferPointer(graph.offsets))
        targets = try device.input(UnsafeRawBufferPointer(graph.targets))
        starts = try device.scratch(UInt32.self, count: nodeCount + 2)
        sources = try device.scratch(UInt32.self, count: graph.targets.count)
        output = try device.output(over: ranks)
        flows = try device.scratch(UInt64.self, count: 2 * nodeCount)
        board = try device.scratch(UInt64.self, count: 4 + 4 * groups)
        try transpose(edgeCount: graph.targets.count)
    }

    /// Iterates to the tolerance, and leaves the ranks where they belong.
    func iterate(_ limits: Limits, call: KernelCall) throws -> Ending {
        try begin(limits)
        let clock = ContinuousClock()
        var done: UInt32 = 0
        var batch: UInt32 = 2
        while true {
            try call.checkCancellation()
            let started = clock.now
            let last = min(limits.maxIterations, done + batch)
            call.advance(UInt64(last - done))
            while done < last {
                done += 1
                try functions.iterate.set(10, .u32(done))
                try functions.iterate.launch(on: device, groups: groups, of: functions.groupSize)
            }
            if let ending = try look(done, limits) {
                try device.queue.deliver(output, into: ranks)
                return ending
            }
            let took = max(clock.now - started, .microseconds(1))
            let fitting = PageRankRun.batchTime / took * Double(batch)
            batch = UInt32(max(1, min(fitting, Double(PageRankRun.maxBatch))))
        }
    }

    private func begin(_ limits: Limits) throws(OpenCLError) {
        let rows = UInt32((nodeCount + groups - 1) / groups)
        let tolerance = UInt64(Double(limits.tolerance) * PageRankRun.units)
        try functions.begin.set(
            .buffer(offsets),
            .buffer(output),
            .buffer(flows),
            .buffer(board),
            .u32(UInt32(nodeCount)),
            .u32(rows)
        )
        try functions.begin.launch(on: device, groups: groups, of: functions.groupSize)
        try functions.iterate.set(
            .buffer(offsets),
            .buffer(starts),
            .buffer(sources),
            .buffer(output),
            .buffer(flows),
            .buffer(board),
            .u32(UInt32(nodeCount)),
            .u32(rows),
            .f32(limits.damping),
            .u64(tolerance)
        )
    }

    /// Reads the board after iteration `done`; nil when there is more to do.
    ///
    /// Board: iterations and residual once an iteration has found the one before good enough, two
    /// flags by parity, then flow and residual of each group by parity of the iteration.
    private func look(_ done: UInt32, _ limits: Limits) throws(OpenCLError) -> Ending? {
        var words = [UInt64](repeating: 0, count: 4 + 4 * groups)
        try device.read(board, into: &words)
        let parity = Int(done & 1)
        if words[2 + parity] != 0 {
            return Ending(iterations: UInt32(words[0]), residual: residual(words[1]))
        }
        let parts = 4 + 2 * groups * parity
        let sum = (0..<groups).reduce(UInt64(0)) { $0 &+ words[parts + 2 * $1 + 1] }
        let isGoodEnough = sum <= UInt64(Double(limits.tolerance) * PageRankRun.units)
        guard isGoodEnough || done >= limits.maxIterations else { return nil }
        return Ending(iterations: done, residual: residual(sum))
    }

    private func residual(_ units: UInt64) -> Float {
        Float(Double(units) / PageRankRun.units)
    }

    private func transpose(edgeCount: Int) throws(OpenCLError) {
        let nodes = LaunchArgument.u32(UInt32(nodeCount))
        switch functions.transposition {
        case .serial(let transpose):
            try transpose.set(
                .buffer(offsets),
                .buffer(targets),
                nodes,
                .buffer(starts),
                .buffer(sources)
            )
            try transpose.launch(on: device, groups: 1, of: 1)
        case .parallel(let count, let sum, let place):
            let size = functions.groupSize
            try device.queue.fill(starts, with: UInt32(0), byteCount: starts.byteCount)
            try count.set(.buffer(targets), .u32(UInt32(edgeCount)), .buffer(starts))
            try count.launch(on: device, groups: groups, of: size)
            try sum.set(.buffer(starts), .u32(UInt32(nodeCount + 2)))
            try sum.launch(on: device, groups: 1, of: size)
            try place.set(
                .buffer(offsets),
                .buffer(targets),
                nodes,
                .buffer(starts),
                .buffer(sources)
            )
            try place.launch(on: device, groups: groups, of: size)
        }
    }
}
