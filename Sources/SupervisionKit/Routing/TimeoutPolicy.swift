/// How long calls may take.
public struct TimeoutPolicy: Codable, Hashable, Sendable {
    /// For calls that bring no deadline of their own, and the time after which a call that is
    /// still running is evidence against its worker.
    public var defaultTimeout: Duration = .seconds(30)
    /// No deadline is later than this after the call's arrival.
    public var maxTimeout: Duration = .seconds(300)
    /// A call that a kernel makes ends no later than the call that made it.
    public var propagateDeadline = true
    /// Time in the queue uses up the timeout.
    ///
    /// Otherwise `defaultTimeout` begins when a worker gets the call, and `maxTimeout` bounds the
    /// whole.
    public var includeQueueTime = true
    /// How long a worker may take to acknowledge a cancel before it counts as hung.
    public var cancelTimeout: Duration = .seconds(2)

    public init() {}
}

/// How many calls wait.
public struct BulkheadPolicy: Codable, Hashable, Sendable {
    /// Calls of one kernel that wait for a free worker; one more is refused.
    public var maxQueued = 64

    public init() {}
}
