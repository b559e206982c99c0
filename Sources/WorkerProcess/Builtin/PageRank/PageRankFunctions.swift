/// The built program of `graph/pagerank` with its functions.
final class PageRankFunctions {
    /// Work-items of a group; 1 on a CPU.
    let groupSize: Int
    let begin: DeviceFunction
    let iterate: DeviceFunction
    let transposition: Transposition

    /// How the rows of the transposed graph are made.
    enum Transposition {
        /// One work-item does it all.
        case serial(DeviceFunction)
        /// Three launches with atomics.
        case parallel(count: DeviceFunction, sum: DeviceFunction, place: DeviceFunction)
    }

    private let program: BuiltProgram

    /// Builds for groups of `groupSize` work-items, a power of two; nil takes what suits.
    init(on device: ComputeDevice, groupSize: Int? = nil) throws(OpenCLError) {
        self.groupSize = groupSize ?? device.groupSize(preferring: 128)
        program = try BuiltProgram(
            source: PageRankSource.text,
            options: "-cl-std=CL1.2 -DGROUP=\(self.groupSize)",
            label: "graph/pagerank",
            device: device
        )
        begin = try program.function("begin")
        iterate = try program.function("iterate")
        transposition =
            self.groupSize == 1
            ? .serial(try program.function("transpose"))
            : .parallel(
                count: try program.function("count_edges"),
                sum: try program.function("sum_counts"),
                place: try program.function("place_edges")
            )
    }

    func storeWarm(on device: ComputeDevice) throws(OpenCLError) {
        try program.storeWarm(on: device)
    }
}
