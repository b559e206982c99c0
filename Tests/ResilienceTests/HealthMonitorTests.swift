import Resilience
import SupervisionKit
import Synchronization
import Testing

@Suite("The health monitor")
struct HealthMonitorTests {
    let clock = ManualClock()

    func makeMonitor(onChange: (@Sendable (String, HealthStatus) -> Void)? = nil) -> HealthMonitor {
        var policy = HealthPolicy()
        policy.failureThreshold = 2
        policy.successThreshold = 2
        return HealthMonitor(policy: policy, clock: clock, seed: 1, onChange: onChange)
    }

    @Test func `nothing registered and nothing known are not healthy`() async {
        let monitor = makeMonitor()
        #expect(await monitor.aggregate == .unknown)
        #expect(
            await monitor.facts == HealthFacts(isStarted: false, isReady: false, isLive: true)
        )
        await monitor.register("a") { .ok }
        #expect(await monitor.aggregate == .unknown)
        #expect(await monitor.check("a") == .healthy)
        #expect(await monitor.check("b") == nil)
        #expect(await monitor.facts == HealthFacts(isStarted: true, isReady: true, isLive: true))
    }

    @Test func `the whole is as well as its worst part`() async {
        let monitor = makeMonitor()
        await monitor.register("a") { .ok }
        await monitor.register("b") { .degraded("one device of two") }
        #expect(
            await monitor.checkAll() == ["a": .healthy, "b": .degraded("one device of two")]
        )
        #expect(await monitor.aggregate == .degraded("one device of two"))
        #expect(await monitor.facts == HealthFacts(isStarted: true, isReady: true, isLive: true))
    }

    @Test func `started, ready and live are told apart`() async {
        let answer = Mutex(ProbeResult.ok)
        let log = Log<HealthStatus>()
        let monitor = makeMonitor { log.add($1) }
        await monitor.register("a") { answer.withLock { $0 } }
        await monitor.check("a")
        answer.withLock { $0 = .failed("no device") }
        #expect(await monitor.check("a") == .healthy)
        #expect(await monitor.check("a") == .unhealthy("no device"))
        #expect(await monitor.facts == HealthFacts(isStarted: true, isReady: false, isLive: true))
        answer.withLock { $0 = .ok }
        #expect(await monitor.check("a") == .unhealthy("no device"))
        #expect(await monitor.check("a") == .healthy)
        answer.withLock { $0 = .failed("no device") }
        for _ in 0..<4 { await monitor.check("a") }
        #expect(await monitor.facts == HealthFacts(isStarted: true, isReady: false, isLive: false))
        #expect(
            log.entries == [
                .healthy, .unhealthy("no device"), .healthy, .unhealthy("no device"),
            ]
        )
    }

    @Test func `a check that hangs fails at its timeout and is not waited for`() async {
        let monitor = makeMonitor()
        let gate = Gate()
        await monitor.register("a") {
            await gate.pass()
            return .ok
        }
        for count in 1...2 {
            async let status = monitor.check("a")
            await gate.arrivals(count)
            await clock.sleepers(1)
            clock.advance(by: .seconds(5))
            _ = await status
        }
        #expect(
            await monitor.status(of: "a") == .unhealthy("no answer to a probe within 5.0 s")
        )
        gate.open()
    }

    @Test func `a check that throws has failed`() async {
        let monitor = makeMonitor()
        await monitor.register("a") { throw Failure(.device) }
        for _ in 0..<2 { await monitor.check("a") }
        guard case .unhealthy = await monitor.status(of: "a") else {
            Issue.record("it is not unhealthy")
            return
        }
    }

    @Test func `two who ask at once share one check`() async {
        let monitor = makeMonitor()
        let gate = Gate()
        let log = Log<Int>()
        await monitor.register("a") {
            log.add(1)
            await gate.pass()
            return .ok
        }
        async let first = monitor.check("a")
        await gate.arrivals(1)
        async let second = monitor.check("a")
        gate.open()
        #expect(await (first, second) == (.healthy, .healthy))
        // The second may have come after the first was answered.
        #expect((1...2).contains(log.entries.count))
    }

    @Test func `a run probes what is registered and what comes later, until it is cancelled`() async
    {
        let monitor = makeMonitor()
        let log = Log<String>()
        let (first, second) = (Gate(), Gate())
        await monitor.register("a") {
            log.add("a")
            await first.pass()
            return .ok
        }
        let run = Task { await monitor.run() }
        await clock.sleepers(1)
        await monitor.register("b") {
            log.add("b")
            await second.pass()
            return .ok
        }
        await clock.sleepers(2)
        first.open()
        second.open()
        clock.advance(by: .seconds(10))
        await first.arrivals(1)
        await second.arrivals(1)
        run.cancel()
        await run.value
        #expect(log.entries.sorted() == ["a", "b"])
        #expect(await monitor.facts.isLive)
    }
}
