/// The worker's device with its context, its queue and the cache of built programs.
///
/// Used on the compute thread only. All kernels of a worker share it: one call runs at a time, so
/// that one queue is enough and a call's device time is the queue's.
final class ComputeDevice {
    let info: OpenCLDevice
    let context: Context
    var queue: CommandQueue
    private let cache: ProgramCache?
    /// Says what went wrong and was got over: one line for the worker's stderr.
    private let warn: (String) -> Void

    init(
        _ info: OpenCLDevice,
        cache: ProgramCache? = nil,
        warn: @escaping (String) -> Void = { Console.warning($0) }
    ) throws(OpenCLError) {
        self.info = info
        self.cache = cache
        self.warn = warn
        self.context = try Context(device: info)
        self.queue = try CommandQueue(context: context, device: info)
    }

    /// The built program, from the cache where it is there.
    ///
    /// `label` is what the program is called in messages. The error of a program that does not
    /// compile has its `buildLog`.
    func program(
        source: String,
        options: String = "",
        label: String
    ) throws(OpenCLError) -> Program {
        let key = ProgramCache.Key(source: source, options: options, device: info)
        if let cache, let binary = cache.binary(for: key) {
            do {
                return try Program(
                    binary: binary,
                    options: options,
                    label: label,
                    context: context,
                    device: info
                )
            } catch {
                warn("a cached program is rebuilt: \(error)")
            }
        }
        let program = try Program(
            source: source,
            options: options,
            label: label,
            context: context,
            device: info
        )
        try store(program, key: key)
        return program
    }

    /// Stores a program again after its first launches.
    ///
    /// A driver may finish a program only when it sees how it is launched, as PoCL does: stored
    /// after that, the next start is spared this part too. Nothing is done for a program
    /// that came from the cache.
    func storeWarm(
        _ program: borrowing Program,
        source: String,
        options: String = ""
    ) throws(OpenCLError) {
        try store(program, key: ProgramCache.Key(source: source, options: options, device: info))
    }

    /// Work-items of a group for kernels that are written for both kinds of devices: one on a CPU,
    /// else the largest power of two up to `wish` that the device takes.
    func groupSize(preferring wish: Int) -> Int {
        guard !info.prefersLongItems else { return 1 }
        var size = 1
        while size * 2 <= min(wish, info.maxGroupSize) { size *= 2 }
        return size
    }

    /// Groups that keep the device busy, with some to spare so that unequal ones even out.
    func groupCount(forGroupSize size: Int) -> Int {
        size == 1 ? 32 * max(1, info.computeUnits) : min(1024, 8 * max(1, info.computeUnits))
    }

    private func store(
        _ program: borrowing Program,
        key: ProgramCache.Key
    ) throws(OpenCLError) {
        guard let cache, !program.isPrebuilt else { return }
        if let problem = cache.store(try program.binary(), for: key) { warn(problem) }
    }
}
