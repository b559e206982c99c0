/// One slot's worker from start to end: the whole behaviour is one state and one deadline.
///
/// What is wanted (`isWanted`) stands apart from what is (`state`). Whoever owns the machine calls
/// one function for each thing that happened, performs the action that it returns, and calls
/// `deadlinePassed` when `deadline` has come. Everything that a process reports names its
/// incarnation; what a former one still says is dropped by the owner before it comes here.
public struct WorkerLifecycle: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// No process, and none is wanted.
        case stopped
        /// No process; a start is due and waits for its turn.
        case waiting
        /// A process was asked for; it has until then to become ready.
        case starting(Incarnation, until: Instant)
        case ready(Incarnation, since: Instant)
        /// Its channel or its lifeline is closed: it is dying, or lives on without. `readySince` is
        /// nil for one that never became ready.
        case parting(Incarnation, readySince: Instant?, until: Instant)
        /// It was told to finish what runs and exit.
        case asked(Incarnation, until: Instant)
        /// SIGTERM was sent.
        case terminated(Incarnation, until: Instant)
        /// SIGKILL was sent.
        case killed(Incarnation, KillCause, until: Instant)
        /// SIGKILL was sent and the process is still there: uninterruptible in the kernel.
        case stuck(Incarnation, KillCause)
        /// No process; the next start is then.
        case backoff(until: Instant)
        /// No process; it restarted too often, a single trial start is then.
        case quarantined(until: Instant)
        /// No process, and no start can help before something is changed.
        case failed
    }

    /// What the owner must do.
    public enum Action: Hashable, Sendable {
        case none
        case spawn(Incarnation)
        case askToStop(Incarnation)
        case terminate(Incarnation)
        case kill(Incarnation)
    }

    /// How long a worker whose channel is closed may take to be seen dead.
    ///
    /// A core dump comes before the descriptors are closed, so this need not wait for one.
    ///
    /// Long enough for a machine on which many die at once.
    public static let partingTime: Duration = .seconds(1)

    public private(set) var state: State = .stopped
    public private(set) var isWanted = false
    /// The start under way, or the worker that is ready, came out of quarantine.
    public private(set) var isOnTrial = false
    /// How the last process ended, why it was killed if it was, and when.
    public private(set) var lastEnd: EndRecord?
    private(set) var intensity = RestartIntensity()

    public struct EndRecord: Hashable, Sendable {
        public let end: WorkerEnd
        public let cause: KillCause?
        /// It was told to go, and went.
        public let wasInOrder: Bool
        public let incarnation: Incarnation
        public let at: Instant

        /// "was killed by SIGSEGV"; for a worker that we killed, why.
        public var phrase: String {
            cause?.phrase(of: end) ?? (wasInOrder ? "was told to stop: it " : "") + end.phrase
        }
    }

    public init() {}

    /// When `deadlinePassed` is due.
    public var deadline: Instant? {
        switch state {
        case .starting(_, let until), .parting(_, _, let until), .asked(_, let until),
            .terminated(_, let until), .killed(_, _, let until), .backoff(let until),
            .quarantined(let until):
            until
        case .stopped, .waiting, .ready, .stuck, .failed: nil
        }
    }

    /// The process there is, whatever becomes of it.
    public var incarnation: Incarnation? {
        switch state {
        case .starting(let incarnation, _), .ready(let incarnation, _),
            .parting(let incarnation, _, _), .asked(let incarnation, _),
            .terminated(let incarnation, _), .killed(let incarnation, _, _),
            .stuck(let incarnation, _):
            incarnation
        case .stopped, .waiting, .backoff, .quarantined, .failed: nil
        }
    }

    /// What the worker still answers counts: it is ready, or ending in order.
    public var isHeard: Bool {
        switch state {
        case .ready, .parting, .asked, .terminated: true
        case .stopped, .waiting, .starting, .killed, .stuck, .backoff, .quarantined, .failed:
            false
        }
    }

    /// It was told to go, or is not wanted any more.
    var isEndingInOrder: Bool {
        switch state {
        case .asked, .terminated: true
        case .stopped, .waiting, .starting, .ready, .parting, .killed, .stuck, .backoff,
            .quarantined, .failed:
            !isWanted
        }
    }

    var isStarting: Bool {
        if case .starting = state { true } else { false }
    }

    /// It is dying, or as good as dead.
    var isParting: Bool {
        if case .parting = state { true } else { false }
    }

    @inline(__always)
    public var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    /// A worker is wanted.
    ///
    /// Starts one with a clean sheet, also out of backoff, quarantine, failure.
    public mutating func start(
        next: Incarnation,
        at now: Instant,
        policy: LifecyclePolicy
    ) -> Action {
        isWanted = true
        switch state {
        case .stopped, .backoff, .quarantined, .failed:
            intensity.reset()
            return spawn(next, at: now, policy)
        case .waiting, .starting, .ready, .parting, .asked, .terminated, .killed, .stuck:
            return .none
        }
    }

    /// A worker is wanted because it is called for.
    ///
    /// Unlike `start` it forgives nothing: who calls does not refill the restart budget.
    public mutating func wake(
        next: Incarnation,
        at now: Instant,
        policy: LifecyclePolicy
    ) -> Action {
        isWanted = true
        guard case .stopped = state else { return .none }
        return spawn(next, at: now, policy)
    }

    /// The start that was just asked for must wait for its turn; no process was made.
    public mutating func putOff() {
        guard case .starting = state else { return }
        state = .waiting
    }

    /// The turn of a start that was put off has come.
    public mutating func startNow(
        next: Incarnation,
        at now: Instant,
        policy: LifecyclePolicy
    ) -> Action {
        guard case .waiting = state else { return .none }
        return spawn(next, at: now, policy)
    }

    /// The worker became ready to serve.
    public mutating func reportedReady(at now: Instant) -> Action {
        guard case .starting(let incarnation, _) = state else { return .none }
        if isOnTrial { intensity.trialSucceeded() }
        isOnTrial = false
        state = .ready(incarnation, since: now)
        return .none
    }

    /// No worker is wanted any more.
    public mutating func stop(at now: Instant, policy: LifecyclePolicy) -> Action {
        isWanted = false
        return end(at: now, policy)
    }

    /// The worker there is shall end and be followed by a new one, without drawing on the budget.
    public mutating func replace(
        next: Incarnation,
        at now: Instant,
        policy: LifecyclePolicy
    ) -> Action {
        guard isWanted else { return .none }
        switch state {
        case .stopped, .backoff, .quarantined, .failed:
            intensity.reset()
            return spawn(next, at: now, policy)
        case .starting, .ready:
            return end(at: now, policy)
        case .waiting, .parting, .asked, .terminated, .killed, .stuck:
            return .none
        }
    }

    /// The worker's end of its channel is gone.
    public mutating func channelClosed(at now: Instant) -> Action {
        switch state {
        case .starting(let incarnation, _):
            state = .parting(incarnation, readySince: nil, until: now + Self.partingTime)
        case .ready(let incarnation, let since):
            state = .parting(incarnation, readySince: since, until: now + Self.partingTime)
        case .stopped, .waiting, .parting, .asked, .terminated, .killed, .stuck, .backoff,
            .quarantined, .failed:
            break
        }
        return .none
    }

    /// The worker must go now.
    public mutating func kill(
        _ cause: KillCause,
        at now: Instant,
        policy: LifecyclePolicy
    ) -> Action {
        switch state {
        case .starting(let incarnation, _), .ready(let incarnation, _),
            .parting(let incarnation, _, _), .asked(let incarnation, _),
            .terminated(let incarnation, _):
            state = .killed(incarnation, cause, until: now + policy.killTimeout)
            return .kill(incarnation)
        case .stopped, .waiting, .killed, .stuck, .backoff, .quarantined, .failed:
            return .none
        }
    }

    /// The process is gone (or never came to be).
    public mutating func ended(
        _ end: WorkerEnd,
        next: Incarnation,
        at now: Instant,
        lifecycle: LifecyclePolicy,
        recovery: RecoveryPolicy
    ) -> Action {
        guard let incarnation else { return .none }
        lastEnd = EndRecord(
            end: end,
            cause: cause(of: end),
            wasInOrder: isEndingInOrder && end.isInOrder,
            incarnation: incarnation,
            at: now
        )
        let former = state
        guard isWanted else {
            state = .stopped
            return .none
        }
        switch former {
        case .asked, .terminated, .killed(_, .stopTimedOut, _), .stuck(_, .stopTimedOut):
            return spawn(next, at: now, lifecycle)
        case .starting, .ready, .parting, .killed, .stuck:
            guard !end.isPermanent(with: recovery) else {
                state = .failed
                return .none
            }
            let decision =
                isOnTrial
                ? intensity.trialFailed(at: now, policy: recovery)
                : intensity.ended(
                    readySince: former.readySince,
                    leastDelay: end.leastDelay,
                    at: now,
                    policy: recovery
                )
            return carryOut(decision, next: next, at: now, lifecycle)
        case .stopped, .waiting, .backoff, .quarantined, .failed:
            return .none
        }
    }

    /// `deadline` has come.
    public mutating func deadlinePassed(
        next: Incarnation,
        at now: Instant,
        policy: LifecyclePolicy
    ) -> Action {
        guard let deadline, deadline <= now else { return .none }
        switch state {
        case .starting:
            return kill(.startTimedOut, at: now, policy: policy)
        case .parting:
            return kill(.channelClosed, at: now, policy: policy)
        case .asked(let incarnation, _):
            state = .terminated(incarnation, until: now + policy.killTimeout)
            return .terminate(incarnation)
        case .terminated:
            return kill(.stopTimedOut, at: now, policy: policy)
        case .killed(let incarnation, let cause, _):
            state = .stuck(incarnation, cause)
            return .none
        case .backoff:
            return spawn(next, at: now, policy)
        case .quarantined:
            isOnTrial = true
            return spawn(next, at: now, policy)
        case .stopped, .waiting, .ready, .stuck, .failed:
            return .none
        }
    }

    /// The worker gets this much more time for what it owes: nobody was looking.
    public mutating func forgive(_ time: Duration) {
        switch state {
        case .starting(let incarnation, let until):
            state = .starting(incarnation, until: until + time)
        case .parting(let incarnation, let since, let until):
            state = .parting(incarnation, readySince: since, until: until + time)
        case .asked(let incarnation, let until):
            state = .asked(incarnation, until: until + time)
        case .terminated(let incarnation, let until):
            state = .terminated(incarnation, until: until + time)
        case .killed(let incarnation, let cause, let until):
            state = .killed(incarnation, cause, until: until + time)
        case .stopped, .waiting, .ready, .stuck, .backoff, .quarantined, .failed: break
        }
    }

    private func cause(of end: WorkerEnd) -> KillCause? {
        switch state {
        // It was dying already, as it turns out.
        case .killed(_, .channelClosed, _) where !end.isOurKill: nil
        case .killed(_, let cause, _), .stuck(_, let cause): cause
        case .stopped, .waiting, .starting, .ready, .parting, .asked, .terminated, .backoff,
            .quarantined, .failed:
            nil
        }
    }

    private mutating func spawn(
        _ next: Incarnation,
        at now: Instant,
        _ policy: LifecyclePolicy
    ) -> Action {
        state = .starting(next, until: now + policy.startTimeout)
        return .spawn(next)
    }

    /// Ends the process there is in an orderly way; a worker that is not ready yet has nothing to
    /// finish and gets SIGTERM at once.
    private mutating func end(at now: Instant, _ policy: LifecyclePolicy) -> Action {
        switch state {
        case .starting(let incarnation, _):
            state = .terminated(incarnation, until: now + policy.killTimeout)
            return .terminate(incarnation)
        case .ready(let incarnation, _):
            state = .asked(incarnation, until: now + policy.stopTimeout)
            return .askToStop(incarnation)
        case .waiting, .backoff, .quarantined, .failed:
            state = .stopped
            return .none
        case .stopped, .parting, .asked, .terminated, .killed, .stuck:
            return .none
        }
    }

    private mutating func carryOut(
        _ decision: RestartIntensity.Decision,
        next: Incarnation,
        at now: Instant,
        _ policy: LifecyclePolicy
    ) -> Action {
        isOnTrial = false
        switch decision {
        case .restart(let at) where at <= now:
            return spawn(next, at: now, policy)
        case .restart(let at):
            state = .backoff(until: at)
            return .none
        case .quarantine(let until):
            state = .quarantined(until: until)
            return .none
        }
    }
}

extension WorkerLifecycle.State {
    /// The worker is one that is probed.
    var isServed: Bool {
        switch self {
        case .ready: true
        case .stopped, .waiting, .starting, .parting, .asked, .terminated, .killed, .stuck,
            .backoff, .quarantined, .failed:
            false
        }
    }

    /// Since when the worker of this state was ready; nil when it never became so.
    var readySince: Instant? {
        switch self {
        case .ready(_, let since): since
        case .parting(_, let since, _): since
        case .stopped, .waiting, .starting, .asked, .terminated, .killed, .stuck, .backoff,
            .quarantined, .failed:
            nil
        }
    }
}
