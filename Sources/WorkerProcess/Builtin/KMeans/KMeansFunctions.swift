/// The built program of `ml/kmeans-cluster` with its functions.
final class KMeansFunctions {
    /// Work-items of a group in the functions that read all points.
    let groupSize: Int
    let toColumns: DeviceFunction
    let approach: DeviceFunction
    let assign: DeviceFunction
    let addChunks: DeviceFunction
    let addMembers: DeviceFunction
    let average: DeviceFunction

    private let program: BuiltProgram

    init(on device: ComputeDevice) throws(OpenCLError) {
        groupSize = device.info.prefersLongItems ? 8 : min(64, device.groupSize(preferring: 64))
        program = try BuiltProgram(
            source: KMeansSource.text,
            options: "-cl-std=CL1.2 -DLOCAL=\(groupSize)",
            label: "ml/kmeans-cluster",
            device: device
        )
        toColumns = try program.function("to_columns")
        approach = try program.function("approach")
        assign = try program.function("assign")
        addChunks = try program.function("add_chunks")
        addMembers = try program.function("add_members")
        average = try program.function("average")
    }

    func storeWarm(on device: ComputeDevice) throws(OpenCLError) {
        try program.storeWarm(on: device)
    }
}
