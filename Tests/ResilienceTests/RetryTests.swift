import Resilience
import SupervisionKit
import Testing

@Suite("Trying again")
struct RetryTests {
    let clock = ManualClock()

    func makeRetry(
        log: Log<RetryEvent>? = nil,
        _ change: (inout RetryPolicy) -> Void = { _ in }
    ) -> Retry {
        var policy = RetryPolicy()
        policy.backoff = .fixed
        policy.initial = .seconds(1)
        change(&policy)
        return Retry("graph/pagerank", policy: policy, clock: clock, seed: 1) { log?.add($0) }
    }

    @Test func `a fault is tried again after its wait`() async throws {
        let retry = makeRetry()
        async let answer = retry.execute { attempt in
            if attempt.number == 1 { throw Failure(.connectionLost) }
            return attempt.number
        }
        await clock.sleepers(1)
        #expect(clock.earliest?.since(clock.now) == .seconds(1))
        clock.advance(by: .seconds(1))
        #expect(try await answer == 2)
    }

    @Test func `the last error comes as it is when all attempts are used`() async {
        let log = Log<RetryEvent>()
        let retry = makeRetry(log: log) { $0.initial = .zero }
        let thrown = await error {
            try await retry.execute { attempt in
                throw Failure(.connectionLost, retryAfter: .nanoseconds(attempt.number - 3))
            }
        }
        #expect(thrown as? Failure == Failure(.connectionLost, retryAfter: .zero))
        #expect(
            log.entries.map(\.decision) == [
                .retry(at: clock.now, isFree: false), .retry(at: clock.now, isFree: false),
                .giveUp(.attemptsSpent),
            ]
        )
    }

    @Test func `a wait that would end after the deadline is not begun`() async {  // R03
        let retry = makeRetry()
        let deadline = Deadline(after: .seconds(1), from: clock.now)
        let thrown = await error {
            try await retry.execute(deadline: deadline) { _ in throw Failure(.timedOut) }
        }
        #expect(thrown as? Failure == Failure(.timedOut))
        #expect(clock.sleeperCount == 0)
    }

    @Test func `nothing begins after the deadline`() async {  // B22
        let deadline = Deadline(clock.now)
        let log = Log<Int>()
        let thrown = await error {
            try await makeRetry().execute(deadline: deadline) { log.add($0.number) }
        }
        #expect(thrown as? DeadlineExceeded == DeadlineExceeded(deadline, hasStarted: false))
        #expect(log.entries == [])
    }

    @Test(
        arguments: [
            Refusal("a", .queueFull), Refusal("a", .circuit(.open), retryAfter: .seconds(1)),
            CancellationError(), DeadlineExceeded(.none, hasStarted: true),
        ] as [any Error & Sendable]
    )
    func `what is neutral is never tried again`(neutral: any Error & Sendable) async {  // R05
        let log = Log<Int>()
        _ = await error {
            try await makeRetry().execute { attempt in
                log.add(attempt.number)
                throw neutral
            }
        }
        #expect(log.entries == [1])
    }

    @Test func `an error that says nothing of itself is tried again only by name`() async throws {
        struct Plain: Error {}
        let log = Log<Int>()
        let body: @Sendable (Retry.Attempt) throws -> Void = { attempt in
            log.add(attempt.number)
            if attempt.number == 1 { throw Plain() }
        }
        _ = await error { try await makeRetry { $0.initial = .zero }.execute(body) }
        #expect(log.entries == [1])
        let willing = makeRetry {
            $0.initial = .zero
            $0.retryableErrors.insert(.failed)
        }
        try await willing.execute(body)
        #expect(log.entries == [1, 1, 2])
    }

    @Test func `a cancel during a wait wakes at once and gives everything back`() async {  // R06
        let retry = makeRetry()
        let before = retry.available
        let task = Task {
            try await retry.execute { _ in throw Failure(.connectionLost) }
        }
        await clock.sleepers(1)
        #expect(retry.available == before - 1)
        task.cancel()
        let thrown = await error { try await task.value }
        #expect(thrown is CancellationError)
        #expect(retry.available == before)
        #expect(clock.sleeperCount == 0)
    }

    @Test func `what may do harm twice is repeated only where it never began`() async {  // R08
        let log = Log<Int>()
        let retry = makeRetry { $0.initial = .zero }
        _ = await error {
            try await retry.execute(idempotent: false) { attempt in
                log.add(attempt.number)
                throw Failure(.connectionLost, hasStarted: attempt.number > 1)
            }
        }
        #expect(log.entries == [1, 2])
    }

    @Test func `a hint is a floor under the wait`() async throws {
        let retry = makeRetry()
        async let answer: Void = retry.execute { attempt in
            if attempt.number == 1 { throw Failure(.busy, retryAfter: .seconds(5)) }
        }
        await clock.sleepers(1)
        #expect(clock.earliest?.since(clock.now) == .seconds(5))
        clock.advance(by: .seconds(5))
        try await answer
    }

    @Test func `what has cost two workers is not tried a third time`() async {
        let log = Log<RetryEvent>()
        let retry = makeRetry(log: log) {
            $0.initial = .zero
            $0.maxAttempts = 9
        }
        _ = await error { try await retry.execute { _ in throw Failure(.crashed) } }
        #expect(log.entries.last?.decision == .giveUp(.poison))
        #expect(log.entries.count == 2)
    }

    @Test func `retries together stay within the budget`() async {  // R04
        let log = Log<RetryEvent>()
        let retry = makeRetry(log: log) { $0.initial = .zero }
        for _ in 0..<100 {
            _ = await error { try await retry.execute { _ in throw Failure(.timedOut) } }
        }
        let retries = log.entries.count {
            if case .retry = $0.decision { true } else { false }
        }
        // 1 a second for 10 s, and a fifth of 100 first attempts.
        #expect(retries <= 30)
        #expect(log.entries.last?.decision == .giveUp(.budgetSpent))
    }
}
