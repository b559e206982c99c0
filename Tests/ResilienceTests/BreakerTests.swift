import Resilience
import SupervisionKit
import Testing

@Suite("The breaker around asynchronous work")
struct BreakerTests {
    let clock = ManualClock()

    @Test func `what passes comes back as it is`() async throws {
        let breaker = makeBreaker(clock: clock)
        #expect(try await breaker.call { 42 } == 42)
        let thrown = await error { try await breaker.call { throw Failure(.device) } }
        #expect(thrown as? Failure == Failure(.device))
    }

    @Test func `a refusal names the breaker, the reason and the time, and runs nothing`() async {
        let breaker = makeBreaker(clock: clock)
        _ = await error { try await breaker.call { throw Failure() } }
        let wait = breaker.statistics.retryAfter ?? .zero
        #expect((Duration.seconds(30)...Duration.seconds(38)).contains(wait))
        let log = Log<Int>()
        let thrown = await error { try await breaker.call { log.add(1) } }
        #expect(thrown as? Refusal == Refusal("graph/pagerank", .circuit(.open), retryAfter: wait))
        #expect(log.entries == [])
    }

    @Test func `the breaker's own refusals count nowhere`() async {  // B14
        let breaker = makeBreaker(clock: clock)
        _ = await error { try await breaker.call { throw Failure() } }
        let before = breaker.statistics
        for _ in 0..<10 { _ = await error { try await breaker.call {} } }
        var after = breaker.statistics
        #expect(after.refused == before.refused + 10)
        after.refused = before.refused
        #expect(after == before)
    }

    @Test func `a trial that does not count gives its place back`() async throws {  // B01, B02
        let breaker = makeBreaker(clock: clock)
        await breaker.fail(clock)
        _ = await error { try await breaker.call { throw CancellationError() } }
        #expect(breaker.statistics.state.name == "half_open")
        #expect(breaker.statistics.trialsInFlight == 0)
        try await breaker.call {}
        #expect(breaker.statistics.state.name == "closed")
    }

    @Test func `a trial whose task is cancelled settles neutral`() async throws {  // B02, B04
        let breaker = makeBreaker(clock: clock)
        await breaker.fail(clock)
        let trial = Task { [clock] in
            try await breaker.call { try await clock.sleep(until: .distantFuture) }
        }
        await clock.sleepers(1)
        #expect(breaker.statistics.trialsInFlight == 1)
        trial.cancel()
        let result = await trial.result
        #expect(throws: CancellationError.self) { try result.get() }
        #expect(breaker.statistics.trialsInFlight == 0)
        #expect(breaker.statistics.state.name == "half_open")
    }

    @Test func `a trial that never returns is given up by its lease`() async throws {  // B03
        let log = Log<CircuitBreaker.Transition>()
        let breaker = makeBreaker(clock: clock) { log.add($0) }
        await breaker.fail(clock)
        let gate = Gate()
        let stuck = Task { try await breaker.call { await gate.pass() } }
        await gate.arrivals(1)
        clock.advance(by: .seconds(30))
        #expect(breaker.statistics.state.name == "open")
        guard case .opened(.trialLeaseOver, let until) = log.entries.last else {
            Issue.record("opened for another reason: \(log.entries)")
            return
        }
        clock.advance(by: until.since(clock.now))
        try await breaker.call {}
        #expect(breaker.statistics.state.name == "closed")
        gate.open()  // Its late success counts nowhere.
        try await stuck.value
        #expect(breaker.statistics.callCount == 0)
    }

    @Test func `a bulkhead's refusal behind it gives the trial's place back`() async {  // B05
        let breaker = makeBreaker(clock: clock)
        let bulkhead = Bulkhead("rank", maxConcurrent: 1, maxQueued: 0, clock: clock)
        await breaker.fail(clock)
        let gate = Gate()
        let holder = Task { try await bulkhead.execute { await gate.pass() } }
        await gate.arrivals(1)
        let thrown = await error { try await breaker.call { try await bulkhead.execute {} } }
        #expect(thrown as? Refusal == Refusal("rank", .queueFull))
        #expect(breaker.statistics.trialsInFlight == 0)
        #expect(breaker.statistics.state.name == "half_open")
        gate.open()
        _ = await holder.result
    }

    @Test(arguments: [1, 3, 16])
    func `of fifty callers at the half-open instant as many pass as may`(
        halfOpenMax: Int
    ) async {  // B06
        let breaker = makeBreaker(clock: clock, halfOpenMax: halfOpenMax, successThreshold: 50)
        await breaker.fail(clock)
        let gate = Gate()
        let log = Log<Bool>()
        await withDiscardingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    let thrown = await error { try await breaker.call { await gate.pass() } }
                    log.add(thrown == nil)
                }
            }
            group.addTask {
                await gate.arrivals(halfOpenMax)
                while log.entries.count < 50 - halfOpenMax { await Task.yield() }
                gate.open()
            }
        }
        #expect(log.entries.count { $0 } == halfOpenMax)
        #expect(log.entries.count == 50)
    }

    @Test func `a callback may use the breaker`() async {  // B13
        let log = Log<String>()
        let box = Log<Breaker>()
        let breaker = makeBreaker(clock: clock) { _ in
            for breaker in box.entries {
                log.add(breaker.statistics.state.name)
                if breaker.statistics.state.name == "open" { breaker.bringForward() }
                log.add("told")
            }
        }
        box.add(breaker)
        _ = await error { try await breaker.call { throw Failure() } }
        #expect(log.entries == ["open", "told", "half_open", "told"])
    }

    @Test func `a thousand cancels leave no trace`() async {  // B20
        let breaker = makeBreaker(clock: clock)
        let before = breaker.statistics
        for _ in 0..<1000 {
            _ = await error { try await breaker.call { throw CancellationError() } }
        }
        #expect(breaker.statistics == before)
    }

    @Test func `a passed deadline is evidence only after a full service timeout`() async {  // B21
        let breaker = makeBreaker(clock: clock, lease: .seconds(30))
        let exceeded = DeadlineExceeded(.none, hasStarted: true)
        _ = await error {
            try await breaker.call {
                clock.advance(by: .seconds(29))
                throw exceeded
            }
        }
        #expect(breaker.statistics.failureCount == 0)
        _ = await error {
            try await breaker.call {
                clock.advance(by: .seconds(30))
                throw exceeded
            }
        }
        #expect(breaker.statistics.state.name == "open")
    }

    @Test func `a call in flight counts as slow before it ends`() async throws {
        var policy = BreakerPolicy()
        policy.minimumCalls = 1
        policy.slowRate = 1
        policy.slowCallDuration = .seconds(2)
        let log = Log<CircuitBreaker.Transition>()
        let breaker = Breaker("a", policy: policy, clock: clock, seed: 1) { log.add($0) }
        let gate = Gate()
        let slow = Task { try await breaker.call { await gate.pass() } }
        await gate.arrivals(1)
        clock.advance(by: .milliseconds(1999))
        #expect(breaker.statistics.state.name == "closed")
        clock.advance(by: .seconds(3))
        #expect(breaker.statistics.state.name == "open")
        // At the instant at which it became slow, not at the one at which somebody looked.
        #expect(clock.now.since(breaker.statistics.since) == .milliseconds(2999))
        gate.open()
        try await slow.value
        #expect(log.entries.count == 1)
    }

    @Test func `a person's word stands above the state`() async throws {
        let breaker = makeBreaker(clock: clock)
        breaker.override = .forcedOpen
        let thrown = await error { try await breaker.call {} }
        #expect((thrown as? Refusal)?.reason == .circuit(.forcedOpen))
        clock.advance(by: .seconds(1_000_000))
        #expect(breaker.override == .forcedOpen)
        breaker.override = .none
        try await breaker.call {}
    }
}
