extension RetryPolicy {
    /// The wait after so many tries have failed.
    ///
    /// Arithmetic is in whole nanoseconds and capped before it multiplies, so that the millionth
    /// try waits as long as any other at the cap. Values that the configuration would refuse are
    /// clamped: a negative time is zero, a multiplier below 1 or not a number is 1.
    ///
    /// "Full jitter" draws from 1 ns to what `exponential` gives, anew each time: there is
    /// variance at the cap too, and no draw depends on the one before.
    ///
    /// Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    ///
    /// - Parameters:
    ///   - attempt: tries that have failed; less than 1 counts as 1.
    ///   - random: drawn from by `exponentialWithJitter` alone.
    /// - Returns: from zero to `max`; zero only if `initial` or `max` is.
    public func delay(
        after attempt: Int,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        let attempt = Swift.max(1, attempt)
        let limit = Swift.max(0, max.saturatedNanoseconds)
        let first = Swift.min(Swift.max(0, initial.saturatedNanoseconds), limit)
        guard first > 0 else { return .zero }
        switch backoff {
        case .fixed: return .nanoseconds(first)
        case .linear: return .nanoseconds(Self.product(first, attempt, limit: limit))
        case .exponential:
            return .nanoseconds(exponential(first, after: attempt, limit: limit))
        case .exponentialWithJitter:
            let longest = exponential(first, after: attempt, limit: limit)
            return .nanoseconds(Int64.random(in: 1...longest, using: &random))
        }
    }

    private static func product(_ first: Int64, _ attempt: Int, limit: Int64) -> Int64 {
        first > limit / Int64(attempt) ? limit : first * Int64(attempt)
    }

    /// `first` times `multiplier` to the power of `attempt - 1`, from `first` to `limit`.
    private func exponential(_ first: Int64, after attempt: Int, limit: Int64) -> Int64 {
        let growth = Self.power(multiplier > 1 ? multiplier : 1, attempt - 1)
        let span = Double(first) * growth
        guard span < Double(limit) else { return limit }
        return Swift.min(Swift.max(first, Int64(span)), limit)
    }

    /// By squaring: 63 steps at most; infinite where it does not fit.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        var square = base
        var left = exponent
        while left > 0 {
            if left & 1 == 1 { result *= square }
            square *= square
            left >>= 1
        }
        return result
    }
}
