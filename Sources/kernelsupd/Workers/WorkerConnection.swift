internal import LinuxSystem
internal import SupervisionKit

/// A worker process and everything the daemon holds of it.
///
/// Dropping it closes all.
final class WorkerConnection {
    let worker: WorkerID
    let process: ProcessHandle
    /// Of its own; nil where workers have none.
    let controlGroup: ControlGroup?
    /// Of `OutOfMemoryCounter`, at the start.
    let memoryMark: UInt64
    /// The daemon has sent SIGKILL.
    var isKilled = false
    /// What kept it from answering as we killed it.
    var killedWhile: String?
    let channel: PacketSocket
    let outputs: [OutputPipe]
    let report: FileDescriptor
    var outbox = Outbox()
    var spawnReport = SpawnReport()
    /// The exec helper said why the program did not start.
    var spawnFailure: LinuxSystem.SpawnFailure?
    /// Of the worker's `Lifeline`: hangs up when the worker begins to die.
    private var lifeline: FileDescriptor?
    private var lifelineSource: Watch?
    private var channelSource: Watch?
    private var processSource: Watch?
    private var reportSource: Watch?

    init(
        worker: WorkerID,
        process: consuming ProcessHandle,
        controlGroup: ControlGroup?,
        memoryMark: UInt64,
        channel: consuming PacketSocket,
        outputs: [OutputPipe],
        report: consuming FileDescriptor
    ) {
        self.worker = worker
        self.process = process
        self.controlGroup = controlGroup
        self.memoryMark = memoryMark
        self.channel = channel
        self.outputs = outputs
        self.report = report
    }

    deinit {
        // Before the descriptors: see `EventLoop.watch`.
        lifelineSource = nil
        channelSource = nil
        processSource = nil
        reportSource = nil
    }

    /// Puts all descriptors into the loop.
    func watch(
        on loop: EventLoop,
        channel onChannel: @escaping @Sendable (ReadyEvents) -> Void,
        output onOutput: @escaping @Sendable (OutputLine.Stream) -> Void,
        report onReport: @escaping @Sendable (ReadyEvents) -> Void,
        end onEnd: @escaping @Sendable (ReadyEvents) -> Void
    ) throws(SystemError) {
        channelSource = try loop.watch(
            channel.rawDescriptor,
            .readable,
            priority: .frames,
            onChannel
        )
        for output in outputs {
            let stream = output.stream
            try output.watch(on: loop) { _ in onOutput(stream) }
        }
        reportSource = try loop.watch(report.rawValue, .readable, priority: .frames, onReport)
        processSource = try loop.watch(process.rawDescriptor, .readable, onEnd)
    }

    /// Waits for the end of a worker's lifeline, and for nothing else there: who writes into it
    /// wakes nobody.
    func watch(
        lifeline: consuming FileDescriptor,
        on loop: EventLoop,
        _ onEnd: @escaping @Sendable (ReadyEvents) -> Void
    ) throws(SystemError) {
        lifelineSource = try loop.watch(lifeline.rawValue, [], priority: .frames, onEnd)
        self.lifeline = consume lifeline
    }

    func lifelineEnded() {
        lifelineSource = nil
        lifeline = nil
    }

    func wantsToWrite(_ wants: Bool) {
        channelSource?.setEvents(wants ? [.readable, .writable] : .readable)
    }

    var isChannelOpen: Bool { channelSource != nil }
    func channelEnded() { channelSource = nil }
    func reportEnded() { reportSource = nil }
}
