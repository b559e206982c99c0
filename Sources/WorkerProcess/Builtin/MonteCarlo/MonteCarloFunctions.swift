/// The built program of `risk/monte-carlo-var` with its functions and its table.
final class MonteCarloFunctions {
    /// Work-items of a group that reads losses; 1 on a CPU.
    let groupSize: Int
    let simulate: DeviceFunction
    let count: DeviceFunction
    let addUp: DeviceFunction
    let table: DeviceBuffer

    private let program: BuiltProgram

    /// Builds for groups of `groupSize` work-items, a power of two; nil takes what suits.
    init(on device: ComputeDevice, groupSize: Int? = nil) throws(OpenCLError) {
        self.groupSize = groupSize ?? device.groupSize(preferring: 128)
        program = try BuiltProgram(
            source: MonteCarloSource.text,
            options: "-cl-std=CL1.2 -DGROUP=\(self.groupSize)",
            label: "risk/monte-carlo-var",
            device: device
        )
        simulate = try program.function("simulate")
        count = try program.function("count")
        addUp = try program.function("add_up")
        table = try device.copy(of: NormalTable.coefficients)
    }

    func storeWarm(on device: ComputeDevice) throws(OpenCLError) {
        try program.storeWarm(on: device)
    }
}
