import Testing

@testable import SupervisionKit

// E01: starts in any window ≤ budget + 1.
@Suite("Starts in any window")
struct RestartIntensityWalkTests {
    /// One slot whose worker is started, lives for a while, and ends.
    private struct Slot {
        var intensity = RestartIntensity()
        /// The instant of the last start, and what follows.
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var starts: [Instant]
        var isOnTrial = false

        init() { starts = [now] }

        /// The worker becomes ready after `starting`, or never, ends after `life`, and is started
        /// again as soon as that is allowed.
        mutating func live(_ life: Duration, starting: Duration?, _ policy: RecoveryPolicy) {
            let readySince = starting.map { now + $0 }
            if isOnTrial, readySince != nil {
                intensity.trialSucceeded()
                isOnTrial = false
            }
            now = max(now + life, readySince ?? now)
            let decision =
                isOnTrial
                ? intensity.trialFailed(at: now, policy: policy)
                : intensity.ended(readySince: readySince, at: now, policy: policy)
            switch decision {
            case .restart(let at): now = max(now, at)
            case .quarantine(let until):
                now = max(now, until)
                isOnTrial = true
            }
            starts.append(now)
        }

        /// The most starts in any window: one that begins with a start is among the fullest.
        func mostStarts(in window: Duration) -> Int {
            var most = 0
            var first = 0
            for (last, start) in starts.enumerated() {
                while start.since(starts[first]) >= window { first += 1 }
                most = max(most, last - first + 1)
            }
            return most
        }
    }

    @Test func `no life of eight workers has more starts than the budget and one`() {
        var policy = RecoveryPolicy()
        policy.maxRestarts = 2
        policy.window = .seconds(10)
        policy.stableAfter = .seconds(20)
        policy.initialBackoff = .seconds(1)
        policy.retryQuarantined = .seconds(10)
        // Dies at once, unready and ready; at the edges of the window; is stable.
        let lives: [(life: Duration, starting: Duration?)] = [
            (.zero, nil), (.zero, .zero), (.seconds(5), .seconds(1)), (.seconds(9), nil),
            (.seconds(20), .zero),
        ]
        var most = 0
        func walk(_ slot: Slot, _ depth: Int) {
            guard depth > 0 else {
                most = max(most, slot.mostStarts(in: policy.window))
                return
            }
            for (life, starting) in lives {
                var next = slot
                next.live(life, starting: starting, policy)
                walk(next, depth - 1)
            }
        }
        walk(Slot(), 7)
        #expect(most == 3)
    }

    @Test(arguments: 0..<100)
    func `no random policy and life has more starts than the budget and one`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func span(_ longest: Int) -> Duration {
            .milliseconds(Int.random(in: 0...longest, using: &random))
        }
        var policy = RecoveryPolicy()
        policy.maxRestarts = Int.random(in: 0...6, using: &random)
        policy.window = span(20_000) + .milliseconds(1)
        policy.restartDelay = span(500)
        policy.initialBackoff = span(1000)
        policy.maxRestartDelay = span(8000)
        policy.stableAfter = span(30_000)
        policy.retryQuarantined = policy.window + span(10_000)
        policy.maxQuarantine = policy.retryQuarantined + span(60_000)
        var slot = Slot()
        for _ in 0..<500 {
            let longest = [1, 100, 5000, 50_000].randomElement(using: &random) ?? 1
            let starting = Bool.random(using: &random) ? span(longest) : nil
            slot.live(span(longest), starting: starting, policy)
        }
        #expect(slot.mostStarts(in: policy.window) <= policy.maxRestarts + 1)
    }
}
