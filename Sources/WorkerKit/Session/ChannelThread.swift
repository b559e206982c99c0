internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire
internal import Synchronization

/// The loop of the thread that hears the daemon while a call runs, and says that it is alive.
struct ChannelThread {
    private let session: Session
    private let interval: UInt64
    /// When the last heartbeat was due, CLOCK_BOOTTIME.
    private var lastHeartbeat: UInt64

    /// What there is to wait for.
    private struct Watch {
        var isReader: Bool
        var isBusy: Bool
    }

    /// What poll found.
    struct Wake {
        var timerExpired: Bool
        var channelIsReady: Bool

        enum Action {
            /// The timer ticked; it may make this thread the reader.
            case tick
            case receive
            case none
        }

        /// Never both: what poll saw of the channel before a take-over may have been received by
        /// the compute thread since, and a receive would wait for the next frame with the state
        /// locked.
        ///
        /// After the take-over nobody else receives, and the next poll tells the truth.
        var action: Action {
            if timerExpired { return .tick }
            return channelIsReady ? .receive : .none
        }
    }

    private init(_ session: Session) {
        self.session = session
        interval = UInt64(max(1, session.welcome.heartbeat.saturatedNanoseconds))
        lastHeartbeat = Clock.now()
    }

    /// Starts the thread; it lives until the process ends.
    ///
    /// False when the system has no thread.
    static func start(_ session: Session) -> Bool {
        var thread = pthread_t()
        // The thread takes over this reference and never ends.
        let context = Unmanaged.passRetained(session).toOpaque()
        let result = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                var loop = ChannelThread(Unmanaged<Session>.fromOpaque(context).takeRetainedValue())
                loop.serve()
            },
            context
        )
        guard result == 0 else { return false }
        pthread_detach(thread)
        return true
    }

    private mutating func serve() -> Never {
        while true {
            let watch = session.state.withLock { state in
                Watch(isReader: state.reader == .channelThread, isBusy: state.isBusy)
            }
            var entries = [
                pollfd(fd: session.timer.rawDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: session.leave.rawDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: session.channel.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let count = watch.isReader ? 3 : 1
            // An interrupted poll changes nothing: no entry is ready, and the loop looks again.
            let isReady = poll(&entries, nfds_t(count), timeout(watch)) > 0
            let wake = Wake(
                timerExpired: isReady && entries[0].revents != 0 && session.timer.clear(),
                channelIsReady: isReady && watch.isReader && entries[2].revents != 0
            )
            if isReady, entries[1].revents != 0 { session.leave.clear() }
            do {
                switch wake.action {
                case .tick: tick()
                case .receive: try receive()
                case .none: break
                }
                if watch.isReader { try sendHeartbeatIfDue() }
            } catch {
                ProcessExit.fail(error)
            }
        }
    }

    private func tick() {
        guard session.state.withLock({ $0.ticked() }) == .startTimer else { return }
        session.timer.start(nanoseconds: Session.tick)
    }

    /// Milliseconds until the next heartbeat, rounded up; -1 to wait for ever.
    private func timeout(_ watch: Watch) -> Int32 {
        guard watch.isReader, watch.isBusy else { return -1 }
        let due = lastHeartbeat &+ interval
        let now = Clock.now()
        guard due > now else { return 0 }
        return Int32(clamping: (due - now + 999_999) / 1_000_000)
    }

    /// Receives one frame under the lock, unless the compute thread has become the reader since.
    private func receive() throws(ChannelEnd) {
        let session = session
        let work = try session.state.withLock { state throws(ChannelEnd) -> Session.Work in
            guard state.reader == .channelThread else { return .nothing }
            let buffer = state.takeBuffer()
            guard let frame = try session.channel.receiveIfReady(into: buffer) else {
                state.giveBack(buffer)
                return .nothing
            }
            return try Session.take(frame, at: .channelThread, into: &state)
        }
        switch work {
        case .answer(let call, let failure):
            try session.answer(call, failure)
        case .probe(let probe):
            // This thread reads only while the compute thread has no time for a look.
            try session.answer(probe, .busy)
        case .wakeCaller:
            session.replied.signal()
        case .exit:
            ProcessExit.end()
        case .nothing, .run:
            // `.run` is for the compute thread alone; the state never gives it to this one.
            break
        }
    }

    private mutating func sendHeartbeatIfDue() throws(ChannelEnd) {
        let now = Clock.now()
        guard now >= lastHeartbeat &+ interval else { return }
        lastHeartbeat = now
        let heartbeat = session.state.withLock { state -> WorkerFrame.Heartbeat? in
            guard let running = state.running else { return nil }
            return WorkerFrame.Heartbeat(
                runningCall: running.id,
                progress: running.progress,
                ended: state.ended
            )
        }
        guard let heartbeat else { return }
        try session.channel.send(Handshake.encode(.heartbeat(heartbeat)))
    }
}
