import Testing

@testable import SupervisionKit

/// What counts, what opens, and for how long.
@Suite("What the circuit breaker counts")
struct BreakerCountingTests {
    private func isOpen(_ harness: BreakerHarness) -> Bool {
        if case .open = harness.breaker.state { true } else { false }
    }

    // B20, B21, B22
    @Test(arguments: Neutral.allCases)
    func `a thousand neutral ends leave it as it was`(why: Neutral) {
        var harness = BreakerHarness()
        harness.attempt(.fault(.crashed), times: 4)
        let before = harness.breaker
        #expect(harness.attempt(.neutral(why), times: 1000) == nil)
        #expect(harness.breaker == before)
    }

    // B25
    @Test func `busy is back-pressure while closed`() {
        var harness = BreakerHarness()
        harness.attempt(.fault(.crashed), times: 4)
        let before = harness.breaker
        #expect(harness.attempt(.fault(.busy), times: 1000) == nil)
        #expect(harness.breaker == before)
    }

    @Test(arguments: Fault.allCases.filter { $0 != .busy })
    func `five faults in a row open it, whatever came between them that doesn't count`(
        fault: Fault
    ) {
        var harness = BreakerHarness()
        harness.attempt(.fault(fault), times: 4)
        harness.attempt(.ok)
        #expect(harness.attempt(.fault(fault), times: 4) == nil)
        harness.attempt(.neutral(.cancelled))
        harness.pass(.seconds(3600))
        let until = harness.now + .seconds(30)
        #expect(harness.attempt(.fault(fault)) == .opened(.consecutiveFaults(5), until: until))
    }

    // B23
    @Test func `the rate needs both its share and its number of calls`() {
        var harness = BreakerHarness { $0.failureThreshold = 100 }
        for _ in 0..<9 {
            harness.attempt(.ok)
            harness.attempt(.fault(.device))
        }
        harness.attempt(.ok)
        #expect(!isOpen(harness))
        let until = harness.now + .seconds(30)
        #expect(harness.attempt(.fault(.device)) == .opened(.failureRate(0.5), until: until))
    }

    @Test func `one error in a thousand at high volume opens nothing`() {
        var harness = BreakerHarness()
        for _ in 0..<100 {
            harness.attempt(.ok, times: 999)
            #expect(harness.attempt(.fault(.device)) == nil)
        }
        #expect(harness.statistics.callCount == 100_000)
        #expect(harness.statistics.successRate == 0.999)
    }

    @Test func `faults that have left the window count no more`() {
        var harness = BreakerHarness { $0.failureThreshold = 100 }
        harness.attempt(.fault(.device), times: 19)
        harness.pass(.seconds(10))
        #expect(harness.attempt(.fault(.device)) == nil)
        #expect(harness.statistics.failureCount == 1)
    }

    // B14
    @Test func `refusals never enter the window`() {
        var harness = BreakerHarness()
        harness.attempt(.fault(.crashed), times: 5)
        #expect((0..<1000).allSatisfy { _ in harness.admit() == nil })
        #expect(harness.statistics.callCount == 5)
        #expect(harness.statistics.refused == 1000)
    }

    // B24
    @Test func `an overdue attempt counts while it is in flight, and once`() {
        var harness = BreakerHarness { $0.slowCallDuration = .seconds(1) }
        var permits = (0..<3).compactMap { _ in harness.admit() }
        harness.pass(.seconds(1))
        for index in permits.indices {
            #expect(harness.breaker.slowDeadline(of: permits[index]) == harness.now)
            harness.becameSlow(&permits[index])
            #expect(harness.breaker.slowDeadline(of: permits[index]) == nil)
            harness.becameSlow(&permits[index])
        }
        #expect(harness.statistics.slow == 3)
        harness.settle(permits[0], .ok)
        harness.settle(permits[1], .fault(.timedOut))
        harness.settle(permits[2], .neutral(.superseded))
        let counts = harness.breaker.window.total
        #expect(counts == SlidingWindow.Counts(calls: 3, faults: 1, slow: 2))
    }

    @Test func `an overdue attempt that fails after its record has left the window counts once`() {
        var harness = BreakerHarness { $0.slowCallDuration = .seconds(1) }
        var permit = harness.admit()
        harness.pass(.seconds(1))
        if var slow = permit {
            harness.becameSlow(&slow)
            permit = slow
        }
        harness.pass(.seconds(20))
        var other = harness.breaker.window
        other.record(.slow, at: harness.now)
        harness.settle(permit, .fault(.timedOut))
        #expect(harness.breaker.window.total == SlidingWindow.Counts(calls: 1, faults: 1))
    }

    @Test func `a success that nobody watched counts as slow at its end`() {
        var harness = BreakerHarness { $0.slowCallDuration = .seconds(1) }
        let permits = (0..<2).map { _ in harness.admit() }
        harness.pass(.milliseconds(999))
        harness.settle(permits[0], .ok)
        harness.pass(.milliseconds(1))
        harness.settle(permits[1], .ok)
        let counts = harness.breaker.window.total
        #expect(counts == SlidingWindow.Counts(calls: 2, faults: 0, slow: 1))
    }

    // P03: what is merely slow may get calls where all are refused.
    @Test func `slow calls open it before they end, and it says that it is merely slow`() throws {
        var harness = BreakerHarness {
            $0.slowCallDuration = .seconds(1)
            $0.slowRate = 0.5
        }
        var permits = (0..<20).compactMap { _ in harness.admit() }
        harness.pass(.seconds(1))
        for index in 0..<19 { #expect(harness.becameSlow(&permits[index]) == nil) }
        var until = harness.now + .seconds(30)
        #expect(harness.becameSlow(&permits[19]) == .opened(.slowRate(1), until: until))
        #expect(harness.breaker.isTrippedBySlowness)
        harness.now = until
        var trial = try harness.permit()
        #expect(harness.breaker.isTrippedBySlowness)
        harness.pass(.seconds(1))
        until = harness.now + .seconds(60)
        #expect(harness.becameSlow(&trial) == .opened(.trialSlow, until: until))
        #expect(harness.breaker.isTrippedBySlowness)
        harness.now = until
        harness.attempt(.fault(.crashed))
        #expect(!harness.breaker.isTrippedBySlowness)
    }

    @Test func `a slow trial succeeds where no rate of slow calls opens`() {
        var harness = BreakerHarness { $0.slowCallDuration = .seconds(1) }
        harness.reachHalfOpen()
        #expect(harness.attempt(.slow, times: 2) == .closed)
    }

    @Test func `the open time doubles with each reopening up to its limit; closing ends that`() {
        var harness = BreakerHarness()
        harness.attempt(.fault(.crashed), times: 5)
        var times: [Duration] = []
        for _ in 0..<6 {
            times.append(harness.breaker.deadline?.since(harness.now) ?? .zero)
            harness.now = harness.breaker.deadline ?? harness.now
            harness.attempt(.fault(.crashed))
        }
        #expect(times == [30, 60, 120, 240, 300, 300].map { .seconds($0) })
        harness.now = harness.breaker.deadline ?? harness.now
        #expect(harness.attempt(.ok, times: 2) == .closed)
        harness.attempt(.fault(.crashed), times: 5)
        #expect(harness.breaker.deadline?.since(harness.now) == .seconds(30))
    }

    // R02: at the limit there is still variance, and it does not compound.
    @Test func `each opening adds its own share of up to a quarter`() {
        var harness = BreakerHarness()
        harness.random.value = .max
        harness.attempt(.fault(.crashed), times: 5)
        let most = Duration.seconds(30) + .milliseconds(7500)
        #expect(harness.breaker.deadline == harness.now + most + .nanoseconds(-1))
        for _ in 0..<9 {
            harness.now = harness.breaker.deadline ?? harness.now
            harness.attempt(.fault(.crashed))
        }
        #expect(harness.breaker.deadline == harness.now + .seconds(375) + .nanoseconds(-1))
    }

    @Test func `silly values are clamped and nothing traps`() {
        let spans: [Duration] = [
            .zero, .seconds(-5), .nanoseconds(1), .seconds(1_000_000_000_000_000_000),
        ]
        let rates: [Double?] = [nil, .nan, -1, 0, .infinity, -.infinity, 5]
        for span in spans {
            for rate in rates {
                for count in [Int.min, -1, 0, 1, .max] {
                    var harness = BreakerHarness {
                        $0.failureThreshold = count
                        $0.successThreshold = count
                        $0.timeout = span
                        $0.maxTimeout = span
                        $0.window = span
                        $0.failureRate = rate
                        $0.minimumCalls = count
                        $0.slowCallDuration = span
                        $0.slowRate = rate
                        $0.halfOpenMax = count
                    }
                    harness.lease = span
                    for fault in [Verdict.ok, .fault(.crashed), .slow, .fault(.device)] {
                        if var permit = harness.admit() {
                            harness.becameSlow(&permit)
                            harness.settle(permit, fault)
                        }
                        harness.passDeadline()
                        _ = harness.statistics
                        harness.pass(.seconds(1))
                    }
                    harness.now = .distantFuture
                    harness.attempt(.fault(.crashed), times: 2)
                    harness.passDeadline()
                    _ = harness.statistics
                }
            }
        }
    }

    @Test func `a rate of none or not a number never opens`() {
        for rate in [nil, Double.nan] {
            var harness = BreakerHarness {
                $0.failureThreshold = 1000
                $0.failureRate = rate
            }
            #expect(harness.attempt(.fault(.device), times: 999) == nil)
        }
    }

    @Test func `a permit is at most 24 bytes`() {
        #expect(MemoryLayout<CircuitBreaker.Permit>.size <= 24)
    }
}
