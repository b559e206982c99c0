import Resilience
import SupervisionKit
import Testing

@Suite("Running under a recovery policy")
struct RecoveryTests {
    let clock = ManualClock()

    func makeExecutor(
        _ policy: RecoveryPolicy,
        _ log: Log<RecoveryEvent> = Log(),
        isPermanent: @escaping @Sendable (any Error) -> Bool = { _ in false }
    ) -> RecoveryExecutor {
        RecoveryExecutor(policy: policy, clock: clock, isPermanent: isPermanent) { log.add($0) }
    }

    @Test func `the guide's initialiser sets four values and leaves the rest`() {
        var policy = RecoveryPolicy()
        policy.strategy = .useReplica
        policy.maxRestarts = 5
        policy.restartDelay = .seconds(1)
        policy.escalation = [.failover]
        #expect(
            RecoveryPolicy(
                strategy: .useReplica,
                maxRestarts: 5,
                restartDelay: .seconds(1),
                escalation: [.failover]
            ) == policy
        )
        #expect(RecoveryPolicy(strategy: .restartKernel) == RecoveryPolicy())
    }

    @Test func `it runs again, first at once and then with backoff`() async throws {
        let runs = Log<Instant>()
        let start = clock.now
        async let answer = makeExecutor(RecoveryPolicy()).execute {
            runs.add(clock.now)
            if runs.entries.count < 4 { throw Failure() }
            return runs.entries.count
        }
        for milliseconds in [100, 200] {
            await clock.sleepers(1)
            #expect(clock.earliest?.since(clock.now) == .milliseconds(milliseconds))
            clock.advance(by: .milliseconds(milliseconds))
        }
        #expect(try await answer == 4)
        #expect(
            runs.entries == [
                start, start, start + .milliseconds(100), start + .milliseconds(300),
            ]
        )
    }

    @Test func `down the ladder, rung by rung`() async throws {
        let log = Log<RecoveryEvent>()
        let policy = RecoveryPolicy(strategy: .restartKernel, maxRestarts: 0)
        let means = RecoveryMeans<String>(
            replicas: [{ throw Failure() }, { throw Failure() }],
            degraded: { throw Failure() },
            backup: { "backup" }
        )
        let value = try await makeExecutor(policy, log).execute(means) { throw Failure() }
        #expect(value == "backup")
        let steps = log.entries.compactMap { event in
            if case .step(let step) = event { step } else { nil }
        }
        #expect(
            steps == [
                .skipped(.restartKernel, .restartsSpent), .took(.useReplica),
                .skipped(.useReplica, .noReadySlot), .took(.degrade),
                .skipped(.degrade, .noProfile), .took(.failover),
                .recovered(from: .failover),
            ]
        )
        #expect(log.entries.contains(.quarantined(until: clock.now + .seconds(300))))
    }

    @Test func `an operator is told once, and the last error comes`() async {
        let told = Log<Fault>()
        let policy = RecoveryPolicy(
            strategy: .notifyOperator,
            escalation: [.useReplica, .degrade]
        )
        let means = RecoveryMeans<Int>(
            replicas: [{ throw Failure(.device) }],
            notifyOperator: { told.add(($0 as? Failure)?.fault ?? .failed) }
        )
        let thrown = await error {
            try await makeExecutor(policy).execute(means) { throw Failure(.crashed) }
        }
        #expect(thrown as? Failure == Failure(.device))
        #expect(told.entries == [.crashed])
    }

    @Test func `after a permanent error nothing runs again`() async {
        let runs = Log<Int>()
        let executor = makeExecutor(RecoveryPolicy(), isPermanent: { _ in true })
        _ = await error {
            try await executor.execute {
                runs.add(1)
                throw Failure()
            }
        }
        #expect(runs.entries == [1])
    }

    @Test func `a cancel is no failure`() async {
        let log = Log<RecoveryEvent>()
        let executor = makeExecutor(RecoveryPolicy(), log)
        let task = Task { [clock] in
            try await executor.execute { try await clock.sleep(until: .distantFuture) }
        }
        await clock.sleepers(1)
        task.cancel()
        #expect(await error { try await task.value } is CancellationError)
        #expect(log.entries == [])
    }

    @Test func `what ran for a stable time starts with a clean sheet`() async throws {
        let runs = Log<Instant>()
        let policy = RecoveryPolicy()
        try await makeExecutor(policy).execute {
            runs.add(clock.now)
            guard runs.entries.count < 10 else { return }
            clock.advance(by: policy.stableAfter)
            throw Failure()
        }
        #expect(runs.entries.count == 10)
        #expect(clock.sleeperCount == 0)
    }

    @Test func `a restart after the deadline is not waited for`() async throws {
        let policy = RecoveryPolicy(strategy: .restartKernel, restartDelay: .seconds(2))
        let deadline = Deadline(after: .seconds(1), from: clock.now)
        let executor = makeExecutor(policy)
        let thrown = await error {
            try await deadline.execute(clock: clock) {
                try await executor.execute { throw Failure() }
            }
        }
        #expect(thrown as? Failure == Failure())
    }

    @Test func `the presets are the daemon's`() {
        var policies = ResilienceConfiguration.production
        #expect(policies == PolicySet(.production))
        policies.retry.maxAttempts = 5
        #expect(policies.retry.maxAttempts == 5)
        #expect(ResilienceConfiguration.default == PolicySet())
        #expect(ResilienceConfiguration.development.breaker.override == .observe)
    }
}
