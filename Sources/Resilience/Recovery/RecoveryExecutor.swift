public import SupervisionKit
internal import Synchronization

/// Runs an operation under a recovery policy: again, elsewhere, in a lesser form, or with a person
/// told.
///
/// The core's `RestartIntensity` says whether and when the operation runs again, and the core's
/// `RecoveryLadder` which rung is the one to take. An operation that runs for `stableAfter` has
/// proven itself. What is known of restarts lives in the executor, so that one that is used for
/// many runs sees their failures together.
///
///     let executor = RecoveryExecutor(policy: RecoveryPolicy(strategy: .restartKernel))
///     let means = RecoveryMeans(replicas: [{ try await second.rank(graph) }])
///     let ranks = try await executor.execute(means) { try await first.rank(graph) }
public final class RecoveryExecutor: Sendable {
    public let policy: RecoveryPolicy
    private let clock: any ResilienceClock
    private let isPermanent: @Sendable (any Error) -> Bool
    private let onEvent: (@Sendable (RecoveryEvent) -> Void)?
    private let intensity = Mutex(RestartIntensity())

    /// - Parameters:
    ///   - policy: the rungs and the restarts.
    ///   - clock: for waits and windows.
    ///   - isPermanent: after such an error another run can't help.
    ///   - onEvent: told as it happens, outside of any lock.
    public init(
        policy: RecoveryPolicy = RecoveryPolicy(),
        clock: some ResilienceClock = BootClock(),
        isPermanent: @escaping @Sendable (any Error) -> Bool = { _ in false },
        onEvent: (@Sendable (RecoveryEvent) -> Void)? = nil
    ) {
        self.policy = policy
        self.clock = clock
        self.isPermanent = isPermanent
        self.onEvent = onEvent
    }

    /// Runs `operation`, and on a failure what the ladder says, until something returns.
    ///
    /// - Parameters:
    ///   - means: what there is besides the operation; each is tried once.
    ///   - operation: what is to run; when it returns, that was not a failure.
    /// - Returns: what was returned first.
    /// - Throws: the last error, when no rung serves any more; `CancellationError` or what was
    ///   running threw when the task is cancelled, which is no failure.
    public func execute<Value>(
        _ means: RecoveryMeans<Value> = RecoveryMeans(),
        _ operation: () async throws -> Value
    ) async throws -> Value {
        var trouble = Trouble()
        var means = means
        var fallback: (() async throws -> Value)?
        while true {
            let start = clock.now
            do {
                let value: Value
                if let fallback {
                    value = try await fallback()
                } else {
                    value = try await operation()
                }
                tell(trouble.ladder.recovered())
                return value
            } catch {
                guard !Task.isCancelled else { throw error }
                onEvent?(.failed("\(error)"))
                if fallback == nil { judge(error, since: start, &trouble) }
                let steps = trouble.ladder.failed(means: means.forLadder(trouble), policy: policy)
                tell(steps)
                if steps.contains(.alerted) { await means.notifyOperator?(error) }
                switch trouble.ladder.rung {
                case .restartKernel:
                    guard let instant = trouble.restartAt else { throw error }
                    onEvent?(.restarting(at: instant))
                    try await clock.sleep(until: instant)
                    fallback = nil
                case .useReplica: fallback = means.replicas.removeFirst()
                case .degrade: fallback = take(&means.degraded)
                case .failover: fallback = take(&means.backup)
                case .notifyOperator, nil: throw error
                }
            }
        }
    }

    /// The operation has failed: whether and when it may run again.
    private func judge(_ error: any Error, since start: Instant, _ trouble: inout Trouble) {
        trouble.restartAt = nil
        guard !isPermanent(error) else {
            trouble.restart = .permanentExit
            return
        }
        let now = clock.now
        let decision = intensity.withLock { intensity in
            intensity.ended(readySince: start, at: now, policy: policy)
        }
        switch decision {
        case .restart(let instant) where instant < Deadline.current.instant:
            trouble.restart = .possible
            trouble.restartAt = instant
        case .restart: trouble.restart = .spent
        case .quarantine(let instant):
            trouble.restart = .spent
            onEvent?(.quarantined(until: instant))
        }
    }

    private func tell(_ steps: [RecoveryLadder.Step]) {
        guard let onEvent else { return }
        for step in steps { onEvent(.step(step)) }
    }

    private func take<Means>(_ means: inout Means?) -> Means? {
        defer { means = nil }
        return means
    }
}

/// One run's way down the ladder.
struct Trouble {
    var ladder = RecoveryLadder()
    var restart = RecoveryLadder.Means.Restart.possible
    /// nil when there is no other run.
    var restartAt: Instant?
}
