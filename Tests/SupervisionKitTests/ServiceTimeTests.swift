import SupervisionKit
import Testing

@Suite("The estimate of how long calls run")
struct ServiceTimeTests {
    static func makeTime(_ durations: Duration...) -> ServiceTime {
        var time = ServiceTime()
        for duration in durations { time.record(duration) }
        return time
    }

    @Test func `the first call is the first mean`() {
        #expect(Self.makeTime().mean == nil)
        #expect(Self.makeTime(.milliseconds(40)).mean == .milliseconds(40))
    }

    @Test func `each call moves the mean by an eighth of the difference`() {
        let mean = Self.makeTime(.milliseconds(80), .milliseconds(160)).mean
        #expect(mean == .milliseconds(90))
        #expect(Self.makeTime(.milliseconds(80), .zero).mean == .milliseconds(70))
    }

    @Test(arguments: [1, 7, 1_000_000] as [Int64])
    func `it reaches a new steady value from both sides, to a nanosecond`(target: Int64) {
        for start in [0, 10_000_000] as [Int64] {
            var time = Self.makeTime(.nanoseconds(start))
            for _ in 0..<300 { time.record(.nanoseconds(target)) }
            let mean = time.mean?.saturatedNanoseconds ?? -1
            #expect(abs(mean - target) <= 1)
        }
    }

    @Test func `a call waits for the calls ahead of it, over all places`() {
        let time = Self.makeTime(.milliseconds(100))
        #expect(time.wait(queued: 6, capacity: 1) == .milliseconds(600))
        #expect(time.wait(queued: 6, capacity: 4) == .milliseconds(150))
        #expect(time.wait(queued: 0, capacity: 4) == .zero)
    }

    @Test func `nothing is said without a call, and nothing without a worker`() {
        #expect(Self.makeTime().wait(queued: 1, capacity: 1) == nil)
        #expect(Self.makeTime().wait(queued: 0, capacity: 1) == .zero)
        #expect(Self.makeTime(.seconds(1)).wait(queued: 0, capacity: 0) == nil)
        #expect(Self.makeTime(.seconds(1)).wait(queued: 1, capacity: -1) == nil)
    }

    @Test func `silly durations and lengths saturate`() {
        let huge = Self.makeTime(.seconds(Int64.max), .seconds(Int64.max), .seconds(Int64.max))
        #expect(huge.wait(queued: .max, capacity: 1) == .nanoseconds(Int64.max))
        #expect(Self.makeTime(.seconds(Int64.min), .seconds(-1)).mean == .zero)
        #expect(Self.makeTime(.seconds(1)).wait(queued: .min, capacity: .max) == .zero)
        #expect(Self.makeTime(.seconds(1)).wait(queued: .max, capacity: .max) == .seconds(1))
    }
}
