internal import LinuxSystem
internal import SupervisionKit

/// A worker process and everything the daemon holds of it.
///
/// Dropping it closes all.
final class WorkerConnection {
    let worker: WorkerID
    let process: ProcessHandle
    let channel: PacketSocket
    let output: FileDescriptor
    let report: FileDescriptor
    var outbox = Outbox()
    var spawnReport = SpawnReport()
    /// The exec helper said why the program did not start.
    var spawnFailure: LinuxSystem.SpawnFailure?
    var lines = LineBuffer()
    private var channelSource: EventSource?
    private var processSource: EventSource?
    private var outputSource: EventSource?
    private var reportSource: EventSource?

    init(
        worker: WorkerID,
        process: consuming ProcessHandle,
        channel: consuming PacketSocket,
        output: consuming FileDescriptor,
        report: consuming FileDescriptor
    ) {
        self.worker = worker
        self.process = process
        self.channel = channel
        self.output = output
        self.report = report
    }

    deinit {
        // Before the descriptors: see `EventLoop.watch`.
        channelSource = nil
        processSource = nil
        outputSource = nil
        reportSource = nil
    }

    /// Puts all four descriptors into the loop.
    func watch(
        on loop: EventLoop,
        channel onChannel: @escaping @Sendable (ReadyEvents) -> Void,
        output onOutput: @escaping @Sendable (ReadyEvents) -> Void,
        report onReport: @escaping @Sendable (ReadyEvents) -> Void,
        end onEnd: @escaping @Sendable (ReadyEvents) -> Void
    ) throws(SystemError) {
        channelSource = try loop.watch(
            channel.rawDescriptor,
            .readable,
            priority: .frames,
            onChannel
        )
        outputSource = try loop.watch(output.rawValue, .readable, onOutput)
        reportSource = try loop.watch(report.rawValue, .readable, priority: .frames, onReport)
        processSource = try loop.watch(
            process.rawDescriptor,
            .readable,
            priority: .deaths,
            onEnd
        )
    }

    func wantsToWrite(_ wants: Bool) {
        channelSource?.setEvents(wants ? [.readable, .writable] : .readable)
    }

    var isChannelOpen: Bool { channelSource != nil }
    func channelEnded() { channelSource = nil }
    func outputEnded() { outputSource = nil }
    func reportEnded() { reportSource = nil }
}

/// Cuts a worker's output into lines, bounded: a longer one is cut into pieces of the limit.
struct LineBuffer {
    static let maxLineBytes = 2048
    private var bytes: [UInt8] = []

    /// Calls `body` for each line that is whole now.
    mutating func append(_ part: some Sequence<UInt8>, _ body: (String) -> Void) {
        for byte in part {
            if byte == UInt8(ascii: "\n") || bytes.count >= Self.maxLineBytes { flush(body) }
            if byte != UInt8(ascii: "\n") { bytes.append(byte) }
        }
    }

    /// What is left at the end counts as a line.
    mutating func flush(_ body: (String) -> Void) {
        guard !bytes.isEmpty else { return }
        body(String(decoding: bytes, as: UTF8.self))
        bytes.removeAll(keepingCapacity: true)
    }
}
