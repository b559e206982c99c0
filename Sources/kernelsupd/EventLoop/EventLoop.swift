internal import CSystemd
internal import Glibc
internal import LinuxSystem

/// libsystemd's event loop as the executor of the daemon's actor: the actor's thread is the thread
/// that runs the loop.
///
/// Every callback enters the actor by `assumeIsolated`, which `checkIsolated` answers from the
/// thread's identity. The alternative, a Swift executor with the loop as its client, would put a
/// hop between a descriptor and its decision.
///
/// The one `@unchecked Sendable` of the daemon: the loop's pointer is used on its thread only,
/// except for `enqueue`, which touches nothing but the locked queue and the wake-up counter.
final class EventLoop: SerialExecutor, @unchecked Sendable {
    private let event: OpaquePointer
    private let thread = pthread_self()
    private let wakeUp: EventCounter
    private var lock = pthread_mutex_t()
    private var jobs: [UnownedJob] = []
    private var wakeUpSource: OpaquePointer?
    private let frames: ReadySet
    private let others: ReadySet
    private let starts: ReadySet
    private let orphans: ReadySet

    /// Makes the calling thread's loop.
    ///
    /// There is one in a process, made first thing in `main`.
    init() throws(SystemError) {
        var made: OpaquePointer?
        let result = sd_event_new(&made)
        guard result >= 0, let made else { throw SystemError("sd_event_new", errno: -result) }
        event = made
        frames = try ReadySet(in: made, .frames, behind: nil)
        others = try ReadySet(in: made, .normal, behind: frames)
        starts = try ReadySet(in: made, .starts, behind: others)
        orphans = try ReadySet(in: made, .orphans, behind: others)
        wakeUp = try EventCounter()
        pthread_mutex_init(&lock, nil)
        let added = sd_event_add_io(
            event,
            &wakeUpSource,
            wakeUp.rawDescriptor,
            EPOLLIN.rawValue,
            { _, _, _, userdata in
                guard let userdata else { return 0 }
                Unmanaged<EventLoop>.fromOpaque(userdata).takeUnretainedValue().runJobs()
                return 0
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
        guard added >= 0 else { throw SystemError("sd_event_add_io", errno: -added) }
    }

    deinit {
        sd_event_source_unref(wakeUpSource)
        sd_event_unref(event)
        pthread_mutex_destroy(&lock)
    }

    // MARK: - Executor

    func checkIsolated() {
        precondition(pthread_equal(thread, pthread_self()) != 0, "not on the event loop's thread")
    }

    func isIsolatingCurrentContext() -> Bool? {
        pthread_equal(thread, pthread_self()) != 0
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        pthread_mutex_lock(&lock)
        jobs.append(unowned)
        pthread_mutex_unlock(&lock)
        wakeUp.signal()
    }

    private func runJobs() {
        _ = wakeUp.clear()
        pthread_mutex_lock(&lock)
        let ready = jobs
        jobs = []
        pthread_mutex_unlock(&lock)
        for job in ready { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    // MARK: - Loop

    /// Runs until `exit`.
    ///
    /// Returns the code given there.
    func run() -> Int32 {
        sd_event_loop(event)
    }

    func exit(code: Int32) {
        sd_event_exit(event, code)
    }

    /// Calls the handlers of all descriptors that are ready now, starts and orphans excepted.
    func handleReady() {
        others.dispatchAll()
    }

    // MARK: - Sources

    /// Calls `handler` with the ready events whenever `descriptor` is ready.
    ///
    /// The descriptor must stay open for as long as the source lives. Closing it first is not
    /// enough to take it out of the loop: a child that is being started has copies of all
    /// descriptors until its exec is done, also when the start has returned here, so what the
    /// descriptor names stays open, stays in epoll, and would wake a source that is freed.
    func watch(
        _ descriptor: Int32,
        _ events: ReadyEvents,
        priority: EventPriority = .normal,
        _ handler: @escaping @Sendable (ReadyEvents) -> Void
    ) throws(SystemError) -> Watch {
        let set =
            switch priority {
            case .frames: frames
            case .normal: others
            case .starts: starts
            case .orphans: orphans
            }
        return Watch(try set.add(descriptor, events, handler), in: set)
    }

    /// Calls `handler` when the boot clock reaches what `EventSource.arm` sets.
    func timer(_ handler: @escaping @Sendable () -> Void) throws(SystemError) -> EventSource {
        let box = Unmanaged.passRetained(HandlerBox(handler))
        var source: OpaquePointer?
        let result = sd_event_add_time(
            event,
            &source,
            CLOCK_BOOTTIME,
            UInt64.max,
            1,
            { _, _, userdata in
                guard let userdata else { return 0 }
                let box = Unmanaged<HandlerBox>.fromOpaque(userdata).takeUnretainedValue()
                box.handler()
                return 0
            },
            box.toOpaque()
        )
        return try EventSource(source, box, .normal, "sd_event_add_time", result)
    }

    /// Calls `handler` for each delivery of `signal`, which is blocked in every thread.
    func signal(
        _ signal: Int32,
        priority: EventPriority = .normal,
        _ handler: @escaping @Sendable () -> Void
    ) throws(SystemError) -> EventSource {
        let box = Unmanaged.passRetained(HandlerBox(handler))
        var source: OpaquePointer?
        let result = sd_event_add_signal(
            event,
            &source,
            signal,
            { _, _, userdata in
                guard let userdata else { return 0 }
                let box = Unmanaged<HandlerBox>.fromOpaque(userdata).takeUnretainedValue()
                box.handler()
                return 0
            },
            box.toOpaque()
        )
        return try EventSource(source, box, priority, "sd_event_add_signal", result)
    }
}

/// Carries a Swift closure through C's userdata.
final class HandlerBox: Sendable {
    let handler: @Sendable () -> Void

    init(_ handler: @escaping @Sendable () -> Void) {
        self.handler = handler
    }
}
