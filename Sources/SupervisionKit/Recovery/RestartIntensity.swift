/// Counts restarts and says when the next one may be.
///
/// The window rolls: what counts is how many restarts lie within the last `window`, not since some
/// anchor, so that a burst is seen wherever it falls. A worker that was ready for `stableAfter`
/// starts with a clean sheet: a crash once a month is restarted at once.
public struct RestartIntensity: Hashable, Sendable {
    public enum Decision: Hashable, Sendable {
        case restart(at: Instant)
        case quarantine(until: Instant)
    }

    /// A policy's budget counts up to here, so that no window of any length grows the list.
    public static let maxRestarts = 1000

    /// Instants of the restarts within the window, oldest first; at most the budget of them.
    public private(set) var restarts: [Instant] = []
    /// Restarts in a row without a stable time between them.
    public private(set) var consecutive = 0
    /// Quarantines in a row without a stable time between them.
    public private(set) var quarantines = 0

    public init() {}

    /// Decides after a worker ended that is still wanted.
    ///
    /// - Parameters:
    ///   - readySince: when the ended worker became ready; nil when it never did.
    ///   - leastDelay: what the kind of end asks for, also above the policy's longest delay.
    ///   - now: the instant of the end.
    ///   - policy: what holds for the worker's group.
    /// - Returns: when the next start may be, or until when there is none.
    public mutating func ended(
        readySince: Instant?,
        leastDelay: Duration? = nil,
        at now: Instant,
        policy: RecoveryPolicy
    ) -> Decision {
        if let readySince, now.since(readySince) >= policy.stableAfter { proveStable() }
        restarts.removeAll { now.since($0) >= policy.window }
        let budget = min(policy.maxRestarts, Self.maxRestarts)
        guard restarts.count < budget else { return quarantine(at: now, policy) }
        restarts.append(now)
        consecutive += 1
        let delay = delay(policy)
        return .restart(at: now + (leastDelay.map { max(delay, $0) } ?? delay))
    }

    /// Decides after a trial start out of quarantine that failed.
    public mutating func trialFailed(at now: Instant, policy: RecoveryPolicy) -> Decision {
        quarantine(at: now, policy)
    }

    /// A trial start became ready: the backoff starts anew, the next quarantine is still longer.
    ///
    /// Restarts leave the window by time alone. A quarantine that is shorter than the window must
    /// not be a way around the budget.
    public mutating func trialSucceeded() {
        consecutive = 0
    }

    /// An operator's or a reload's fresh start: nothing of the past counts.
    public mutating func reset() {
        proveStable()
        restarts = []
    }

    private mutating func proveStable() {
        consecutive = 0
        quarantines = 0
    }

    private mutating func quarantine(at now: Instant, _ policy: RecoveryPolicy) -> Decision {
        let time = policy.retryQuarantined.doubled(quarantines, limit: policy.maxQuarantine)
        quarantines += 1
        return .quarantine(until: now + time)
    }

    private func delay(_ policy: RecoveryPolicy) -> Duration {
        guard consecutive > 1 else { return policy.restartDelay }
        return policy.initialBackoff.doubled(consecutive - 2, limit: policy.maxRestartDelay)
    }
}
