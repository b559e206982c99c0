@testable import SupervisionKit
import Testing

/// Every sequence of events up to a depth: what must hold in each state that can be reached.
@Suite("Every walk through the circuit breaker")
struct BreakerWalkTests {
    /// A breaker and a second book of what it has given out.
    private struct Walker: Hashable {
        var breaker: CircuitBreaker
        var now = Instant(nanoseconds: 1_000_000_000_000)
        /// Permits that are out, oldest first, each with whether its state is still the breaker's.
        var out: [Out] = []
        var refused = 0
        var wouldHaveRefused = 0

        struct Out: Hashable {
            var permit: CircuitBreaker.Permit
            var isCurrent = true
        }

        var currentTrials: Int {
            out.count { $0.isCurrent && $0.permit.isTrial }
        }
    }

    private enum Step: CaseIterable {
        case admit, succeed, fail, neutral, failNewest, settleTwice, slow
        case second, deadline, restarted, forceOpen, observe, noOverride
    }

    private static func policy(_ override: BreakerOverride) -> BreakerPolicy {
        var policy = BreakerPolicy()
        policy.failureThreshold = 2
        policy.successThreshold = 2
        policy.minimumCalls = 3
        policy.halfOpenMax = 2
        policy.timeout = .seconds(2)
        policy.maxTimeout = .seconds(4)
        policy.slowCallDuration = .seconds(1)
        policy.slowRate = 0.6
        policy.override = override
        return policy
    }

    private static let lease = Duration.seconds(3)

    private static func start() -> Walker {
        let now = Instant(nanoseconds: 1_000_000_000_000)
        return Walker(breaker: CircuitBreaker(policy: policy(.none), at: now), now: now)
    }

    private static func take(_ step: Step, _ walker: inout Walker) {
        var random = BreakerHarness.Constant()
        let before = walker.breaker.state
        switch step {
        case .admit: return admit(&walker)
        case .succeed: settle(0, .ok, &walker)
        case .fail: settle(0, .fault(.crashed), &walker)
        case .neutral: settle(0, .neutral(.cancelled), &walker)
        case .failNewest: settle(walker.out.count - 1, .fault(.timedOut), &walker)
        case .settleTwice:
            guard let last = walker.out.last else { return }
            settle(walker.out.count - 1, .neutral(.abandoned), &walker)
            var again = walker.breaker
            _ = again.settle(last.permit, .ok, at: walker.now, using: &random)
            // A trial has one end; what is no trial is the owner's to settle once.
            if last.permit.isTrial { #expect(again == walker.breaker) }
        case .slow:
            guard !walker.out.isEmpty else { return }
            var permit = walker.out[0].permit
            _ = walker.breaker.becameSlow(&permit, at: walker.now, using: &random)
            walker.out[0].permit = permit
        case .second: walker.now = walker.now + .seconds(1)
        case .deadline:
            walker.now = max(walker.now, walker.breaker.deadline ?? walker.now)
            _ = walker.breaker.deadlinePassed(at: walker.now, using: &random)
        case .restarted: _ = walker.breaker.bringForward(at: walker.now)
        case .forceOpen: walker.breaker.configure(policy(.forcedOpen), at: walker.now)
        case .observe: walker.breaker.configure(policy(.observe), at: walker.now)
        case .noOverride: walker.breaker.configure(policy(.none), at: walker.now)
        }
        note(before, &walker)
    }

    private static func admit(_ walker: inout Walker) {
        let isPromised = walker.breaker.refusal(at: walker.now) == nil
        let before = walker.breaker.state
        let admission = walker.breaker.admit(at: walker.now, lease: lease)
        note(before, &walker)
        switch admission {
        case .admitted(let permit):
            #expect(isPromised, "refusal(at:) said that it would be refused")
            walker.out.append(Walker.Out(permit: permit))
        case .refused(let refusal):
            #expect(!isPromised, "refusal(at:) said that it would pass")
            #expect(refusal.retryAfter > .zero, "an answer to ask again at once")
            walker.refused += 1
        }
    }

    private static func settle(_ place: Int, _ verdict: Verdict, _ walker: inout Walker) {
        guard walker.out.indices.contains(place) else { return }
        var random = BreakerHarness.Constant()
        let before = walker.breaker
        let entry = walker.out.remove(at: place)
        let now = walker.now
        let transition = walker.breaker.settle(entry.permit, verdict, at: now, using: &random)
        guard !entry.isCurrent else { return }
        // What an earlier state admitted moves nothing but what time alone has moved.
        var aged = before
        aged.catchUp(to: now)
        #expect(walker.breaker == before || walker.breaker == aged, "a late result counts")
        if walker.breaker == before { #expect(transition == nil) }
    }

    /// Permits of a state that is over are no longer current.
    private static func note(_ before: CircuitBreaker.State, _ walker: inout Walker) {
        guard before != walker.breaker.state else { return }
        for index in walker.out.indices { walker.out[index].isCurrent = false }
    }

    private static func check(_ walker: Walker) {
        let breaker = walker.breaker
        // B06: never more trials than half_open_max, and each one out is known.
        #expect(breaker.trials.count <= 2)
        #expect(breaker.trials.count == walker.currentTrials, "trials out ≠ trials known")
        #expect(breaker.statistics(at: walker.now).refused == walker.refused)
        switch breaker.state {
        case .closed:
            #expect(breaker.deadline == nil)
            #expect(breaker.consecutiveFaults < 2, "a rule is met and not acted on")
        case .open(let since, let until):
            #expect(until > since && breaker.deadline == until)
        case .halfOpen:
            // B03, B10: half-open never waits for nothing.
            #expect(
                breaker.wantsTrial || breaker.deadline != nil || breaker.override == .forcedOpen
            )
        }
    }

    private func walk(_ depth: Int, _ visit: (Walker) -> Void) -> Int {
        var seen: [Walker: Int] = [:]
        func go(_ walker: Walker, _ depth: Int) {
            // The same state with the same book, reached with as many steps left, was walked.
            if let left = seen[walker], left >= depth { return }
            seen[walker] = depth
            visit(walker)
            guard depth > 0 else { return }
            for step in Step.allCases {
                var next = walker
                Self.take(step, &next)
                guard next != walker else { continue }
                go(next, depth - 1)
            }
        }
        go(Self.start(), depth)
        return seen.count
    }

    @Test func `no sequence of ten events breaks a rule`() {
        #expect(walk(10, Self.check) > 50_000)
    }

    /// Promise 3: from each reachable state, a healthy worker is served again, and no traffic is
    /// needed for it: time passes and the supervisor's own probes are the trials.
    @Test func `from every reachable state a healthy worker's breaker closes without a call`() {
        _ = walk(6) { start in
            var walker = start
            var random = BreakerHarness.Constant()
            walker.breaker.configure(Self.policy(.none), at: walker.now)
            for _ in 0..<8 {
                if walker.breaker.wantsTrial {
                    guard
                        case .admitted(let permit) = walker.breaker.admit(
                            at: walker.now,
                            lease: Self.lease
                        )
                    else { return #expect(Bool(false), "a trial is wanted and refused") }
                    _ = walker.breaker.settle(permit, .ok, at: walker.now, using: &random)
                } else if let deadline = walker.breaker.deadline {
                    walker.now = max(walker.now, deadline)
                    _ = walker.breaker.deadlinePassed(at: walker.now, using: &random)
                } else {
                    break
                }
            }
            #expect(walker.breaker.state.name == "closed")
        }
    }
}
