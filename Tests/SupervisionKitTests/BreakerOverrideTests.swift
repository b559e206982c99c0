import Testing

@testable import SupervisionKit

/// A person's word and a reload, which stand beside the state.
@Suite("The circuit breaker's overrides")
struct BreakerOverrideTests {
    private func configure(
        _ harness: inout BreakerHarness,
        _ change: (inout BreakerPolicy) -> Void
    ) {
        var policy = BreakerPolicy()
        change(&policy)
        harness.breaker.configure(policy, at: harness.now)
    }

    // B12
    @Test func `forced open survives timers, restarts and reloads until it is lifted`() {
        var harness = BreakerHarness { $0.override = .forcedOpen }
        let refusal = CircuitBreaker.Refusal(reason: .forcedOpen, retryAfter: .seconds(30))
        #expect(harness.refusal == refusal)
        harness.pass(.seconds(100_000))
        #expect(harness.passDeadline() == nil)
        #expect(harness.breaker.bringForward(at: harness.now) == nil)
        #expect(harness.breaker.admit(at: harness.now, lease: .seconds(1)) == .refused(refusal))
        configure(&harness) {
            $0.override = .forcedOpen
            $0.failureThreshold = 7
        }
        #expect(harness.refusal == refusal)
        configure(&harness) { $0.override = .none }
        #expect(harness.refusal == nil)
    }

    @Test func `the state goes on beneath forced open, and no trial is wanted`() {
        var harness = BreakerHarness()
        harness.attempt(.fault(.crashed), times: 5)
        configure(&harness) { $0.override = .forcedOpen }
        harness.pass(.seconds(30))
        #expect(harness.passDeadline() == .halfOpened)
        #expect(!harness.breaker.wantsTrial)
        #expect(harness.refusal?.reason == .forcedOpen)
        #expect(harness.admit() == nil)
        configure(&harness) { $0.override = .none }
        #expect(harness.breaker.wantsTrial)
        #expect(harness.admit()?.isTrial == true)
    }

    @Test(arguments: [BreakerOverride.forcedClosed, .observe])
    func `it admits all and takes the way it would have taken`(word: BreakerOverride) {
        var harness = BreakerHarness { $0.override = word }
        harness.attempt(.fault(.crashed), times: 5)
        let state = harness.breaker.state
        #expect(state.name == "open")
        #expect(harness.refusal == nil)
        // What the state would have refused counts nowhere.
        #expect(harness.attempt(.ok, times: 10) == nil)
        #expect(harness.attempt(.fault(.crashed), times: 10) == nil)
        #expect(harness.breaker.state == state)
        #expect(harness.statistics.refused == 0)
        #expect(harness.statistics.wouldHaveRefused == (word == .observe ? 20 : 0))
        harness.pass(.seconds(30))
        let trial = harness.admit()
        let passedOver = harness.admit()
        #expect(trial?.isTrial == true)
        #expect(passedOver?.isTrial == false)
        #expect(harness.settle(passedOver, .fault(.crashed)) == nil)
        #expect(harness.settle(trial, .ok) == nil)
        #expect(harness.attempt(.ok) == .closed)
    }

    // K08
    @Test func `a reload keeps the state, its time and the trials in flight`() {
        var harness = BreakerHarness()
        harness.attempt(.fault(.crashed), times: 5)
        let open = harness.breaker.state
        configure(&harness) {
            $0.timeout = .seconds(1)
            $0.halfOpenMax = 2
            $0.successThreshold = 1
        }
        #expect(harness.breaker.state == open)
        harness.pass(.seconds(30))
        let trials = (0..<2).map { _ in harness.admit() }
        configure(&harness) { $0.successThreshold = 1 }
        #expect(harness.statistics.trialsInFlight == 2)
        harness.settle(trials[0], .neutral(.cancelled))
        #expect(harness.admit() == nil)
        #expect(harness.settle(trials[1], .ok) == .closed)
    }

    @Test func `a reload keeps what was counted unless the window's length changes`() throws {
        var harness = BreakerHarness { $0.slowCallDuration = .seconds(1) }
        harness.attempt(.fault(.crashed), times: 4)
        var slow = try harness.permit()
        harness.pass(.seconds(1))
        harness.becameSlow(&slow)
        configure(&harness) { $0.failureThreshold = 6 }
        #expect(harness.statistics.callCount == 5)
        configure(&harness) { $0.window = .seconds(20) }
        #expect(harness.statistics.callCount == 0)
        #expect(harness.statistics.consecutiveFaults == 4)
        harness.attempt(.slow)
        // The record of the old window is gone; the new one's is another attempt's.
        harness.settle(slow, .fault(.timedOut))
        let counts = harness.breaker.window.total
        #expect(counts == SlidingWindow.Counts(calls: 2, faults: 1, slow: 1))
    }

    @Test func `its causes are told in words`() {
        let causes: [CircuitBreaker.OpeningCause] = [
            .consecutiveFaults(1), .consecutiveFaults(5), .failureRate(0.5), .slowRate(0.999),
            .trialFailed(.timedOut), .trialSlow, .trialLeaseOver,
        ]
        #expect(
            causes.map(\.phrase) == [
                "an attempt failed", "5 attempts in a row failed", "50 % of the attempts failed",
                "100 % of the attempts were slow", "the trial failed (timed_out)",
                "the trial was slow", "the trial did not end in time",
            ]
        )
    }
}
