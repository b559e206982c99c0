internal import SupervisionKit

/// What a `RecoveryExecutor` can fall back on besides running the operation again.
public struct RecoveryMeans<Value> {
    /// `use_replica`: the next of these with each failure.
    public var replicas: [() async throws -> Value]
    /// `degrade`.
    public var degraded: (() async throws -> Value)?
    /// `failover`.
    public var backup: (() async throws -> Value)?
    /// `notify_operator`: called once in a trouble, with the error that led there.
    public var notifyOperator: ((any Error) async -> Void)?

    public init(
        replicas: [() async throws -> Value] = [],
        degraded: (() async throws -> Value)? = nil,
        backup: (() async throws -> Value)? = nil,
        notifyOperator: ((any Error) async -> Void)? = nil
    ) {
        self.replicas = replicas
        self.degraded = degraded
        self.backup = backup
        self.notifyOperator = notifyOperator
    }

    /// For the ladder.
    func forLadder(_ trouble: Trouble) -> RecoveryLadder.Means {
        RecoveryLadder.Means(
            restart: trouble.restart,
            hasReadyReplica: !replicas.isEmpty,
            degradedProfile: degraded == nil ? .none : .serving,
            backup: backup == nil ? .none : .serving
        )
    }
}
