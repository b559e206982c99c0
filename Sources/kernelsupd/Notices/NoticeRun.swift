internal import LinuxSystem
internal import SupervisionKit

/// The operator's command while it runs, and everything the daemon holds of it.
final class NoticeRun {
    /// By which a process is known as the command's own, or as one that it has started.
    static let markName = "KERNELSUP_ALERT_NUMBER"
    /// Lines of one run that go into the log.
    static let maxLines = 64

    let group: String
    let number: Int
    let timeout: Duration
    let process: ProcessHandle
    let output: FileDescriptor
    let report: FileDescriptor
    var lines = LineCutter()
    /// Lines that it has written.
    var lineCount = 0
    /// It was killed for its time.
    var isOverdue = false
    private var outputSource: Watch?
    private var processSource: Watch?
    private var timer: EventSource?

    init(
        group: String,
        number: Int,
        timeout: Duration,
        _ spawned: consuming Spawned,
        output: consuming FileDescriptor
    ) {
        self.group = group
        self.number = number
        self.timeout = timeout
        process = spawned.process
        report = spawned.report
        self.output = output
    }

    deinit {
        // Before the descriptors: see `EventLoop.watch`.
        outputSource = nil
        processSource = nil
    }

    func watch(
        on loop: EventLoop,
        from now: Instant,
        output onOutput: @escaping @Sendable (ReadyEvents) -> Void,
        end onEnd: @escaping @Sendable (ReadyEvents) -> Void,
        timeout onTimeout: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        outputSource = try loop.watch(output.rawValue, .readable, onOutput)
        processSource = try loop.watch(process.rawDescriptor, .readable, onEnd)
        timer = try loop.timer(onTimeout)
        timer?.arm(at: (now + timeout).nanoseconds)
    }

    var isOutputOpen: Bool { outputSource != nil }
    func outputEnded() { outputSource = nil }
}
