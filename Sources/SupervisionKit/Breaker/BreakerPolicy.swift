/// When a circuit breaker opens, how long it stays open, and what closes it again.
public struct BreakerPolicy: Codable, Hashable, Sendable {
    /// Consecutive faults that open the breaker, whatever the rate; at least 1.
    public var failureThreshold = 5
    /// Trials in a row that must succeed before a half-open breaker closes; at least 1.
    public var successThreshold = 2
    /// How long it stays open the first time.
    ///
    /// Doubles with each reopening up to `maxTimeout`, plus a random share of up to a quarter, so
    /// that breakers which opened together do not all try again together.
    public var timeout: Duration = .seconds(30)
    public var maxTimeout: Duration = .seconds(300)
    /// The rates look back this far, in `SlidingWindow.bucketCount` buckets.
    public var window: Duration = .seconds(10)
    /// Share of faults among the window's calls that opens the breaker, above 0 and up to 1; nil
    /// for never.
    public var failureRate: Double? = 0.5
    /// The rates count only from this many calls in the window on; at least 1.
    public var minimumCalls = 20
    /// A call that takes longer is slow, and is counted when it becomes so, not when it ends.
    public var slowCallDuration: Duration?
    /// Share of slow calls among the window's calls that opens the breaker, above 0 and up to 1;
    /// nil for never.
    ///
    /// Needs `slowCallDuration`. A slow trial fails then.
    public var slowRate: Double?
    /// Trials in flight at once while half-open; 1 to 16.
    public var halfOpenMax = 1
    /// What a person has said, which stands beside the state and above it.
    public var override = BreakerOverride.none

    public init() {}
}

/// A person's word about a breaker; it holds until a person takes it back.
public enum BreakerOverride: String, Codable, CaseIterable, Hashable, Sendable {
    /// The breaker decides.
    case none
    /// Every call is refused.
    case forcedOpen = "forced_open"
    /// Every call is admitted; the state goes on being kept.
    case forcedClosed = "forced_closed"
    /// Every call is admitted; what would have been refused is counted.
    case observe
}
