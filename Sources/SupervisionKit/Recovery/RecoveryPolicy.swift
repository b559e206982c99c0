/// How often and how fast a worker that ended is started again, and what follows when that does
/// not help.
public struct RecoveryPolicy: Codable, Hashable, Sendable {
    /// The first rung of the ladder.
    public var strategy = RecoveryStrategy.restartKernel
    /// What follows, in order, when `strategy` is spent.
    public var escalation: [RecoveryStrategy] = [.useReplica, .degrade, .failover, .notifyOperator]
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
    /// How long a kernel's own workers must have been ready before its calls come home from a
    /// degraded profile or a backup.
    public var failbackAfter: Duration = .seconds(10)
    /// Exit codes after which another start can't help, besides `WorkerEnd.permanentExitCodes`;
    /// each 1 to 255.
    public var permanentExitCodes: Set<Int32> = []

    public init() {}
}

/// One way to bring a kernel back: a rung of the ladder.
public enum RecoveryStrategy: String, Codable, CaseIterable, Hashable, Sendable {
    /// A new worker in the slot.
    case restartKernel = "restart_kernel"
    /// Calls go to another ready slot.
    case useReplica = "use_replica"
    /// The kernel's degraded profile.
    case degrade
    /// The kernel's backup.
    case failover
    /// A person is told, and the alert stays until it is acknowledged.
    case notifyOperator = "notify_operator"
}
