import Testing

@testable import SupervisionKit

@Suite("How often a worker is started again")
struct RestartIntensityTests {
    private static let start = Instant(nanoseconds: 1_000_000_000_000)

    private static func at(_ seconds: Double) -> Instant { start + .seconds(seconds) }

    /// A sequence of ends, and what each leads to.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var maxRestarts = 3
        /// When each worker was ready and when it ended, in seconds; nil is never ready.
        var ends: [(readySince: Double?, at: Double)]
        /// Seconds from each end to the next start; nil is quarantine.
        var delays: [Double?]
    }

    static let cases: [Case] = [
        Case(
            testDescription: "the budget is spent by the fourth end, not the third, not the fifth",
            ends: [(nil, 0), (nil, 1), (nil, 2), (nil, 3)],
            delays: [0, 0.1, 0.2, nil]
        ),
        Case(
            testDescription: "a crash once a month is restarted at once",
            maxRestarts: 1,
            ends: [(0, 2_592_000), (2_592_001, 5_184_000), (5_184_001, 7_776_000)],
            delays: [0, 0, 0]
        ),
        Case(
            testDescription: "a worker that was ready for a moment only is not stable",
            ends: [(0, 1), (1, 2), (2, 3), (3, 4)],
            delays: [0, 0.1, 0.2, nil]
        ),
        Case(
            testDescription: "one instant short of stable goes on with the backoff",
            ends: [(nil, 0), (1, 300.999), (302, 601.999)],
            delays: [0, 0.1, 0.2]
        ),
        Case(
            testDescription: "exactly stable starts the backoff anew",
            ends: [(nil, 0), (1, 301), (nil, 302)],
            delays: [0, 0, 0.1]
        ),
        // E02: anchored to the launch, a window would miss a burst across its edge.
        Case(
            testDescription: "the window rolls",
            ends: [(nil, 0), (nil, 50), (nil, 59), (nil, 61), (nil, 62)],
            delays: [0, 0.1, 0.2, 0.4, nil]
        ),
        Case(
            testDescription: "a restart leaves the window exactly when it is over",
            maxRestarts: 1,
            ends: [(nil, 0), (nil, 60), (nil, 119.999)],
            delays: [0, 0.1, nil]
        ),
        Case(
            testDescription: "no restarts allowed is quarantine at once",
            maxRestarts: 0,
            ends: [(nil, 0)],
            delays: [nil]
        ),
        Case(
            testDescription: "a budget below nothing is none",
            maxRestarts: .min,
            ends: [(0, 1000)],
            delays: [nil]
        ),
    ]

    // E01, E02. E03: `ended` doesn't ask how the worker ended, so exit 0 draws like a crash.
    @Test(arguments: cases)
    func `each end leads to the right start`(_ example: Case) {
        var policy = RecoveryPolicy()
        policy.maxRestarts = example.maxRestarts
        var intensity = RestartIntensity()
        for (end, delay) in zip(example.ends, example.delays) {
            let now = Self.at(end.at)
            let decision = intensity.ended(
                readySince: end.readySince.map(Self.at),
                at: now,
                policy: policy
            )
            let expected: RestartIntensity.Decision =
                delay.map { .restart(at: now + .seconds($0)) }
                ?? .quarantine(until: now + policy.retryQuarantined)
            #expect(decision == expected, "the end at \(end.at) s")
        }
    }

    @Test func `the backoff doubles up to its limit`() {
        var policy = RecoveryPolicy()
        policy.maxRestarts = 20
        var intensity = RestartIntensity()
        var delays: [Duration] = []
        for _ in 0..<12 {
            let decision = intensity.ended(readySince: nil, at: Self.start, policy: policy)
            guard case .restart(let at) = decision else { break }
            delays.append(at.since(Self.start))
        }
        let expected = [0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]
        #expect(delays == expected.map { .milliseconds($0) })
    }

    @Test func `the quarantine doubles up to its limit and a stable time ends that`() {
        let policy = RecoveryPolicy()
        var intensity = RestartIntensity()
        var minutes: [Duration] = []
        for _ in 0..<6 {
            let decision = intensity.trialFailed(at: Self.start, policy: policy)
            guard case .quarantine(let until) = decision else { break }
            minutes.append(until.since(Self.start))
        }
        #expect(minutes == [5, 10, 20, 40, 60, 60].map { .seconds($0 * 60) })
        let decision = intensity.ended(
            readySince: Self.start,
            at: Self.start + policy.stableAfter,
            policy: policy
        )
        #expect(decision == .restart(at: Self.start + policy.stableAfter))
        #expect(intensity.quarantines == 0)
    }

    @Test func `a trial that succeeds and dies soon goes into a longer quarantine in the end`() {
        let policy = RecoveryPolicy()
        var intensity = RestartIntensity()
        var now = Self.start
        var lengths: [Duration] = []
        for _ in 0..<3 {
            for _ in 0...policy.maxRestarts {
                let decision = intensity.ended(readySince: nil, at: now, policy: policy)
                guard case .quarantine(let until) = decision else { continue }
                lengths.append(until.since(now))
                now = until
            }
            intensity.trialSucceeded()
        }
        #expect(lengths == [300, 600, 1200].map { .seconds($0) })
    }

    @Test func `a quarantine that is shorter than the window is no way around the budget`() {
        var policy = RecoveryPolicy()
        policy.maxRestarts = 1
        policy.retryQuarantined = .seconds(1)
        var intensity = RestartIntensity()
        _ = intensity.ended(readySince: nil, at: Self.at(0), policy: policy)
        _ = intensity.ended(readySince: nil, at: Self.at(1), policy: policy)
        intensity.trialSucceeded()
        let decision = intensity.ended(readySince: Self.at(2), at: Self.at(3), policy: policy)
        #expect(decision == .quarantine(until: Self.at(5)))
    }

    @Test func `an operator's start gives a clean sheet`() {
        let policy = RecoveryPolicy()
        var intensity = RestartIntensity()
        for _ in 0..<5 { _ = intensity.ended(readySince: nil, at: Self.start, policy: policy) }
        intensity.reset()
        #expect(intensity == RestartIntensity())
    }

    @Test func `a budget and a window without end keep a bounded list`() {
        var policy = RecoveryPolicy()
        policy.maxRestarts = .max
        policy.window = .seconds(Int64.max)
        policy.initialBackoff = .seconds(Int64.max)
        policy.maxRestartDelay = .seconds(Int64.max)
        policy.retryQuarantined = .seconds(Int64.max)
        policy.maxQuarantine = .seconds(Int64.max)
        var intensity = RestartIntensity()
        for _ in 0..<2000 { _ = intensity.ended(readySince: nil, at: .zero, policy: policy) }
        #expect(intensity.restarts.count == RestartIntensity.maxRestarts)
    }

    @Test func `times below nothing do not trap`() {
        var policy = RecoveryPolicy()
        let below = Duration.seconds(Int64.min)
        (policy.window, policy.restartDelay, policy.initialBackoff) = (below, below, below)
        (policy.maxRestartDelay, policy.stableAfter) = (below, below)
        (policy.retryQuarantined, policy.maxQuarantine) = (below, below)
        var intensity = RestartIntensity()
        for seconds in [5.0, 3, 9] {
            let now = Self.at(seconds)
            let decision = intensity.ended(readySince: Self.at(7), at: now, policy: policy)
            #expect(decision == .restart(at: .zero))
        }
        #expect(intensity.trialFailed(at: Self.start, policy: policy) == .quarantine(until: .zero))
    }

    // C02
    @Test func `a clock that runs backwards forgets no restart`() {
        var policy = RecoveryPolicy()
        policy.maxRestarts = 1
        var intensity = RestartIntensity()
        _ = intensity.ended(readySince: nil, at: Self.at(100), policy: policy)
        let decision = intensity.ended(readySince: nil, at: Self.at(0), policy: policy)
        #expect(decision == .quarantine(until: Self.at(300)))
    }
}
