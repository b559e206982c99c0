import Resilience
import SupervisionKit

/// Two runs fail, and then the replica serves.
func recoveryExample() async throws {
    let executor = RecoveryExecutor(
        policy: RecoveryPolicy(strategy: .restartKernel, maxRestarts: 1),
        onEvent: { print("  \($0)") }
    )
    let (first, second) = (FlakyBackend(failures: 9), FlakyBackend(failures: 0))
    let means = RecoveryMeans(
        replicas: [{ try await second.rank() }],
        notifyOperator: { print("  somebody should look: \($0)") }
    )
    print("  \(try await executor.execute(means) { try await first.rank() })")
}
