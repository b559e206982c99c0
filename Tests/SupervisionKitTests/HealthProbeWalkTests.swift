import SupervisionKit
import Testing

/// Every sequence of events up to a depth, from the beginning, beside a model that keeps what was
/// answered as a list: what must hold in each state that can be reached at all.
@Suite("Every walk through the health probe")
struct HealthProbeWalkTests {
    private enum Step: CaseIterable {
        case started, stopped, deadline, ok, degraded, failed, busy, stale, probeNow, forgive
        case second, minute
    }

    private enum Standing: Hashable {
        case unknown, good, bad, condemned
    }

    private struct Walker: Hashable {
        var probe = HealthProbe()
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var isRunning = false
        var lastNumber: UInt32 = 0
        var inFlight: UInt32?
        var standing = Standing.unknown
        /// Successes (true) and failures since the standing last changed.
        var answers: [Bool] = []
    }

    private static var policy: HealthPolicy {
        var policy = HealthPolicy()
        policy.failureThreshold = 2
        policy.successThreshold = 2
        return policy
    }

    private static func take(_ step: Step, _ walker: inout Walker) {
        var random = HealthProbeTableTests.Middle()
        let current = walker.inFlight ?? walker.lastNumber
        var action = HealthProbe.Action.none
        func answer(_ number: UInt32, _ result: ProbeResult) -> HealthProbe.Action {
            walker.probe.answered(
                number: number,
                result,
                policy: policy,
                at: walker.now,
                using: &random
            )
        }
        var answered: Bool?
        let isAwaited = walker.inFlight != nil
        switch step {
        case .started, .stopped:
            let (probe, number) = (walker.probe, walker.lastNumber)
            walker = Walker(probe: probe, now: walker.now, lastNumber: number)
            walker.isRunning = step == .started
            if walker.isRunning {
                walker.probe.started(policy: policy, at: walker.now, using: &random)
            } else {
                walker.probe.stopped()
            }
        case .deadline:
            walker.now = max(walker.now, walker.probe.deadline ?? walker.now)
            if isAwaited { answered = false }
            action = walker.probe.deadlinePassed(
                policy: policy,
                at: walker.now,
                using: &random
            )
        case .ok:
            if isAwaited { answered = true }
            action = answer(current, .ok)
        case .degraded:
            if isAwaited { answered = true }
            action = answer(current, .degraded("slow"))
        case .failed:
            if isAwaited { answered = false }
            action = answer(current, .failed("bad"))
        case .busy: action = answer(current, .busy)
        case .stale:
            let before = walker.probe
            action = answer(current &- 1, .failed("stale"))
            expect(walker.probe == before, "an answer to another probe counts", walker)
        case .probeNow: action = walker.probe.probeNow(policy: policy, at: walker.now)
        case .forgive: walker.probe.forgive(at: walker.now)
        case .second: walker.now = walker.now + .seconds(1)
        case .minute: walker.now = walker.now + .seconds(60)
        }
        if answered != nil || step == .busy { walker.inFlight = nil }
        expect(action: action, after: answered, &walker)
    }

    private static func expect(
        action: HealthProbe.Action,
        after answered: Bool?,
        _ walker: inout Walker
    ) {
        let judgement = answered.flatMap { judge($0, &walker) }
        switch action {
        case .none: expect(judgement == nil, "a change went unsaid", walker)
        case .probe(let number):
            expect(walker.inFlight == nil, "two probes are in flight", walker)
            expect(number == walker.lastNumber + 1, "a number is used twice", walker)
            walker.lastNumber = number
            walker.inFlight = number
        case .becameHealthy: expect(judgement == .good, "healthy too early", walker)
        case .becameUnhealthy: expect(judgement == .bad, "unhealthy too early", walker)
        case .condemned: expect(judgement == .condemned, "condemned too early", walker)
        }
    }

    /// The rules as they are written in the policy, over the list; nil for no change.
    private static func judge(_ isGood: Bool, _ walker: inout Walker) -> Standing? {
        walker.answers.append(isGood)
        let lastTwo = walker.answers.suffix(2)
        let next: Standing
        switch walker.standing {
        case .unknown where isGood: next = .good
        case .unknown, .good: next = lastTwo == [false, false] ? .bad : walker.standing
        case .bad where lastTwo == [true, true]: next = .good
        case .bad: next = walker.answers.count { !$0 } == 2 ? .condemned : .bad
        case .condemned: next = .condemned
        }
        guard next != walker.standing else { return nil }
        walker.standing = next
        walker.answers = []
        return next
    }

    private static func check(_ walker: Walker) {
        let probe = walker.probe
        expect(probe.numberInFlight == walker.inFlight, "another probe is in flight", walker)
        let isWatched = walker.isRunning && walker.standing != .condemned
        expect((probe.deadline != nil) == isWatched, "it waits for nothing", walker)
        if let deadline = probe.deadline {
            expect(deadline.since(walker.now) <= .seconds(11), "it waits too long", walker)
        }
        switch (walker.standing, probe.status) {
        case (.unknown, .unknown), (.good, .healthy), (.good, .degraded), (.bad, .unhealthy),
            (.condemned, .unhealthy):
            break
        case (.unknown, _), (.good, _), (.bad, _), (.condemned, _):
            Issue.record("\(probe.status) is shown, \(walker.standing) is so")
        }
        if walker.isRunning { expectEnds(walker) }
    }

    /// From wherever a walk has led, a worker that answers well is healthy after as many probes
    /// as the threshold says, and one that is silent is condemned after as many as both counts.
    private static func expectEnds(_ start: Walker) {
        guard start.standing != .condemned else { return }
        var good = start
        for _ in 0..<policy.successThreshold {
            if good.inFlight == nil { take(.deadline, &good) }
            take(.ok, &good)
        }
        expect(good.standing == .good, "a worker that is well stays refused", start)
        var silent = start
        for _ in 0..<8 { take(.deadline, &silent) }
        expect(silent.standing == .condemned, "a silent worker is kept", start)
    }

    /// Cheaper than `#expect` where millions hold.
    private static func expect(_ holds: Bool, _ rule: String, _ walker: Walker) {
        if !holds { Issue.record("\(rule): \(walker)") }
    }

    @Test func `no sequence of nine events breaks a rule`() {
        var seen: Set<Walker> = []
        var frontier: Set = [Walker()]
        for _ in 0..<9 {
            var next: Set<Walker> = []
            for walker in frontier {
                for step in Step.allCases {
                    var after = walker
                    Self.take(step, &after)
                    if seen.insert(after).inserted {
                        Self.check(after)
                        next.insert(after)
                    }
                }
            }
            frontier = next
        }
        #expect(seen.count > 10_000)
    }
}
