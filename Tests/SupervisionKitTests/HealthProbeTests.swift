import SupervisionKit
import Testing

@Suite("The health probe")
struct HealthProbeTests {
    static let start = Instant(nanoseconds: 1_000_000_000_000)

    /// A worker with its probe: answers and silences, and all that was asked for.
    struct Bench {
        var policy = HealthPolicy()
        var probe = HealthProbe()
        var now = start
        var random = SplitMix64(seed: 1)

        init(_ change: (inout HealthPolicy) -> Void = { _ in }) {
            change(&policy)
            probe.started(policy: policy, at: now, using: &random)
        }

        /// Goes on to the deadline and lets it pass.
        mutating func pass() -> HealthProbe.Action {
            now = max(now, probe.deadline ?? now)
            return probe.deadlinePassed(policy: policy, at: now, using: &random)
        }

        mutating func answer(_ result: ProbeResult) -> HealthProbe.Action {
            let number = probe.numberInFlight ?? 0
            return answer(number, result)
        }

        mutating func answer(_ number: UInt32, _ result: ProbeResult) -> HealthProbe.Action {
            probe.answered(number: number, result, policy: policy, at: now, using: &random)
        }

        /// One probe after the other, each answered at once, or never for nil.
        mutating func run(_ results: [ProbeResult?]) -> [HealthProbe.Action] {
            results.map { result in
                _ = pass()
                guard let result else { return pass() }
                return answer(result)
            }
        }
    }

    // MARK: - Judging

    @Test func `three failures in a row make it unhealthy and three more condemn it`() {
        var bench = Bench()
        let actions = bench.run([.ok] + Array(repeating: .failed("bad sum"), count: 6))
        #expect(
            actions == [
                .becameHealthy, .none, .none, .becameUnhealthy("bad sum"), .none, .none,
                .condemned("bad sum"),
            ]
        )
        #expect(bench.probe.state == .condemned)
        #expect(bench.probe.status == .unhealthy("bad sum"))
    }

    @Test func `a success between failures starts the count anew`() {
        var bench = Bench()
        let bad = ProbeResult.failed("")
        let actions = bench.run([bad, bad, .ok, bad, bad, .degraded("slow"), bad, bad])
        let expected: [HealthProbe.Action] = [.none, .none, .becameHealthy]
        #expect(actions == expected + Array(repeating: .none, count: 5))
        #expect(bench.probe.status == .degraded("slow"))
    }

    @Test func `the first good answer makes a new worker healthy`() {
        var bench = Bench { $0.successThreshold = 3 }
        #expect(bench.run([.ok]) == [.becameHealthy])
        #expect(bench.probe.status == .healthy)
    }

    @Test func `an unhealthy worker needs its successes in a row`() {
        var bench = Bench {
            $0.failureThreshold = 2
            $0.successThreshold = 2
        }
        let bad = ProbeResult.failed("x")
        let actions = bench.run([bad, bad, .ok, bad, .ok, .ok])
        #expect(
            actions == [.none, .becameUnhealthy("x"), .none, .none, .none, .becameHealthy]
        )
    }

    // Otherwise it would stay refused for ever.
    @Test func `a worker that wavers while unhealthy is condemned in the end`() {
        var bench = Bench { $0.successThreshold = 2 }
        let bad = ProbeResult.failed("x")
        let actions = bench.run([bad, bad, bad, .ok, bad, .ok, bad, .ok, bad])
        #expect(actions.last == .condemned("x"))
    }

    // A condemnation needs a full count from each time it became unhealthy.
    @Test func `a worker that became healthy again has a clean sheet`() {
        var bench = Bench { $0.failureThreshold = 2 }
        let bad = ProbeResult.failed("x")
        let actions = bench.run([bad, bad, bad, .ok, bad, bad, bad, bad])
        #expect(
            actions == [
                .none, .becameUnhealthy("x"), .none, .becameHealthy, .none, .becameUnhealthy("x"),
                .none, .condemned("x"),
            ]
        )
    }

    @Test func `degraded is a success and says why`() {
        var bench = Bench()
        #expect(bench.run([.degraded("on the CPU")]) == [.becameHealthy])
        #expect(bench.probe.status == .degraded("on the CPU"))
        #expect(bench.run([.ok]) == [.none])
        #expect(bench.probe.status == .healthy)
    }

    // W01
    @Test func `ten thousand answers between calls leave everything as it is`() {
        var bench = Bench()
        _ = bench.run([.ok, .failed("x"), .failed("x")])
        let actions = bench.run(Array(repeating: .busy, count: 10_000))
        #expect(actions == Array(repeating: .none, count: 10_000))
        #expect(bench.probe.status == .healthy)
        #expect(bench.probe.failures == 2)
    }

    // W07
    @Test func `a worker that has not answered is unknown, and so is one that is gone`() {
        var bench = Bench()
        #expect(bench.probe.status == .unknown)
        _ = bench.run([.busy, .failed("x")])
        #expect(bench.probe.status == .unknown)
        _ = bench.run([.ok])
        bench.probe.stopped()
        #expect(bench.probe.status == .unknown)
        #expect(HealthProbe().status == .unknown)
    }

    // W03
    @Test func `a new life has a clean sheet and knows the old one's answers`() {
        var bench = Bench()
        _ = bench.run([.failed("x"), .failed("x")])
        _ = bench.pass()
        let old = bench.probe.numberInFlight ?? 0
        bench.probe.stopped()
        bench.probe.started(policy: bench.policy, at: bench.now, using: &bench.random)
        #expect(bench.probe.failures == 0)
        _ = bench.pass()
        #expect(bench.answer(old, .failed("x")) == .none)
        #expect(bench.probe.numberInFlight == old + 1)
        #expect(bench.run([.failed("x"), .failed("x")]) == [.none, .none])
        #expect(bench.probe.status == .unknown)
    }

    // MARK: - Time

    // W02
    @Test func `a probe that hangs is a failure after its timeout`() {
        var bench = Bench { $0.failureThreshold = 1 }
        #expect(bench.pass() == .probe(number: 1))
        let sent = bench.now
        #expect(bench.probe.deadline == sent + .seconds(5))
        bench.now = sent + .nanoseconds(4_999_999_999)
        let early = bench.probe.deadlinePassed(
            policy: bench.policy,
            at: bench.now,
            using: &bench.random
        )
        #expect(early == .none)
        #expect(bench.pass() == .becameUnhealthy("no answer to a probe within 5.0 s"))
    }

    // W02
    @Test func `of ten thousand probes that hang at most one is in flight`() {
        var bench = Bench { $0.failureThreshold = 10_000 }
        var inFlight = 0
        for _ in 0..<10_000 {
            #expect(bench.probe.numberInFlight == nil)
            if case .probe = bench.pass() { inFlight += 1 }
            #expect(bench.probe.numberInFlight != nil)
            #expect(bench.probe.probeNow(policy: bench.policy, at: bench.now) == .none)
            if bench.pass() == .becameUnhealthy("no answer to a probe within 5.0 s") { break }
        }
        #expect(inFlight == 10_000)
    }

    @Test func `a late answer to a probe that timed out does nothing`() {
        var bench = Bench()
        _ = bench.run([nil])
        let before = bench.probe
        for number in [0, 1, 2, UInt32.max] { #expect(bench.answer(number, .ok) == .none) }
        #expect(bench.probe == before)
    }

    @Test func `first probes are spread over a whole interval`() {
        var random = SplitMix64(seed: 2)
        var tenths = [Int](repeating: 0, count: 10)
        for _ in 0..<10_000 {
            var probe = HealthProbe()
            probe.started(policy: HealthPolicy(), at: Self.start, using: &random)
            let wait = (probe.deadline ?? .distantFuture).since(Self.start)
            #expect(wait <= .seconds(10))
            // They are due at the end of each twentieth.
            tenths[min(9, max(0, Int((wait - .nanoseconds(1)) / .seconds(1))))] += 1
        }
        #expect(tenths.allSatisfy { abs($0 - 1000) < 190 }, "\(tenths)")
    }

    @Test func `probes are sent an interval apart, a tenth more or less`() {
        var bench = Bench()
        var spans: [Duration] = []
        _ = bench.pass()
        for step in 0..<1000 {
            let sent = bench.now
            if step.isMultiple(of: 2) {
                _ = bench.pass()
            } else {
                bench.now = bench.now + .seconds(1)
                _ = bench.answer(.ok)
            }
            _ = bench.pass()
            spans.append(bench.now.since(sent))
        }
        #expect(spans.allSatisfy { $0 >= .seconds(9) && $0 <= .seconds(11) })
        let (least, most) = (spans.min() ?? .zero, spans.max() ?? .zero)
        #expect(least == .milliseconds(9500) && most == .seconds(11))
    }

    @Test func `probes of many workers are due at twenty instants of an interval`() {
        var random = SplitMix64(seed: 3)
        var due: Set<Instant> = []
        for worker in 0..<1000 {
            var probe = HealthProbe()
            let now = Self.start + .milliseconds(worker)
            probe.started(policy: HealthPolicy(), at: now, using: &random)
            for _ in 0..<4 {
                guard let deadline = probe.deadline else { return }
                due.insert(deadline)
                _ = probe.deadlinePassed(policy: HealthPolicy(), at: deadline, using: &random)
                let number = probe.numberInFlight ?? 0
                let answered = deadline + .milliseconds(worker)
                _ = probe.answered(
                    number: number,
                    .ok,
                    policy: HealthPolicy(),
                    at: answered,
                    using: &random
                )
            }
        }
        // From one to 45 seconds, by halves.
        #expect(due.count <= 90)
    }

    @Test func `a timeout longer than the interval delays the next probe and no more`() {
        var bench = Bench { $0.interval = .seconds(1) }
        _ = bench.pass()
        _ = bench.pass()
        #expect(bench.probe.deadline == bench.now)
    }

    @Test func `a probe can be had now, unless one is in flight already`() {
        var bench = Bench()
        #expect(bench.probe.probeNow(policy: bench.policy, at: bench.now) == .probe(number: 1))
        #expect(bench.probe.deadline == bench.now + .seconds(5))
        #expect(bench.probe.probeNow(policy: bench.policy, at: bench.now) == .none)
        var idle = HealthProbe()
        #expect(idle.probeNow(policy: bench.policy, at: bench.now) == .none)
    }

    // C03
    @Test func `after a sleep the probe in flight has its whole timeout again`() {
        var bench = Bench { $0.failureThreshold = 1 }
        _ = bench.pass()
        bench.now = bench.now + .seconds(3600)
        bench.probe.forgive(at: bench.now)
        let action = bench.probe.deadlinePassed(
            policy: bench.policy,
            at: bench.now,
            using: &bench.random
        )
        #expect(action == .none)
        #expect(bench.probe.deadline == bench.now + .seconds(5))
        #expect(bench.answer(.ok) == .becameHealthy)
    }

    @Test func `amnesty moves nothing but a probe in flight`() {
        var bench = Bench()
        let waiting = bench.probe
        bench.probe.forgive(at: bench.now + .seconds(3600))
        #expect(bench.probe == waiting)
    }

    // C02
    @Test func `time that runs backwards fails nobody`() {
        var bench = Bench { $0.failureThreshold = 1 }
        _ = bench.pass()
        bench.now = .zero
        let action = bench.probe.deadlinePassed(
            policy: bench.policy,
            at: .zero,
            using: &bench.random
        )
        #expect(action == .none)
        #expect(bench.answer(.ok) == .becameHealthy)
        bench.probe.forgive(at: .zero)
    }

    @Test func `silly policies are clamped and trap nowhere`() {
        let spans: [Duration] = [
            .seconds(Int64.min), .seconds(-1), .zero, .nanoseconds(1), .seconds(Int64.max),
        ]
        for interval in spans {
            for timeout in spans {
                for threshold in [Int.min, 0, 1] {
                    var bench = Bench {
                        $0.interval = interval
                        $0.timeout = timeout
                        $0.failureThreshold = threshold
                        $0.successThreshold = threshold
                    }
                    let actions = bench.run([nil, .ok, nil, nil])
                    guard case .becameUnhealthy = actions[0] else {
                        Issue.record("\(actions)")
                        return
                    }
                    #expect(actions[1] == .becameHealthy)
                    #expect(bench.probe.state == .condemned)
                    #expect(bench.probe.deadline == nil)
                }
            }
        }
    }

    @Test func `however short the interval, there is time between probes`() {
        var bench = Bench { $0.interval = .zero }
        _ = bench.pass()
        let sent = bench.now
        _ = bench.answer(.ok)
        #expect((bench.probe.deadline ?? sent) >= sent + .microseconds(900))
    }
}
