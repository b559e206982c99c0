import Testing

@testable import SupervisionKit

@Suite("The circuit breaker's window")
struct BreakerWindowTests {
    private static let start = Instant(nanoseconds: 1_000_000_000_000)

    @Test func `it looks back over nine tenths of the window to the whole`() {
        for offset in stride(from: 0, through: 900, by: 100) {
            var window = SlidingWindow(bucketWidth: .seconds(1), at: Self.start)
            let at = Self.start + .milliseconds(offset)
            window.record(.fault, at: at)
            #expect(window.counts(at: at + .seconds(9)).calls == 1)
            #expect(window.counts(at: at + .seconds(10)).calls == 0)
        }
    }

    /// The model is a list of records and their buckets.
    @Test(arguments: 0..<50)
    func `its sums are those of a list`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var window = SlidingWindow(bucketWidth: .nanoseconds(7), at: Self.start)
        var now = Self.start
        var records: [(bucket: UInt64, number: UInt64, outcome: SlidingWindow.Outcome)] = []
        for _ in 0..<500 {
            let step = [0, 0, 1, 5, 30, 69, 70, 200].randomElement(using: &random) ?? 0
            now = now + .nanoseconds(step)
            let bucket = (now.nanoseconds - Self.start.nanoseconds) / 7
            records.removeAll { bucket - $0.bucket >= 10 }
            if let slow = records.firstIndex(where: { $0.outcome == .slow }),
                Int.random(in: 0..<4, using: &random) == 0
            {
                window.withdrawSlow(fromBucket: records[slow].number, at: now)
                records.remove(at: slow)
            } else {
                let outcomes: [SlidingWindow.Outcome] = [.ok, .slow, .fault]
                let outcome = outcomes[Int.random(in: 0..<3, using: &random)]
                let number = window.record(outcome, at: now)
                records.append((bucket, number, outcome))
            }
            let expected = SlidingWindow.Counts(
                calls: UInt64(records.count),
                faults: UInt64(records.count { $0.outcome == .fault }),
                slow: UInt64(records.count { $0.outcome == .slow })
            )
            #expect(window.counts(at: now) == expected)
        }
    }
}
