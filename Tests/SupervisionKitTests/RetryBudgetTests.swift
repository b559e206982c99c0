import SupervisionKit
import Testing

@Suite("The retry budget")
struct RetryBudgetTests {
    static func instant(_ seconds: Double) -> Instant {
        Instant(nanoseconds: UInt64((seconds * 1_000_000_000).rounded()))
    }

    static func makePolicy(perSecond: Double = 1, ratio: Double = 0.2) -> RetryPolicy {
        var policy = RetryPolicy()
        policy.budgetPerSecond = perSecond
        policy.budgetRatio = ratio
        return policy
    }

    static func drain(_ budget: inout RetryBudget, at now: Instant, _ policy: RetryPolicy) -> Int {
        var count = 0
        while budget.take(at: now, policy: policy) { count += 1 }
        return count
    }

    @Test func `a fresh budget holds its reserve`() {
        var budget = RetryBudget()
        let policy = Self.makePolicy()
        #expect(budget.available(at: .zero, policy: policy) == 10)
        #expect(Self.drain(&budget, at: Self.instant(3), policy) == 10)
        #expect(budget.available(at: Self.instant(3), policy: policy) == 0)
    }

    @Test(arguments: [(0, 10), (4, 10), (5, 11), (100, 30), (101, 30), (105, 31)])
    func `first attempts add their share`(firsts: Int, expected: Int) {
        var budget = RetryBudget()
        for _ in 0..<firsts { budget.recordFirst(at: Self.instant(1)) }
        #expect(Self.drain(&budget, at: Self.instant(2), Self.makePolicy()) == expected)
    }

    @Test func `shares that no binary fraction holds are exact`() {
        for percent in 1...100 {
            var budget = RetryBudget()
            for _ in 0..<100 { budget.recordFirst(at: Self.instant(1)) }
            let policy = Self.makePolicy(perSecond: 0, ratio: Double(percent) / 100)
            #expect(budget.available(at: Self.instant(1), policy: policy) == percent)
        }
    }

    // R04
    @Test func `what was spent is back eleven seconds later`() {
        var budget = RetryBudget()
        let policy = Self.makePolicy()
        #expect(Self.drain(&budget, at: Self.instant(100.5), policy) == 10)
        #expect(budget.available(at: Self.instant(110.5), policy: policy) == 0)
        #expect(budget.available(at: Self.instant(110.999_999_999), policy: policy) == 0)
        #expect(budget.available(at: Self.instant(111), policy: policy) == 10)
        #expect(Self.drain(&budget, at: Self.instant(111), policy) == 10)
    }

    @Test func `first attempts count for ten buckets`() {
        var budget = RetryBudget()
        for _ in 0..<50 { budget.recordFirst(at: Self.instant(100.999)) }
        let policy = Self.makePolicy(perSecond: 0)
        #expect(budget.available(at: Self.instant(109.999), policy: policy) == 10)
        #expect(budget.available(at: Self.instant(110), policy: policy) == 0)
    }

    @Test func `a refusal draws nothing`() {
        var budget = RetryBudget()
        let policy = Self.makePolicy(perSecond: 0.1)
        #expect(Self.drain(&budget, at: Self.instant(1), policy) == 1)
        let spent = budget
        for _ in 0..<100 { _ = budget.take(at: Self.instant(1), policy: policy) }
        #expect(budget == spent)
    }

    // R06
    @Test func `a retry that never began is given back once`() {
        var budget = RetryBudget()
        let policy = Self.makePolicy()
        _ = Self.drain(&budget, at: Self.instant(5), policy)
        budget.giveBack(takenAt: Self.instant(5.9))
        #expect(budget.available(at: Self.instant(6), policy: policy) == 1)
        budget.giveBack(takenAt: Self.instant(4))
        budget.giveBack(takenAt: Self.instant(900))
        #expect(budget.available(at: Self.instant(6), policy: policy) == 1)
        _ = budget.take(at: Self.instant(16), policy: policy)
        #expect(budget.available(at: Self.instant(16), policy: policy) == 9)
        // That second's bucket has been used anew by now.
        budget.giveBack(takenAt: Self.instant(5))
        #expect(budget.available(at: Self.instant(16), policy: policy) == 9)
    }

    // C02
    @Test func `time that runs backwards neither traps nor refills`() {
        var budget = RetryBudget()
        let policy = Self.makePolicy()
        #expect(Self.drain(&budget, at: Self.instant(1000), policy) == 10)
        #expect(Self.drain(&budget, at: Self.instant(1), policy) == 0)
        budget.recordFirst(at: .zero)
        #expect(budget.available(at: .zero, policy: policy) == 0)
        #expect(budget.available(at: .distantFuture, policy: policy) == 10)
        #expect(Self.drain(&budget, at: .distantFuture, policy) == 10)
        #expect(budget.available(at: .distantFuture, policy: policy) == 0)
    }

    @Test func `silly policies are clamped`() {
        var budget = RetryBudget()
        budget.recordFirst(at: .zero)
        let values: [Double] = [.nan, -.infinity, -1, 0]
        for value in values {
            let policy = Self.makePolicy(perSecond: value, ratio: value)
            #expect(budget.available(at: .zero, policy: policy) == 0)
            #expect(Self.drain(&budget, at: .zero, policy) == 0)
        }
        let everything = Self.makePolicy(perSecond: .infinity, ratio: .infinity)
        #expect(budget.available(at: .zero, policy: everything) == 10_000_000_001)
    }

    @Test func `it is small and its equal is equal`() {
        #expect(MemoryLayout<RetryBudget>.stride <= 200)
        var budget = RetryBudget()
        budget.recordFirst(at: Self.instant(7))
        let copy = budget
        #expect(copy == budget && copy.hashValue == budget.hashValue)
        budget.recordFirst(at: Self.instant(7))
        #expect(copy != budget)
    }

    /// Random traffic against a list of everything that happened, checked at each retry that is
    /// granted (never too many) and each that is refused (never without reason).
    // R04
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `retries are at most reserve and share of any ten seconds before one`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let tenths = Int.random(in: 0...30, using: &random)
        let percent = Int.random(in: 0...100, using: &random)
        let policy = Self.makePolicy(perSecond: Double(tenths) / 10, ratio: Double(percent) / 100)
        var budget = RetryBudget()
        var firsts: [UInt64] = []
        var retries: [UInt64] = []
        var now: UInt64 = 0
        func bound(_ count: Int) -> Int { (100 * tenths + percent * count) / 100 }
        for _ in 0..<2000 {
            let isPause = UInt8.random(in: 0..<200, using: &random) == 0
            now += UInt64.random(in: 0...(isPause ? 30_000_000_000 : 100_000_000), using: &random)
            let since = now > 10_000_000_000 ? now - 10_000_000_000 : 0
            firsts.removeAll { $0 + 11_000_000_000 < now }
            retries.removeAll { $0 + 12_000_000_000 < now }
            if Bool.random(using: &random) {
                firsts.append(now)
                budget.recordFirst(at: Instant(nanoseconds: now))
            } else if budget.take(at: Instant(nanoseconds: now), policy: policy) {
                retries.append(now)
                let inWindow = retries.count { $0 >= since }
                #expect(inWindow <= bound(firsts.count { $0 > since || now < 10_000_000_000 }))
            } else {
                // Nine seconds of first attempts, eleven of retries: what buckets can tell.
                let nine = now > 9_000_000_000 ? now - 9_000_000_000 : 0
                let spent = retries.count { $0 + 11_000_000_000 > now }
                #expect(spent >= bound(firsts.count { $0 >= nine }))
            }
        }
    }
}
