import Resilience
import SupervisionKit
import Testing

@Suite("Deadlines around asynchronous work")
struct DeadlineTests {
    let clock = ManualClock()

    @Test func `a result in time comes back, and no timer stays`() async throws {
        let deadline = Deadline(after: .seconds(1), from: clock.now)
        #expect(try await deadline.execute(clock: clock) { 42 } == 42)
        // A cancel takes its time to reach the timer.
        while clock.sleeperCount > 0 { await Task.yield() }
    }

    @Test func `at the deadline the caller has its error, whatever the body does`() async {
        let deadline = Deadline(after: .seconds(1), from: clock.now)
        let gate = Gate()
        let task = Task { [clock] in
            try await deadline.execute(clock: clock) { await gate.pass() }
        }
        await gate.arrivals(1)
        await clock.sleepers(1)
        clock.advance(by: .seconds(1))
        let thrown = await error { try await task.value }
        #expect(thrown as? DeadlineExceeded == DeadlineExceeded(deadline, hasStarted: true))
        gate.open()
    }

    @Test func `the body is cancelled at the deadline`() async {
        let deadline = Deadline(after: .seconds(1), from: clock.now)
        let ended = Gate()
        let task = Task { [clock] in
            try await deadline.execute(clock: clock) {
                _ = try? await clock.sleep(until: .distantFuture)
                await ended.pass()
            }
        }
        await clock.sleepers(2)
        clock.advance(by: .seconds(1))
        await ended.arrivals(1)
        ended.open()
        #expect(await error { try await task.value } is DeadlineExceeded)
    }

    @Test func `what has expired is not begun`() async {
        let log = Log<Int>()
        let thrown = await error {
            try await Deadline(clock.now).execute(clock: clock) { log.add(1) }
        }
        #expect(
            thrown as? DeadlineExceeded == DeadlineExceeded(Deadline(clock.now), hasStarted: false)
        )
        #expect(log.entries == [])
    }

    @Test func `a cancel is handed to the body`() async {
        let deadline = Deadline(after: .seconds(1), from: clock.now)
        let task = Task { [clock] in
            try await deadline.execute(clock: clock) {
                try await clock.sleep(until: .distantFuture)
            }
        }
        await clock.sleepers(2)
        task.cancel()
        #expect(await error { try await task.value } is CancellationError)
    }

    @Test func `a part's deadline is never later than the whole's`() async throws {  // R11
        let whole = Deadline(after: .seconds(1), from: clock.now)
        let longer = Deadline(after: .seconds(9), from: clock.now)
        #expect(Deadline.current == .none)
        let seen = try await whole.execute(clock: clock) { [clock] in
            async let child = Deadline.current
            let part = try await longer.execute(clock: clock) { Deadline.current }
            return (Deadline.current, await child, part)
        }
        #expect(seen == (whole, whole, whole))
        let policy = TimeoutPolicy()
        #expect(policy.deadline(parent: whole, at: clock.now) == whole)
        #expect(
            policy.deadline(timeout: .seconds(Int64.max), parent: .none, at: clock.now)
                == Deadline(after: policy.maxTimeout, from: clock.now)
        )
    }

    @Test func `a body that never returns is cut, and the breaker learns of it`() async {
        let breaker = makeBreaker(clock: clock, lease: .seconds(30))
        let deadline = Deadline(after: .seconds(30), from: clock.now)
        let gate = Gate()
        let task = Task { [clock] in
            try await breaker.call {
                try await deadline.execute(clock: clock) { await gate.pass() }
            }
        }
        await gate.arrivals(1)
        await clock.sleepers(1)
        clock.advance(by: .seconds(30))
        #expect(await error { try await task.value } is DeadlineExceeded)
        #expect(breaker.statistics.state.name == "open")
        gate.open()
    }
}
