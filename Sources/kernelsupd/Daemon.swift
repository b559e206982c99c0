internal import DequeModule
internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionRecording
internal import SupervisionWire

/// The shell around the core: turns descriptors into events and effects into system calls, and
/// decides nothing.
///
/// One actor on one thread. There is no `await` and no `Task` in it: a callback of the loop enters
/// by `assumeIsolated`, runs one turn, and leaves.
actor Daemon {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let version: String
    let configurationPath: String
    var settings: Settings
    var core: Supervisor
    var serviceManager = ServiceManager()
    /// By its own doing.
    var hasRealTime = false
    var log = LogWriter()

    // Calls
    var callsListener: Listener?
    /// After a connection could not be accepted.
    var acceptTimer: EventSource?
    var clients = ConnectionTable<ClientConnection>()
    var store = FrameStore()
    var frame = Frame()
    /// The frame in `frame` is the call of the event under way.
    var isCallAtHand = false

    // Workers
    var launches: [String: LaunchSpecification]
    /// By group.
    var backupTargets: [String: BackupTarget]
    var backups: [SlotID: BackupConnection] = [:]
    /// By slot.
    var workers: [WorkerConnection?] = []
    /// nil where the daemon has no control groups to divide.
    var workerGroups: WorkerGroups?
    var remains = Remains()
    var outOfMemory = OutOfMemoryCounter()
    /// What manifests and workers say of the kernels, by name.
    var signatures: [String: KernelSignature]

    // Output
    /// By slot; nil before its first worker has written anything.
    var outputs: [SlotOutput?] = []
    /// By group.
    var outputPolicies: [String: OutputPolicy]
    var outputBuffer = [UInt8](repeating: 0, count: Daemon.outputBytesPerTurn)
    var outputTimer: EventSource?
    /// The timer is set.
    var areOutputNotesDue = false

    // Operators
    var notices = NoticeQueue()
    /// One at a time.
    var noticeRun: NoticeRun?

    // Control
    var controlListener: Listener?
    var controls = ConnectionTable<ControlConnection>()
    var overrides: OverrideFile

    // For those who ask why
    var origins: ValueOrigins
    /// By group.
    var histories: [String: EventHistory] = [:]

    // Turns
    private var effects: [Effect] = []
    private var recorder: Recorder?
    /// What failed while effects were performed; handled after them.
    var pending: Deque<Event> = []
    private var timer: EventSource?
    private var armedFor = Instant.distantFuture
    var signalSources: [Kept<EventSource>] = []

    init(
        loop: EventLoop,
        version: String,
        configurationPath: String,
        loaded: LoadedConfiguration,
        recorder: consuming Recorder? = nil
    ) {
        self.loop = loop
        self.version = version
        self.configurationPath = configurationPath
        self.settings = loaded.settings
        self.overrides = OverrideFile(directory: loaded.settings.runtimeDirectory)
        self.launches = loaded.launches
        self.backupTargets = loaded.backupTargets
        self.signatures = loaded.signatures
        self.outputPolicies = loaded.outputPolicies
        self.origins = loaded.origins
        let origin = Recording.Header(
            version: version,
            seed: UInt64.random(in: .min ... .max),
            start: Instant(nanoseconds: Clock.now()),
            watchdogInterval: ServiceManager.watchdogInterval()
        )
        self.core = Supervisor(
            seed: origin.seed,
            at: origin.start,
            watchdogInterval: origin.watchdogInterval
        )
        do {
            try recorder?.begin(origin)
            self.recorder = recorder
        } catch {
            log.write(LogRecord(.warning, .daemonFault, error.message))
        }
    }

    /// Opens the sockets and starts the workers.
    ///
    /// - Throws: when a socket can't be bound, another daemon answers on it for instance.
    func start(_ configuration: Configuration) throws(SystemError) {
        timer = try loop.timer { [self] in assumeIsolated { $0.timerFired() } }
        try watchSignals()
        try listen()
        // Behind the sockets: a second daemon on the same paths has ended by now.
        applyScheduling()
        try prepareForRemains()
        apply(.configured(configuration))
        restoreOverrides()
    }

    // MARK: - Turns

    /// Gives an event to the core and performs what follows from it.
    func apply(_ event: Event) {
        var deadline = decide(event)
        isCallAtHand = false
        frame.discard()
        while let failure = pending.popFirst() { deadline = decide(failure) }
        arm(deadline)
    }

    /// Returns the core's next deadline.
    private func decide(_ event: Event) -> Instant? {
        effects.removeAll(keepingCapacity: true)
        let now = Instant(nanoseconds: Clock.now())
        let deadline = core.handle(event, at: now, into: &effects)
        if recorder != nil {
            keepRecord { recorder throws(Recorder.Ending) in
                try recorder.record(event, at: now, effects: effects)
            }
        }
        for effect in effects { perform(effect) }
        return deadline
    }

    private func keepRecord(_ write: (inout Recorder) throws(Recorder.Ending) -> Void) {
        guard var current = recorder.take() else { return }
        do {
            try write(&current)
            recorder = consume current
        } catch {
            log.write(LogRecord(.warning, .daemonFault, error.message))
        }
    }

    /// Asks the core in place.
    ///
    /// A plain call on the property copies the whole value first, for it can't know that nobody
    /// changes the property meanwhile.
    func ask<Answer>(_ question: (inout Supervisor) -> Answer) -> Answer {
        question(&core)
    }

    /// Events that came up outside a turn: a peer that was dropped while it was read from.
    func handlePending() {
        while let event = pending.popFirst() { apply(event) }
    }

    private func timerFired() {
        armedFor = .distantFuture
        // No deadline is held against a worker whose word, or whose end, waits to be heard.
        loop.handleReady()
        outOfMemory.look(at: Clock.now())
        apply(.timePassed)
    }

    /// Moves the timer only to the front.
    ///
    /// A deadline that has gone away costs one empty turn when its time comes, instead of a system
    /// call for each call that ends in time.
    private func arm(_ deadline: Instant?) {
        guard let next = deadline, next < armedFor else { return }
        armedFor = next
        timer?.arm(at: next.nanoseconds)
    }

    // MARK: - Signals

    private func watchSignals() throws(SystemError) {
        for signal in [SIGTERM, SIGINT] {
            let source = try loop.signal(signal) { [self] in
                assumeIsolated { $0.apply(.stopRequested) }
            }
            signalSources.append(Kept(source))
        }
        let source = try loop.signal(SIGHUP) { [self] in assumeIsolated { $0.reload() } }
        signalSources.append(Kept(source))
    }
}

/// Puts an owner that can't be copied into a collection.
final class Kept<Value: ~Copyable> {
    var value: Value

    init(_ value: consuming Value) {
        self.value = value
    }
}
