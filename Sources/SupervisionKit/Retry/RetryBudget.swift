/// Bounds the retries of one kernel to a share of its first attempts and a small reserve.
///
/// Without it a failing backend gets `maxAttempts` times the load just when it can bear least.
///
/// At each retry that is granted, the retries of the ten seconds before it, itself included, are
/// at most `budgetPerSecond` × 10 + `budgetRatio` × the first attempts of these ten seconds.
/// Attempts are counted in buckets of one second. First attempts count in ten buckets, which lie
/// wholly within the ten seconds; retries in one bucket more, whose second is partly within. So
/// the bound holds exactly, wherever in a second an attempt falls, and what was spent is back
/// after 10 to 11 seconds, whatever happens meanwhile.
///
/// The alternative, a token bucket filled by successes, can stay empty for ever: without tokens
/// no retry, without retries no success.
public struct RetryBudget: Hashable, Sendable {
    private struct Bucket: Hashable, Sendable {
        var firsts: UInt32 = 0
        var retries: UInt32 = 0
    }

    /// Seconds that the budget looks back over.
    public static let window = 10
    private static let bucketCount: UInt64 = 11

    /// By second modulo `bucketCount`.
    private var buckets = InlineArray<11, Bucket>(repeating: Bucket())
    /// The second since boot that the newest bucket counts.
    private var newest: UInt64 = 0

    /// A budget with its whole reserve.
    public init() {}

    public static func == (left: RetryBudget, right: RetryBudget) -> Bool {
        left.newest == right.newest
            && left.buckets.indices.allSatisfy { left.buckets[$0] == right.buckets[$0] }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(newest)
        for index in buckets.indices { hasher.combine(buckets[index]) }
    }

    /// Counts a call's first attempt.
    public mutating func recordFirst(at now: Instant) {
        advance(to: now)
        let place = Self.place(newest)
        buckets[place].firsts = max(buckets[place].firsts, buckets[place].firsts &+ 1)
    }

    /// Asks for one retry, or one failover, and draws it if it is granted.
    ///
    /// A refusal draws nothing.
    public mutating func take(at now: Instant, policy: RetryPolicy) -> Bool {
        advance(to: now)
        let place = Self.place(newest)
        guard left(policy) > 0, buckets[place].retries < .max else { return false }
        buckets[place].retries += 1
        return true
    }

    /// Gives back a retry that was granted and never began, because its call ended first.
    ///
    /// - Parameter instant: when it was taken; one that the budget has forgotten by now is not
    ///   given back twice.
    public mutating func giveBack(takenAt instant: Instant) {
        let second = instant.nanoseconds / 1_000_000_000
        guard second <= newest, newest - second < Self.bucketCount else { return }
        let place = Self.place(second)
        if buckets[place].retries > 0 { buckets[place].retries -= 1 }
    }

    /// Retries that would be granted at this instant.
    public func available(at now: Instant, policy: RetryPolicy) -> Int {
        var current = self
        current.advance(to: now)
        return current.left(policy)
    }

    /// Clears the buckets of seconds that have begun; time that runs backwards is clamped.
    private mutating func advance(to now: Instant) {
        let second = now.nanoseconds / 1_000_000_000
        guard second > newest else { return }
        for step in 1...min(second - newest, Self.bucketCount) {
            buckets[Self.place(newest + step)] = Bucket()
        }
        newest = second
    }

    private func left(_ policy: RetryPolicy) -> Int {
        let oldest = Self.place(newest + 1)
        var firsts = 0
        var retries = 0
        for index in buckets.indices {
            retries += Int(buckets[index].retries)
            if index != oldest { firsts += Int(buckets[index].firsts) }
        }
        // In millionths, so that a fifth of five is one.
        let reserve = Self.millionths(policy.budgetPerSecond, limit: 1_000_000_000) * Self.window
        let share = Self.millionths(policy.budgetRatio, limit: 1) * firsts
        return max(0, (reserve + share) / 1_000_000 - retries)
    }

    private static func place(_ second: UInt64) -> Int {
        Int(second % bucketCount)
    }

    /// Zero for what is negative or not a number.
    private static func millionths(_ value: Double, limit: Double) -> Int {
        value > 0 ? Int((min(value, limit) * 1_000_000).rounded()) : 0
    }
}
