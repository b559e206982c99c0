/// A kernel's circuit breaker in front of one slot: it counts what attempts there came to and
/// refuses calls that would fail.
public struct BreakerStatus: Codable, Hashable, Sendable {
    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// Calls pass.
        case closed
        /// Calls are refused until the time for a trial.
        case open
        /// A few calls pass as trials.
        case halfOpen = "half_open"
    }

    /// A person's word, which stands above the state and leaves it as it is.
    public enum Override: String, Codable, Hashable, Sendable, CaseIterable {
        /// The breaker decides.
        case none
        /// Every call is refused.
        case forcedOpen = "forced_open"
        /// Every call passes.
        case forcedClosed = "forced_closed"
        /// Every call passes, and those that would have been refused are counted.
        case observe
    }

    /// `graph/pagerank/0`.
    public var slot: String
    public var state: State
    /// When `state` was entered.
    public var since: Timestamp
    /// That of an operator or of the configuration, whichever is in force.
    public var override: Override
    /// Attempts in the window that the rates look back on.
    public var calls: Int
    /// Of those, attempts that failed in a way that speaks against the worker.
    public var failures: Int
    public var slow: Int
    /// 0 to 1, of the attempts in the window; nil when there are none.
    @OrNull public var successRate: Double?
    /// In a row, whatever the window.
    public var consecutiveFailures: Int
    /// In flight.
    public var trials: Int
    /// Admitted under `observe` although the state would have refused, ever.
    public var wouldHaveRefused: Int
    /// Ever.
    public var openings: Int
    /// Seconds until it is worth asking again; nil while calls pass.
    @OrNull public var retryAfter: Double?

    enum CodingKeys: String, CodingKey {
        case slot, state, since, override, calls, failures, slow, trials, openings
        case successRate = "success_rate"
        case consecutiveFailures = "consecutive_failures"
        case wouldHaveRefused = "would_have_refused"
        case retryAfter = "retry_after_s"
    }

    public init(
        slot: String,
        state: State = .closed,
        since: Timestamp,
        override: Override = .none,
        calls: Int = 0,
        failures: Int = 0,
        slow: Int = 0,
        successRate: Double? = nil,
        consecutiveFailures: Int = 0,
        trials: Int = 0,
        wouldHaveRefused: Int = 0,
        openings: Int = 0,
        retryAfter: Double? = nil
    ) {
        self.slot = slot
        self.state = state
        self.since = since
        self.override = override
        self.calls = calls
        self.failures = failures
        self.slow = slow
        self.successRate = successRate
        self.consecutiveFailures = consecutiveFailures
        self.trials = trials
        self.wouldHaveRefused = wouldHaveRefused
        self.openings = openings
        self.retryAfter = retryAfter
    }
}
