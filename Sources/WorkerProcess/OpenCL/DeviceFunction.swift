internal import COpenCL

/// One argument of a launch.
///
/// Refers to a buffer without owning it: the buffer lives until the launch has ended.
enum LaunchArgument {
    case memory(cl_mem)
    case u32(UInt32)
    case u64(UInt64)
    case f32(Float)
    /// That many bytes of local memory.
    case local(Int)

    static func buffer(_ buffer: borrowing DeviceBuffer) -> LaunchArgument {
        .memory(buffer.handle)
    }
}

/// A kernel function that is kept and launched again and again.
final class DeviceFunction {
    private let kernel: ComputeKernel

    init(_ kernel: consuming ComputeKernel) {
        self.kernel = kernel
    }

    var name: String { kernel.name }

    /// Sets all arguments from the first on.
    func set(_ arguments: LaunchArgument...) throws(OpenCLError) {
        for (index, argument) in arguments.enumerated() { try set(index, argument) }
    }

    /// Sets one argument; the others stay as they are.
    func set(_ index: Int, _ argument: LaunchArgument) throws(OpenCLError) {
        switch argument {
        case .memory(let handle): try kernel.setArgument(index, toMemory: handle)
        case .u32(let value): try kernel.setArgument(index, to: value)
        case .u64(let value): try kernel.setArgument(index, to: value)
        case .f32(let value): try kernel.setArgument(index, to: value)
        case .local(let byteCount): try kernel.setArgument(index, toLocalBytes: byteCount)
        }
    }

    /// Queues a launch over `global` work-items in groups of `local`.
    func launch(
        on device: ComputeDevice,
        global: [Int],
        local: [Int]? = nil
    ) throws(OpenCLError) {
        try device.queue.launch(kernel, global: global, local: local)
    }

    /// Queues a launch of `groups` groups with `size` work-items each, in one dimension.
    func launch(on device: ComputeDevice, groups: Int, of size: Int) throws(OpenCLError) {
        try device.queue.launch(kernel, global: [groups * size], local: [size])
    }
}

/// A program of a built-in kernel, with what is needed to store it again when it is warm.
final class BuiltProgram {
    private let program: Program
    private let source: String
    private let options: String

    init(
        source: String,
        options: String,
        label: String,
        device: ComputeDevice
    ) throws(OpenCLError) {
        self.source = source
        self.options = options
        program = try device.program(source: source, options: options, label: label)
    }

    func function(_ name: String) throws(OpenCLError) -> DeviceFunction {
        DeviceFunction(try program.kernel(name))
    }

    func storeWarm(on device: ComputeDevice) throws(OpenCLError) {
        try device.storeWarm(program, source: source, options: options)
    }
}
