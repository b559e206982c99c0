/// Refuses calls to a worker that keeps failing, and tries it again after a while.
///
/// Closed, it counts how attempts end, and opens on faults in a row or on the share of faults or
/// of slow attempts in its window. Open, it refuses, each time for longer. Half-open, it lets a
/// few trials through: `successThreshold` of them in a row close it, one that fails reopens it.
///
/// Three things keep it from refusing a healthy worker for ever:
/// - The state and its time are one value, which only `enter` changes. Time alone moves it on,
///   whether or not `deadlinePassed` is called: all events first look at what `now` has changed.
/// - Every change begins a generation, and results of attempts from an earlier one count nowhere.
///   A late success does not close it and a late fault does not reopen it.
/// - A trial has a lease: one that never comes back is a failed one.
///
/// A person's word stands in the policy, beside the state: the state goes on being kept beneath
/// it. `forcedClosed` and `observe` admit all, and those that the state alone would have refused
/// count nowhere, so that it takes the way it would have taken.
///
/// One attempt is one record. An overdue attempt counts as slow the moment it becomes so; its
/// success adds nothing, its fault takes that record's place, and a neutral end leaves it, for
/// overdue it was. The alternative, to count slow attempts at their end, opens a breaker only
/// after the calls that it should have kept away have waited out their timeouts.
public struct CircuitBreaker: Hashable, Sendable {
    // What an attempt at a closed breaker reads comes first and lies together.

    public private(set) var state: State
    private(set) var override: BreakerOverride
    private(set) var generation: UInt32 = 0
    private(set) var consecutiveFaults = 0
    private var limits: BreakerLimits
    private(set) var window: SlidingWindow
    private(set) var trials = TrialLeases()
    /// Trials that succeeded since it became half-open.
    private var successes = 0
    /// Openings since it was last closed, the first one excepted.
    private var reopenings = 0
    private var wasOpenedBySlowness = false

    private(set) var openings = 0
    private(set) var refused = 0
    private(set) var wouldHaveRefused = 0

    public init(policy: BreakerPolicy, at now: Instant) {
        state = .closed(since: now)
        limits = BreakerLimits(policy)
        override = policy.override
        window = SlidingWindow(bucketWidth: limits.bucketWidth, at: now)
    }

    /// Takes over another policy, as after a reload.
    ///
    /// The state and its time stay, and so do trials in flight; the new values hold from now on.
    /// A window of another length begins empty.
    public mutating func configure(_ policy: BreakerPolicy, at now: Instant) {
        limits = BreakerLimits(policy)
        override = policy.override
        guard limits.bucketWidth != window.bucketWidth else { return }
        window.clear(bucketWidth: limits.bucketWidth, at: now)
    }

    // MARK: - Reading

    /// The end of the open time, or of the first lease; nil while nothing waits for time.
    public var deadline: Instant? {
        switch state {
        case .closed: nil
        case .open(_, let until): until
        case .halfOpen: trials.earliestEnd
        }
    }

    /// It is half-open and nothing tries the worker: a probe may be the trial.
    public var wantsTrial: Bool {
        switch state {
        case .closed, .open: false
        case .halfOpen: trials.count == 0 && override != .forcedOpen
        }
    }

    /// It is half-open and nothing has tried the worker yet.
    var wantsFirstTrial: Bool { wantsTrial && successes == 0 }

    /// It is open or half-open because the worker is slow: it may get calls where nobody is better.
    public var isTrippedBySlowness: Bool {
        switch state {
        case .closed: false
        case .open, .halfOpen: wasOpenedBySlowness
        }
    }

    /// Looks whether a call would pass at this instant, without taking a permit.
    ///
    /// - Returns: nil when `admit` would admit it.
    public func refusal(at now: Instant) -> Refusal? {
        switch override {
        case .forcedOpen: Refusal(reason: .forcedOpen, retryAfter: limits.timeout)
        case .forcedClosed, .observe: nil
        case .none: refusalByState(at: now)
        }
    }

    /// False where `refusal` is nil at any instant, for less than the price of asking it.
    @inline(__always)
    var mayRefuse: Bool {
        if case .closed = state, override == .none { false } else { true }
    }

    /// When this attempt becomes slow; nil when that would change nothing.
    @inline(__always)
    public func slowDeadline(of permit: Permit) -> Instant? {
        guard let after = limits.slowAfter, !permit.isCountedSlow,
            permit.generation == generation
        else { return nil }
        let (due, isOver) = permit.admittedAt.nanoseconds.addingReportingOverflow(after)
        let deadline = isOver ? Instant.distantFuture : Instant(nanoseconds: due)
        switch state {
        case .closed: return deadline
        case .open: return nil
        case .halfOpen: return permit.isTrial && limits.countsSlowTrials ? deadline : nil
        }
    }

    // MARK: - Calls

    /// Asks to let one attempt pass.
    ///
    /// Exactly at the end of the open time the first trial is admitted; it has to end within
    /// `lease`. Only trials have a lease.
    public mutating func admit(at now: Instant, lease: Duration) -> Admission {
        if case .closed = state, override != .forcedOpen {
            return .admitted(Permit(admittedAt: now, generation: generation))
        }
        if case .open(_, let until) = state, now < until, override == .none {
            refused += 1
            return .refused(Refusal(reason: .open, retryAfter: until.since(now)))
        }
        return admitUnlessClosed(at: now, lease: lease)
    }

    /// Takes in how an admitted attempt ended.
    ///
    /// Every permit is settled once. One of an earlier generation is dropped, and so is a trial
    /// that was settled before or whose lease is over.
    public mutating func settle(
        _ permit: Permit,
        _ verdict: Verdict,
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Transition? {
        guard permit.generation == generation else { return nil }
        switch state {
        case .closed: return settleCall(permit, verdict, at: now, using: &random)
        case .open: return nil
        case .halfOpen:
            if let reopened = endOverdueTrial(at: now, using: &random) { return reopened }
            return settleTrial(permit, verdict, at: now, using: &random)
        }
    }

    /// An admitted attempt is still in flight at its `slowDeadline`.
    ///
    /// The permit notes that it is counted; settle it as it is afterwards.
    public mutating func becameSlow(
        _ permit: inout Permit,
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Transition? {
        guard let deadline = slowDeadline(of: permit), deadline <= now else { return nil }
        guard !permit.isTrial else {
            if let reopened = endOverdueTrial(at: now, using: &random) { return reopened }
            guard trials.end(permit.trial) else { return nil }
            return open(.trialSlow, at: now, using: &random)
        }
        permit.slowBucket = window.record(.slow, at: now)
        return openIfDue(at: now, using: &random)
    }

    // MARK: - Time and workers

    /// An earlier call than `deadline` says does nothing.
    public mutating func deadlinePassed(
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Transition? {
        switch state {
        case .closed: return nil
        case .open(_, let until):
            guard until <= now else { return nil }
            return halfOpen(at: until)
        case .halfOpen: return endOverdueTrial(at: now, using: &random)
        }
    }

    /// The worker was restarted: that is no reason to believe it, but one to try it now.
    public mutating func bringForward(at now: Instant) -> Transition? {
        switch state {
        case .closed, .halfOpen: nil
        case .open: halfOpen(at: now)
        }
    }

    /// Makes the changes that time alone brings, in case nobody has said that a deadline passed.
    ///
    /// Where nobody lends randomness for a reopening, the nanosecond at which the lease ended is
    /// random enough to spread breakers.
    mutating func catchUp(to now: Instant) {
        if case .halfOpen = state, let end = trials.earliestEnd {
            var random = SplitMix64(seed: end.nanoseconds)
            _ = endOverdueTrial(at: now, using: &random)
        }
        if case .open(_, let until) = state, until <= now { _ = halfOpen(at: until) }
    }

    // MARK: - Admission

    private mutating func admitUnlessClosed(at now: Instant, lease: Duration) -> Admission {
        catchUp(to: now)
        if override == .forcedOpen {
            refused += 1
            return .refused(Refusal(reason: .forcedOpen, retryAfter: limits.timeout))
        }
        if let refusal = refusalByState(at: now) {
            guard refuses else {
                if override == .observe { wouldHaveRefused += 1 }
                return .admitted(Permit(admittedAt: now, generation: generation))
            }
            refused += 1
            return .refused(refusal)
        }
        var permit = Permit(admittedAt: now, generation: generation)
        permit.trial = trials.begin(until: now + max(.zero, lease))
        return .admitted(permit)
    }

    private var refuses: Bool {
        switch override {
        case .none, .forcedOpen: true
        case .forcedClosed, .observe: false
        }
    }

    private func refusalByState(at now: Instant) -> Refusal? {
        switch state {
        case .closed: return nil
        case .open(_, let until):
            return until <= now ? nil : Refusal(reason: .open, retryAfter: until.since(now))
        case .halfOpen:
            guard let end = trials.earliestEnd else { return nil }
            if end <= now {
                var current = self
                current.catchUp(to: now)
                return current.refusalByState(at: now)
            }
            guard trials.count >= limits.halfOpenMax else { return nil }
            return Refusal(reason: .trialsInFlight, retryAfter: end.since(now))
        }
    }

    // MARK: - Verdicts

    private mutating func settleCall(
        _ permit: Permit,
        _ verdict: Verdict,
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Transition? {
        switch verdict {
        // Back-pressure is the bulkhead's business: the worker is well.
        case .neutral, .fault(.busy): return nil
        case .ok, .slow:
            consecutiveFaults = 0
            guard !permit.isCountedSlow else { return nil }
            window.record(wasSlow(permit, verdict, at: now) ? .slow : .ok, at: now)
        case .fault:
            consecutiveFaults += 1
            if permit.isCountedSlow {
                window.withdrawSlow(fromBucket: permit.slowBucket, at: now)
            }
            window.record(.fault, at: now)
        }
        return openIfDue(at: now, using: &random)
    }

    private mutating func settleTrial(
        _ permit: Permit,
        _ verdict: Verdict,
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Transition? {
        guard permit.isTrial, trials.end(permit.trial) else { return nil }
        switch verdict {
        case .neutral: return nil
        case .fault(let fault): return open(.trialFailed(fault), at: now, using: &random)
        case .ok, .slow:
            if limits.countsSlowTrials, wasSlow(permit, verdict, at: now) {
                return open(.trialSlow, at: now, using: &random)
            }
            successes += 1
            return successes >= limits.successThreshold ? close(at: now) : nil
        }
    }

    private func wasSlow(_ permit: Permit, _ verdict: Verdict, at now: Instant) -> Bool {
        if verdict == .slow { return true }
        guard let after = limits.slowAfter, now >= permit.admittedAt else { return false }
        return now.nanoseconds - permit.admittedAt.nanoseconds >= after
    }

    // MARK: - Changes of state

    private mutating func openIfDue(
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Transition? {
        guard let cause = causeToOpen else { return nil }
        return open(cause, at: now, using: &random)
    }

    /// Read after every record, so that no rule is ever met and not acted on.
    private var causeToOpen: OpeningCause? {
        if consecutiveFaults >= limits.failureThreshold {
            return .consecutiveFaults(consecutiveFaults)
        }
        let total = window.total
        guard total.calls >= limits.minimumCalls else { return nil }
        let calls = Double(total.calls)
        if total.faults > 0, Double(total.faults) >= limits.failureRate * calls {
            return .failureRate(Double(total.faults) / calls)
        }
        if total.slow > 0, Double(total.slow) >= limits.slowRate * calls {
            return .slowRate(Double(total.slow) / calls)
        }
        return nil
    }

    /// The first lease that is over ends the trials, at its end, whenever that is noticed.
    private mutating func endOverdueTrial(
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Transition? {
        guard let end = trials.earliestEnd, end <= now else { return nil }
        return open(.trialLeaseOver, at: end, using: &random)
    }

    private mutating func open(
        _ cause: OpeningCause,
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Transition {
        switch state {
        case .closed: reopenings = 0
        case .open, .halfOpen: reopenings += 1
        }
        openings += 1
        wasOpenedBySlowness = cause.isSlowness
        let since = max(now, state.since)
        let until = since + limits.openTime(reopenings: reopenings, using: &random)
        enter(.open(since: since, until: until))
        return .opened(cause, until: until)
    }

    private mutating func halfOpen(at now: Instant) -> Transition {
        enter(.halfOpen(since: max(now, state.since)))
        return .halfOpened
    }

    private mutating func close(at now: Instant) -> Transition {
        let since = max(now, state.since)
        enter(.closed(since: since))
        consecutiveFaults = 0
        window.clear(bucketWidth: limits.bucketWidth, at: since)
        return .closed
    }

    private mutating func enter(_ next: State) {
        state = next
        generation &+= 1
        trials.removeAll()
        successes = 0
    }
}
