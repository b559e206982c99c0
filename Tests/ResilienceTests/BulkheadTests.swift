import Resilience
import SupervisionKit
import Testing

@Suite("The bulkhead")
struct BulkheadTests {
    let clock = ManualClock()

    func queued(_ count: Int, in bulkhead: Bulkhead) async {
        while bulkhead.queued != count { await Task.yield() }
    }

    @Test func `waiters are served in order`() async throws {  // R13
        let bulkhead = Bulkhead(maxConcurrent: 1, clock: clock)
        let gate = Gate()
        let log = Log<Int>()
        let holder = Task { try await bulkhead.execute { await gate.pass() } }
        await gate.arrivals(1)
        var waiters: [Task<Void, any Error>] = []
        for number in 1...20 {
            waiters.append(Task { try await bulkhead.execute { log.add(number) } })
            await queued(number, in: bulkhead)
        }
        gate.open()
        for waiter in waiters { try await waiter.value }
        try await holder.value
        #expect(log.entries == Array(1...20))
        #expect((bulkhead.running, bulkhead.queued) == (0, 0))
    }

    @Test func `no wake-up is lost when calls equal places`() async throws {  // R13
        let bulkhead = Bulkhead(maxConcurrent: 8, maxQueued: 8, clock: clock)
        let log = Log<Int>()
        for round in 0..<200 {
            try await withThrowingDiscardingTaskGroup { group in
                for _ in 0..<16 {
                    group.addTask {
                        try await bulkhead.execute {
                            await Task.yield()
                            log.add(bulkhead.running)
                        }
                    }
                }
            }
            #expect(log.entries.count == 16 * (round + 1))
            #expect((bulkhead.running, bulkhead.queued) == (0, 0))
        }
        #expect(log.entries.allSatisfy { $0 <= 8 })
    }

    @Test func `one more than may wait is refused`() async {
        let bulkhead = Bulkhead("rank", maxConcurrent: 1, maxQueued: 1, clock: clock)
        let gate = Gate()
        let holder = Task { try await bulkhead.execute { await gate.pass() } }
        await gate.arrivals(1)
        let waiter = Task { try await bulkhead.execute {} }
        await queued(1, in: bulkhead)
        let thrown = await error { try await bulkhead.execute {} }
        #expect(thrown as? Refusal == Refusal("rank", .queueFull))
        gate.open()
        _ = await (holder.result, waiter.result)
    }

    @Test func `a waiter leaves when it is cancelled, and at its deadline`() async {
        let bulkhead = Bulkhead(maxConcurrent: 1, clock: clock)
        let gate = Gate()
        let log = Log<Int>()
        let holder = Task { try await bulkhead.execute { await gate.pass() } }
        await gate.arrivals(1)
        let cancelled = Task { try await bulkhead.execute { log.add(1) } }
        await queued(1, in: bulkhead)
        let deadline = Deadline(after: .seconds(1), from: clock.now)
        let late = Task { try await bulkhead.execute(deadline: deadline) { log.add(2) } }
        await queued(2, in: bulkhead)
        await clock.sleepers(1)
        cancelled.cancel()
        #expect(await error { try await cancelled.value } is CancellationError)
        #expect(bulkhead.queued == 1)
        clock.advance(by: .seconds(1))
        let thrown = await error { try await late.value }
        #expect(thrown as? DeadlineExceeded == DeadlineExceeded(deadline, hasStarted: false))
        gate.open()
        _ = await holder.result
        #expect(log.entries == [])
        #expect((bulkhead.running, bulkhead.queued) == (0, 0))
    }

    @Test func `a place comes back from a body that throws`() async throws {
        let bulkhead = Bulkhead(maxConcurrent: 0, clock: clock)
        _ = await error { try await bulkhead.execute { throw Failure() } }
        try await bulkhead.execute {}
    }
}
