/// When a call that failed is tried again, and after which wait.
public struct RetryPolicy: Codable, Hashable, Sendable {
    /// Tries in all, the first included; at least 1.
    public var maxAttempts = 3
    public var backoff = Backoff.exponentialWithJitter
    /// The wait before the second try.
    public var initial: Duration = .milliseconds(100)
    /// No wait is longer.
    public var max: Duration = .seconds(10)
    /// Factor from one wait to the next of the exponential kinds; at least 1.
    public var multiplier = 2.0
    /// Faults of other classes are not tried again.
    public var retryableErrors: Set<ErrorClass> = [.transient, .timeout]
    /// Retries may be this share of the first attempts of the last ten seconds; 0 to 1.
    public var budgetRatio = 0.2
    /// Retries a second that are granted besides that share; at least 0.
    public var budgetPerSecond = 1.0
    /// Workers that one call may cost before it counts as poison and is not tried again.
    public static let maxWorkersLost = 2

    public init() {}
}

/// How waits between tries grow.
public enum Backoff: String, Codable, CaseIterable, Hashable, Sendable {
    /// `initial` each time.
    case fixed
    /// `initial` times the number of the try that failed.
    case linear
    /// `initial` times `multiplier` to the power of the tries that failed before.
    case exponential
    /// Evenly from zero to what `exponential` gives ("full jitter").
    case exponentialWithJitter = "exponential_with_jitter"
}

/// Classes of faults for `retryableErrors`.
public enum ErrorClass: String, Codable, CaseIterable, Hashable, Sendable {
    /// The worker or its device failed: crashed, lost its connection, broke the protocol, was out
    /// of memory, was busy.
    case transient
    /// The worker took too long or hung.
    case timeout
    /// The kernel itself reported that it failed.
    case failed
}
