/// Asks one worker at intervals how it does, and judges by runs of answers.
///
/// `failureThreshold` failures in a row make it unhealthy: it takes no new calls. As many again,
/// in a row or not, condemn it: it is killed. `successThreshold` successes in a row on the way
/// there make it healthy again. One answer below these numbers changes nothing, so that a status
/// does not flap; and as failures add up while it is unhealthy, a worker that wavers does not
/// stay refused for ever. A worker that has just become ready serves and is `unknown`; its first
/// good answer makes it healthy.
///
/// At most one probe is in flight: one that hangs ends by its timeout and counts as a failure.
/// Probes are sent at least nine tenths of an interval apart, `probeNow` excepted; phase and
/// intervals are jittered, so that the probes of many workers do not beat together. They are due
/// on a grid of a twentieth of the interval, so that those of a thousand workers wake the machine
/// twenty times in it and not a thousand. While answers are good they may be further apart, as
/// the owner wishes; the first answer that is not brings the interval back.
public struct HealthProbe: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        case none
        /// Send a probe with this number.
        case probe(number: UInt32)
        /// Let it have calls; it was unknown or unhealthy.
        case becameHealthy
        /// Let it have no new calls.
        case becameUnhealthy(String)
        /// Kill it.
        case condemned(String)
    }

    public enum State: Hashable, Sendable {
        /// No worker, or none that is ready.
        case stopped
        /// Nothing is in flight; the next probe is due then.
        case waiting(until: Instant)
        /// It counts as failed unless it is answered by then.
        case inFlight(number: UInt32, sent: Instant, until: Instant)
        /// It is to be killed; nothing it says counts.
        case condemned
    }

    public private(set) var state = State.stopped
    /// Since the worker became ready.
    public private(set) var status = HealthStatus.unknown
    /// In a row; while unhealthy, since it became so.
    public private(set) var failures = 0
    /// In a row; counted while unhealthy only.
    public private(set) var successes = 0
    /// Never used again while the value lives, so that a late answer of an earlier life is known.
    private var lastNumber: UInt32 = 0

    public init() {}

    /// The next probe is due, or the one in flight has failed; nil when nothing is waited for.
    public var deadline: Instant? {
        switch state {
        case .stopped, .condemned: nil
        case .waiting(let until): until
        case .inFlight(_, _, let until): until
        }
    }

    /// The probe whose answer is waited for.
    public var numberInFlight: UInt32? {
        switch state {
        case .stopped, .waiting, .condemned: nil
        case .inFlight(let number, _, _): number
        }
    }

    // MARK: - Events

    /// The worker became ready: it has a clean sheet, and its first probe at a random point of the
    /// first interval.
    public mutating func started(
        policy: HealthPolicy,
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) {
        stopped()
        let phase = Int64.random(in: 0...policy.clampedInterval, using: &random)
        let first = now + .nanoseconds(phase)
        state = .waiting(until: first.onGrid(of: policy.clampedInterval))
    }

    /// The worker ended or is being ended.
    public mutating func stopped() {
        state = .stopped
        status = .unknown
        failures = 0
        successes = 0
    }

    /// An earlier call than `deadline` says does nothing.
    public mutating func deadlinePassed(
        policy: HealthPolicy,
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Action {
        switch state {
        case .stopped, .condemned: return .none
        case .waiting(let until):
            guard now >= until else { return .none }
            return send(policy: policy, at: now)
        case .inFlight(_, let sent, let until):
            guard now >= until else { return .none }
            scheduleNext(after: sent, policy: policy, at: now, using: &random)
            return failed("no answer to a probe within \(until.since(sent).inWords)", policy)
        }
    }

    /// An answer to a probe that is not in flight does nothing.
    ///
    /// The next probe of a worker that stays well comes after `spacing` on the average, or after
    /// the policy's interval where that is longer.
    public mutating func answered(
        number: UInt32,
        _ result: ProbeResult,
        spacing: Duration = .zero,
        policy: HealthPolicy,
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Action {
        guard case .inFlight(number, let sent, _) = state else { return .none }
        let spacing = staysWell(result) ? spacing : .zero
        scheduleNext(after: sent, spacing: spacing, policy: policy, at: now, using: &random)
        switch result {
        case .ok: return succeeded(as: .healthy, policy)
        case .degraded(let reason): return succeeded(as: .degraded(reason), policy)
        case .failed(let reason): return failed(reason, policy)
        case .busy: return .none
        }
    }

    /// Somebody wants to know now, as a breaker does for its trial.
    ///
    /// - Returns: none while a probe is in flight: its answer serves as well.
    public mutating func probeNow(policy: HealthPolicy, at now: Instant) -> Action {
        switch state {
        case .stopped, .inFlight, .condemned: .none
        case .waiting: send(policy: policy, at: now)
        }
    }

    /// The event loop was late or the machine slept: the probe in flight gets its whole timeout
    /// again, and nobody fails for what was not the worker's doing.
    public mutating func forgive(at now: Instant) {
        guard case .inFlight(let number, let sent, let until) = state else { return }
        state = .inFlight(number: number, sent: now, until: now + until.since(sent))
    }

    // MARK: - Helpers

    private mutating func send(policy: HealthPolicy, at now: Instant) -> Action {
        lastNumber &+= 1
        let until = now + .nanoseconds(policy.clampedTimeout)
        state = .inFlight(number: lastNumber, sent: now, until: until)
        return .probe(number: lastNumber)
    }

    /// It was healthy before this answer and is after it.
    private func staysWell(_ result: ProbeResult) -> Bool {
        guard case .healthy = status, failures == 0 else { return false }
        return switch result {
        case .ok, .busy: true
        case .degraded, .failed: false
        }
    }

    /// Counts the interval from one sending to the next, and never into the past.
    ///
    /// What the spacing adds to the interval is drawn from half of it to half as much again:
    /// workers that started together are soon asked at times of their own.
    private mutating func scheduleNext(
        after sent: Instant,
        spacing: Duration = .zero,
        policy: HealthPolicy,
        at now: Instant,
        using random: inout some RandomNumberGenerator
    ) {
        let interval = policy.clampedInterval
        let jitter = Int64.random(in: -(interval / 10)...(interval / 10), using: &random)
        var next = sent + .nanoseconds(interval + jitter)
        let mean = max(interval, min(spacing.saturatedNanoseconds, .max / 2))
        if mean > interval {
            let more = mean - interval
            next = next + .nanoseconds(Int64.random(in: more / 2...more + more / 2, using: &random))
        }
        state = .waiting(until: max(now, next.onGrid(of: mean)))
    }

    private mutating func succeeded(as better: HealthStatus, _ policy: HealthPolicy) -> Action {
        switch status {
        case .healthy, .degraded:
            failures = 0
            status = better
            return .none
        case .unknown: break
        case .unhealthy:
            successes += 1
            guard successes >= max(1, policy.successThreshold) else { return .none }
        }
        failures = 0
        successes = 0
        status = better
        return .becameHealthy
    }

    private mutating func failed(_ reason: String, _ policy: HealthPolicy) -> Action {
        failures += 1
        successes = 0
        guard failures >= max(1, policy.failureThreshold) else { return .none }
        failures = 0
        switch status {
        case .unknown, .healthy, .degraded:
            status = .unhealthy(reason)
            return .becameUnhealthy(reason)
        case .unhealthy:
            status = .unhealthy(reason)
            state = .condemned
            return .condemned(reason)
        }
    }
}

extension HealthPolicy {
    /// Nanoseconds; at least 1 ms, and so little that a tenth more still fits.
    fileprivate var clampedInterval: Int64 {
        min(max(1_000_000, interval.saturatedNanoseconds), .max / 2)
    }

    /// Nanoseconds; at least 1 ms.
    fileprivate var clampedTimeout: Int64 {
        max(1_000_000, timeout.saturatedNanoseconds)
    }
}

extension Instant {
    /// The next instant of the grid on which probes are sent, twenty for each interval.
    fileprivate func onGrid(of interval: Int64) -> Instant {
        let step = UInt64(interval / 20)
        let past = nanoseconds % step
        return past == 0 ? self : self + .nanoseconds(Int64(step - past))
    }
}
