/// How long calls may take.
///
/// Queue time is inside.
public struct TimeoutPolicy: Hashable, Sendable {
    /// For calls that bring no deadline of their own.
    public var defaultTimeout: Duration = .seconds(30)
    /// No deadline is later than this after the call's arrival.
    public var maxTimeout: Duration = .seconds(300)
    /// How long a worker may take to acknowledge a cancel before it counts as hung.
    public var cancelTimeout: Duration = .seconds(2)

    public init() {}
}

/// When a call whose worker died is tried again.
public struct RetryPolicy: Hashable, Sendable {
    /// Tries in all, the first included.
    public var maxAttempts = 3
    /// Workers that one call may cost before it counts as poison and is not tried again.
    public static let maxWorkersLost = 2

    public init() {}
}

/// How often and how fast a worker that ended is started again.
public struct RecoveryPolicy: Hashable, Sendable {
    /// Restarts within `window`; one more puts the slot into quarantine.
    public var maxRestarts = 3
    public var window: Duration = .seconds(60)
    /// Before the first restart after a stable time.
    public var restartDelay: Duration = .zero
    /// Before the second restart; doubles from there on up to `maxRestartDelay`.
    public var initialBackoff: Duration = .milliseconds(100)
    public var maxRestartDelay: Duration = .seconds(30)
    /// A worker that was ready for this long has proven itself: the backoff starts anew.
    public var stableAfter: Duration = .seconds(300)
    /// The first time in quarantine; doubles with each trial start that fails.
    public var retryQuarantined: Duration = .seconds(300)
    public var maxQuarantine: Duration = .seconds(3600)

    public init() {}
}

/// How long a worker may take to start and to stop.
public struct LifecyclePolicy: Hashable, Sendable {
    /// From spawn to ready.
    public var startTimeout: Duration = .seconds(30)
    /// From the request to stop to SIGTERM: what runs may end.
    public var stopTimeout: Duration = .seconds(5)
    /// From SIGTERM to SIGKILL, and from SIGKILL to "stuck".
    public var killTimeout: Duration = .seconds(2)

    public init() {}
}

/// How many calls wait.
public struct BulkheadPolicy: Hashable, Sendable {
    /// Calls of one kernel that wait for a free worker; one more is refused.
    public var maxQueued = 64

    public init() {}
}
