/// Counts restarts and says when the next one may be.
///
/// The window rolls: what counts is how many restarts lie within the last `window`, not since some
/// anchor, so that a burst is seen wherever it falls. A worker that was ready for `stableAfter`
/// starts with a clean sheet: a crash once a month is restarted at once.
struct RestartIntensity: Hashable, Sendable {
    enum Decision: Hashable, Sendable {
        case restart(at: Instant)
        case quarantine(until: Instant)
    }

    /// Instants of the restarts within the window, oldest first; at most `maxRestarts` of them.
    private(set) var restarts: [Instant] = []
    /// Restarts in a row without a stable time between them.
    private(set) var consecutive = 0
    /// Quarantines in a row without a stable time between them.
    private(set) var quarantines = 0

    /// Decides after a worker ended that is still wanted.
    ///
    /// - Parameters:
    ///   - readySince: when the ended worker became ready; nil when it never did.
    ///   - now: the instant of the end.
    ///   - policy: what holds for the worker's group.
    /// - Returns: when the next start may be, or until when there is none.
    mutating func ended(
        readySince: Instant?,
        at now: Instant,
        policy: RecoveryPolicy
    ) -> Decision {
        if let readySince, now.since(readySince) >= policy.stableAfter { proveStable() }
        restarts.removeAll { now.since($0) >= policy.window }
        guard restarts.count < policy.maxRestarts else { return quarantine(at: now, policy) }
        restarts.append(now)
        consecutive += 1
        return .restart(at: now + delay(policy))
    }

    /// Decides after a trial start out of quarantine that failed.
    mutating func trialFailed(at now: Instant, policy: RecoveryPolicy) -> Decision {
        quarantine(at: now, policy)
    }

    /// A trial start became ready: restarts count anew, the next quarantine is still longer.
    mutating func trialSucceeded() {
        restarts = []
        consecutive = 0
    }

    /// An operator's or a reload's fresh start: nothing of the past counts.
    mutating func reset() {
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
