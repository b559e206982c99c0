public import SupervisionKit

extension RecoveryPolicy {
    /// The four values that most callers set; the others have their defaults.
    ///
    /// - Parameters:
    ///   - strategy: the first rung.
    ///   - maxRestarts: within `window`.
    ///   - restartDelay: before the first restart after a stable time.
    ///   - escalation: the rungs that follow, in order.
    public init(
        strategy: RecoveryStrategy,
        maxRestarts: Int = 3,
        restartDelay: Duration = .zero,
        escalation: [RecoveryStrategy] = [.useReplica, .degrade, .failover, .notifyOperator]
    ) {
        self.init()
        self.strategy = strategy
        self.maxRestarts = maxRestarts
        self.restartDelay = restartDelay
        self.escalation = escalation
    }
}
