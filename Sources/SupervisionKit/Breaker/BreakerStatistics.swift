/// What a breaker is and has counted, copied for those who ask.
public struct BreakerStatistics: Hashable, Sendable {
    public var state: CircuitBreaker.State
    public var since: Instant
    public var override: BreakerOverride
    /// Attempts in the window.
    public var callCount: Int
    /// Faults in the window.
    public var failureCount: Int
    /// Slow attempts in the window.
    public var slow: Int
    /// Of the window's attempts; nil when there are none.
    public var successRate: Double?
    /// In a row, whatever the window; an open breaker still shows what opened it.
    public var consecutiveFaults: Int
    public var trialsInFlight: Int
    /// Refusals by `admit`, ever.
    public var refused: Int
    /// Admitted under `observe` although the breaker would have refused, ever.
    public var wouldHaveRefused: Int
    /// Openings, ever; reopenings are among them.
    public var openings: Int
    /// When it is worth asking again; nil when a call would pass.
    public var retryAfter: Duration?
}

extension CircuitBreaker {
    /// The state that would act at this instant.
    public func statistics(at now: Instant) -> BreakerStatistics {
        var current = self
        current.catchUp(to: now)
        let total = window.counts(at: now)
        let successes = Double(total.calls - total.faults)
        return BreakerStatistics(
            state: current.state,
            since: current.state.since,
            override: override,
            callCount: Int(clamping: total.calls),
            failureCount: Int(clamping: total.faults),
            slow: Int(clamping: total.slow),
            successRate: total.calls == 0 ? nil : successes / Double(total.calls),
            consecutiveFaults: consecutiveFaults,
            trialsInFlight: current.trials.count,
            refused: refused,
            wouldHaveRefused: wouldHaveRefused,
            openings: current.openings,
            retryAfter: refusal(at: now)?.retryAfter
        )
    }
}
