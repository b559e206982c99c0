import CAllocations
import SupervisionKit

/// A breaker with every rule on: consecutive faults, the rate, slow calls.
enum BreakerFigures {
    private static var policy: BreakerPolicy {
        var policy = BreakerPolicy()
        policy.slowCallDuration = .milliseconds(250)
        policy.slowRate = 0.5
        return policy
    }

    static func measure(into table: inout FigureTable) {
        let count = 1_000_000
        var now = Instant(nanoseconds: 1_000_000_000)
        var random = SplitMix64(seed: 1)
        var breaker = CircuitBreaker(policy: policy, at: now)
        let lease = Duration.seconds(30)

        let before = allocation_count()
        let pair = nanoseconds(count: count) { index in
            now = now + .nanoseconds(1000)
            switch breaker.admit(at: now, lease: lease) {
            case .admitted(let permit):
                // One of eight fails, which no rule opens on.
                let verdict: Verdict = index & 7 == 0 ? .fault(.device) : .ok
                use(breaker.settle(permit, verdict, at: now, using: &random))
            case .refused: break
            }
        }

        while case .closed = breaker.state {
            guard case .admitted(let permit) = breaker.admit(at: now, lease: lease) else { break }
            use(breaker.settle(permit, .fault(.crashed), at: now, using: &random))
        }
        let refusal = nanoseconds(count: count) { _ in use(breaker.admit(at: now, lease: lease)) }
        let allocations = allocation_count() - before
        table.add("breaker: admit and settle, closed, all rules", pair, "ns", asked: "≤ 30")
        table.add("breaker: a refusal", refusal, "ns", asked: "≤ 15")
        table.add("breaker: allocations in all of it", Double(allocations), "", asked: "0")
        table.add("breaker: its size", Double(MemoryLayout<CircuitBreaker>.size), "bytes")
    }
}
