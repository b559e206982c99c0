import SupervisionKit
import Testing

/// The wait between two tries.
@Suite("The wait before a retry")
struct RetryDelayTests {
    static func makePolicy(_ backoff: Backoff = .exponential) -> RetryPolicy {
        var policy = RetryPolicy()
        policy.backoff = backoff
        return policy
    }

    static func delays(_ policy: RetryPolicy, _ attempts: [Int]) -> [Duration] {
        var random = SplitMix64(seed: 1)
        return attempts.map { policy.delay(after: $0, using: &random) }
    }

    @Test func `a fixed wait is the initial one`() {
        let waits = Self.delays(Self.makePolicy(.fixed), [1, 2, 1_000_000])
        #expect(waits == Array(repeating: .milliseconds(100), count: 3))
    }

    @Test func `a linear wait grows by the initial one up to the cap`() {
        let waits = Self.delays(Self.makePolicy(.linear), [1, 2, 99, 100, 101, .max])
        #expect(
            waits == [
                .milliseconds(100), .milliseconds(200), .milliseconds(9900), .seconds(10),
                .seconds(10), .seconds(10),
            ]
        )
    }

    @Test func `an exponential wait doubles up to the cap`() {
        let waits = Self.delays(Self.makePolicy(), Array(1...9))
        let milliseconds = [100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000]
        #expect(waits == milliseconds.map { .milliseconds($0) })
    }

    @Test func `a multiplier need not be whole`() {
        var policy = Self.makePolicy()
        policy.multiplier = 1.5
        let waits = Self.delays(policy, [1, 2, 3, 4])
        #expect(waits == [100, 150, 225, 337.5].map { .microseconds(Int64($0 * 1000)) })
    }

    // R01
    @Test(arguments: [1_000_000, Int.max], Backoff.allCases)
    func `the millionth try waits above zero and at most the cap`(attempt: Int, backoff: Backoff) {
        var random = SplitMix64(seed: 2)
        let policy = Self.makePolicy(backoff)
        for _ in 0..<100 {
            let wait = policy.delay(after: attempt, using: &random)
            #expect(wait > .zero && wait <= policy.max)
        }
    }

    // R02
    @Test(arguments: [1, 8, 1_000_000])
    func `full jitter fills what exponential gives, at the cap too`(attempt: Int) {
        let longest = Self.delays(Self.makePolicy(), [attempt])[0]
        var random = SplitMix64(seed: 3)
        var tenths = [Int](repeating: 0, count: 10)
        let policy = Self.makePolicy(.exponentialWithJitter)
        for _ in 0..<10_000 {
            let wait = policy.delay(after: attempt, using: &random)
            #expect(wait > .zero && wait <= longest)
            tenths[min(9, Int(wait / longest * 10))] += 1
        }
        // 1,000 each, and more than six standard deviations off never.
        #expect(tenths.allSatisfy { abs($0 - 1000) < 190 }, "\(tenths)")
    }

    @Test func `no draw depends on the one before`() {
        let policy = Self.makePolicy(.exponentialWithJitter)
        var random = SplitMix64(seed: 4)
        _ = policy.delay(after: 3, using: &random)
        var same = random
        let direct = policy.delay(after: 9, using: &same)
        let later = policy.delay(after: 9, using: &random)
        #expect(direct == later)
    }

    @Test(arguments: [-5, 0, 1])
    func `tries below one count as one`(attempt: Int) {
        #expect(Self.delays(Self.makePolicy(.linear), [attempt]) == [.milliseconds(100)])
    }

    @Test func `silly values are clamped and trap nowhere`() {
        let spans: [Duration] = [
            .zero, .seconds(-1), .nanoseconds(1), .seconds(1), .seconds(Int64.max / 10),
            .seconds(1_000_000_000_000_000_000), .seconds(Int64.min),
        ]
        let multipliers: [Double] = [
            .nan, -.infinity, -1, 0, 0.5, 1, 1.000_000_001, 2, 1e300, .infinity,
        ]
        var random = SplitMix64(seed: 5)
        for initial in spans {
            for cap in spans {
                for multiplier in multipliers {
                    for backoff in Backoff.allCases {
                        var policy = Self.makePolicy(backoff)
                        policy.initial = initial
                        policy.max = cap
                        policy.multiplier = multiplier
                        for attempt in [Int.min, 0, 1, 2, 63, 64, 1_000_000, .max] {
                            let wait = policy.delay(after: attempt, using: &random)
                            #expect(wait >= .zero && wait <= max(.zero, cap))
                            #expect((wait > .zero) == (initial > .zero && cap > .zero))
                        }
                    }
                }
            }
        }
    }

    @Test func `a multiplier that is no growth leaves the wait as it is`() {
        for multiplier in [Double.nan, -1, 0.5, 1] {
            var policy = Self.makePolicy()
            policy.multiplier = multiplier
            #expect(Self.delays(policy, [50]) == [.milliseconds(100)])
        }
    }
}
