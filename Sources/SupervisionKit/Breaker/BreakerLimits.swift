/// A policy as a breaker acts on it, every value within its range.
///
/// Worked out once for each policy and not for each call.
struct BreakerLimits: Hashable, Sendable {
    let failureThreshold: Int
    let minimumCalls: UInt64
    /// Above 1 for never.
    let failureRate: Double
    /// Above 1 for never.
    let slowRate: Double
    /// In nanoseconds; nil where slow calls are not counted.
    let slowAfter: UInt64?
    let successThreshold: Int
    let timeout: Duration
    let maxTimeout: Duration
    let bucketWidth: Duration
    let halfOpenMax: Int

    init(_ policy: BreakerPolicy) {
        failureThreshold = max(1, policy.failureThreshold)
        successThreshold = max(1, policy.successThreshold)
        timeout = max(.zero, policy.timeout)
        // A person who asks for a longer first time gets it.
        maxTimeout = max(timeout, policy.maxTimeout)
        let window = max(0, policy.window.saturatedNanoseconds)
        bucketWidth = .nanoseconds(max(1, window / Int64(SlidingWindow.bucketCount)))
        minimumCalls = UInt64(max(1, policy.minimumCalls))
        failureRate = Self.rate(policy.failureRate)
        slowAfter = policy.slowCallDuration.map { UInt64(max(0, $0.saturatedNanoseconds)) }
        slowRate = slowAfter == nil ? .infinity : Self.rate(policy.slowRate)
        halfOpenMax = min(max(1, policy.halfOpenMax), TrialLeases.maxCount)
    }

    /// A slow trial is a failed one.
    var countsSlowTrials: Bool { slowRate <= 1 }

    /// How long the breaker stays open after `reopenings` openings without a close between them.
    ///
    /// A share from 0 up to a quarter is added after the limit, so that there is variance at the
    /// limit too; it is drawn anew each time and never compounds.
    func openTime(
        reopenings: Int,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        let period = timeout.doubled(reopenings, limit: maxTimeout).saturatedNanoseconds
        let quarter = UInt64(period / 4)
        let share = quarter.multipliedFullWidth(by: random.next()).high
        return .nanoseconds(period) + .nanoseconds(Int64(share))
    }

    private static func rate(_ rate: Double?) -> Double {
        guard let rate, !rate.isNaN else { return .infinity }
        return min(max(0, rate), 1)
    }
}
