import Testing

@testable import SupervisionKit

/// Permits, trials and late results: how breakers have wedged open or closed by mistake.
@Suite("The circuit breaker's trials")
struct BreakerTrialTests {
    private static let start = Instant(nanoseconds: 1_000_000_000_000)

    private func makeHalfOpen(
        _ change: (inout BreakerPolicy) -> Void = { _ in }
    ) -> BreakerHarness {
        var harness = BreakerHarness(change)
        harness.reachHalfOpen()
        return harness
    }

    // B01, B02, B04, B05: also a caller that died and a full bulkhead settle neutral.
    @Test(arguments: Neutral.allCases)
    func `a trial that ends neutral gives its place back and moves nothing`(why: Neutral) {
        var harness = makeHalfOpen()
        let state = harness.breaker.state
        let trial = harness.admit()
        #expect(trial?.isTrial == true)
        #expect(harness.admit() == nil)
        #expect(harness.settle(trial, .neutral(why)) == nil)
        #expect(harness.breaker.state == state)
        #expect(harness.refusal == nil)
        #expect(harness.attempt(.ok, times: 2) == .closed)
    }

    // B03
    @Test func `a trial that never returns reopens at the end of its lease, then another comes`() {
        var harness = makeHalfOpen()
        let lost = harness.admit()
        let end = harness.now + .seconds(30)
        #expect(harness.breaker.deadline == end)
        harness.now = Instant(nanoseconds: end.nanoseconds - 1)
        #expect(harness.passDeadline() == nil)
        harness.now = end
        let until = end + .seconds(60)
        #expect(harness.passDeadline() == .opened(.trialLeaseOver, until: until))
        harness.now = until
        #expect(harness.settle(lost, .ok) == nil)
        #expect(harness.admit()?.isTrial == true)
    }

    @Test func `a lease runs out although nobody says that its deadline passed`() {
        var harness = makeHalfOpen()
        _ = harness.admit()
        harness.pass(.seconds(30))
        #expect(harness.refusal?.reason == .open)
        #expect(harness.admit() == nil)
        #expect(harness.statistics.openings == 2)
        harness.pass(.seconds(75))
        #expect(harness.refusal == nil)
        #expect(harness.admit()?.isTrial == true)
    }

    @Test func `a trial that ends exactly at the end of its lease is too late`() {
        var harness = makeHalfOpen()
        let trial = harness.admit()
        harness.pass(.seconds(30))
        let until = harness.now + .seconds(60)
        #expect(harness.settle(trial, .ok) == .opened(.trialLeaseOver, until: until))
    }

    // B06
    @Test(arguments: [1, 2, 16])
    func `of fifty callers at the end of the open time exactly half_open_max pass`(most: Int) {
        var harness = BreakerHarness { $0.halfOpenMax = most }
        harness.attempt(.fault(.crashed), times: 5)
        harness.pass(.seconds(30))
        let permits = (0..<50).compactMap { _ in harness.admit() }
        #expect(permits.count == most)
        #expect(Set(permits.map(\.trial)).count == most)
        #expect(harness.refusal?.reason == .trialsInFlight)
        #expect(harness.refusal?.retryAfter == .seconds(30))
    }

    // B07
    @Test func `a success admitted while closed changes nothing once it is open or half-open`() {
        var harness = BreakerHarness { $0.successThreshold = 1 }
        let late = harness.admit()
        let later = harness.admit()
        harness.attempt(.fault(.crashed), times: 5)
        var before = harness.breaker
        #expect(harness.settle(late, .ok) == nil)
        #expect(harness.breaker == before)
        harness.pass(.seconds(30))
        harness.passDeadline()
        before = harness.breaker
        #expect(harness.settle(later, .ok) == nil)
        #expect(harness.breaker == before)
    }

    @Test func `a fault from before it opened does not reopen it once it has recovered`() {
        var harness = BreakerHarness { $0.failureThreshold = 1 }
        let late = harness.admit()
        harness.attempt(.fault(.crashed))
        harness.pass(.seconds(30))
        #expect(harness.attempt(.ok, times: 2) == .closed)
        let before = harness.breaker
        #expect(harness.settle(late, .fault(.timedOut)) == nil)
        #expect(harness.breaker == before)
    }

    // B08
    @Test func `a fault that arrives while open neither extends the open time nor opens again`() {
        var harness = BreakerHarness()
        let late = harness.admit()
        harness.attempt(.fault(.crashed), times: 5)
        let before = harness.breaker
        harness.pass(.seconds(10))
        #expect(harness.settle(late, .fault(.crashed)) == nil)
        #expect(harness.breaker == before)
        #expect(harness.statistics.openings == 1)
    }

    // B09, B25
    @Test(arguments: Fault.allCases)
    func `one fault of a trial reopens at once, busy too`(fault: Fault) {
        var harness = makeHalfOpen()
        let until = harness.now + .seconds(60)
        #expect(harness.attempt(.fault(fault)) == .opened(.trialFailed(fault), until: until))
        #expect(harness.breaker.state == .open(since: harness.now, until: until))
    }

    // B10: whatever order deadlines and calls are noticed in, the state is the same.
    @Test func `time alone moves it, whether or not its deadline is announced`() {
        var announced = BreakerHarness()
        announced.attempt(.fault(.crashed), times: 5)
        var silent = announced
        announced.pass(.seconds(40))
        silent.pass(.seconds(40))
        announced.passDeadline()
        #expect(announced.admit() == silent.admit())
        #expect(announced.breaker == silent.breaker)
    }

    // B11, C01, C03: the instant is all that decides.
    @Test func `exactly at the end of the open time a trial is admitted`() {
        var harness = BreakerHarness()
        harness.attempt(.fault(.crashed), times: 5)
        harness.now = Instant(nanoseconds: (Self.start + .seconds(30)).nanoseconds - 1)
        #expect(harness.refusal == .init(reason: .open, retryAfter: .nanoseconds(1)))
        #expect(harness.admit() == nil)
        harness.pass(.nanoseconds(1))
        #expect(harness.refusal == nil)
        #expect(harness.admit()?.isTrial == true)
        #expect(harness.breaker.state == .halfOpen(since: Self.start + .seconds(30)))
    }

    // C02
    @Test func `time that runs backwards is clamped`() {
        var harness = makeHalfOpen { $0.slowCallDuration = .seconds(1) }
        let since = harness.breaker.state.since
        let trial = harness.admit()
        harness.now = .zero
        #expect(harness.settle(trial, .fault(.crashed)) != nil)
        #expect(harness.breaker.state.since == since)
        harness = BreakerHarness { $0.slowCallDuration = .seconds(1) }
        let permit = harness.admit()
        harness.now = .zero
        #expect(harness.settle(permit, .ok) == nil)
        #expect(harness.statistics.callCount == 1)
        #expect(harness.statistics.slow == 0)
    }

    @Test func `a trial that is settled twice takes no other trial's place`() {
        var harness = makeHalfOpen()
        let first = harness.admit()
        harness.settle(first, .neutral(.cancelled))
        _ = harness.admit()
        #expect(harness.settle(first, .fault(.crashed)) == nil)
        #expect(harness.statistics.trialsInFlight == 1)
        #expect(harness.admit() == nil)
    }

    @Test func `successes of trials close it, and it begins with an empty window`() {
        var harness = makeHalfOpen()
        #expect(harness.breaker.wantsTrial)
        let trial = harness.admit()
        #expect(!harness.breaker.wantsTrial)
        #expect(harness.settle(trial, .ok) == nil)
        #expect(harness.breaker.wantsTrial)
        #expect(harness.attempt(.ok) == .closed)
        #expect(harness.statistics.callCount == 0)
        #expect(harness.statistics.consecutiveFaults == 0)
        #expect(!harness.breaker.wantsTrial)
    }

    @Test func `a restart brings the trial forward and never closes`() {
        var harness = BreakerHarness()
        #expect(harness.breaker.bringForward(at: harness.now) == nil)
        harness.attempt(.fault(.crashed), times: 5)
        harness.pass(.seconds(1))
        #expect(harness.breaker.bringForward(at: harness.now) == .halfOpened)
        #expect(harness.breaker.state == .halfOpen(since: harness.now))
        #expect(harness.breaker.bringForward(at: harness.now) == nil)
        #expect(harness.breaker.wantsTrial)
    }
}
