import SupervisionKit
import Testing

@testable import kernelsupd

struct RateLimitTests {
    private func limit(_ rate: Int, _ burst: Int) -> RateLimit {
        RateLimit(OutputPolicy(rateLimit: rate, rateBurst: burst), at: .zero)
    }

    private func admitted(_ limit: inout RateLimit, of count: Int, at now: Instant) -> Int {
        limit.refill(at: now)
        return (0..<count).count { _ in limit.admit() }
    }

    @Test func `a burst passes, then what the time brings`() {
        var limit = limit(10, 100)
        #expect(admitted(&limit, of: 500, at: .zero) == 100)
        #expect(!limit.isOpen)
        #expect(admitted(&limit, of: 500, at: .zero + .milliseconds(900)) == 0)
        #expect(admitted(&limit, of: 500, at: .zero + .seconds(1)) == 10)
        #expect(admitted(&limit, of: 500, at: .zero + .seconds(3)) == 20)
        #expect(admitted(&limit, of: 500, at: .zero + .seconds(1000)) == 100)
    }

    @Test func `a bucket smaller than a second's worth opens when it is full`() {
        var limit = limit(100, 3)
        #expect(admitted(&limit, of: 10, at: .zero) == 3)
        #expect(admitted(&limit, of: 10, at: .zero + .milliseconds(20)) == 0)
        #expect(admitted(&limit, of: 10, at: .zero + .milliseconds(30)) == 3)
    }

    @Test func `no limit is none`() {
        var limit = limit(0, 1)
        #expect(admitted(&limit, of: 100_000, at: .zero) == 100_000)
        #expect(limit.isOpen)
    }

    @Test func `a new policy is in force at once`() {
        var limit = limit(1, 1000)
        limit.policy = OutputPolicy(rateLimit: 1, rateBurst: 5)
        #expect(admitted(&limit, of: 100, at: .zero) == 5)
        limit.policy = OutputPolicy(rateLimit: 0, rateBurst: 5)
        #expect(admitted(&limit, of: 100, at: .zero) == 100)
    }
}

struct SlotOutputTests {
    private let output = SlotOutput(
        slotName: "a/k/0",
        policy: OutputPolicy(rateLimit: 1, rateBurst: 2),
        at: .zero
    )

    private func write(_ lines: Int, log: (() -> LogRecord) -> Bool) {
        let stamp = OutputLine.Stamp(
            at: .zero,
            wallMicroseconds: 0,
            incarnation: 1,
            pid: 42,
            stream: .standardError
        )
        for _ in 0..<lines { output.take([0x61].span, stamp, [], log: log) }
    }

    @Test func `each line has one fate, and the log hears of those that it does not get`() {
        var log: [LogRecord] = []
        let take = { (record: () -> LogRecord) in
            log.append(record())
            return true
        }
        write(5, log: take)
        #expect(output.account == .init(written: 5, logged: 2, suppressed: 3))
        #expect(log.map(\.message) == ["a/k/0[42]: a", "a/k/0[42]: a"])
        output.limit.refill(at: .zero + .seconds(1))
        write(1, log: take)
        #expect(output.account == .init(written: 6, logged: 3, suppressed: 3))
        #expect(log.count == 4)
        #expect(log[2].fields == [.init("WORKER", "a/k/0"), .init("SUPPRESSED", "3")])
        #expect(log[3].message == "a/k/0[42]: a")
        #expect(!output.hasUnsaid)
        output.saySuppressed(log: take)
        #expect(log.count == 4)
    }

    @Test func `what a full log does not take is lost and counted, and said when it can be`() {
        write(4) { _ in false }
        #expect(output.account == .init(written: 4, logged: 0, suppressed: 2, lost: 2))
        output.saySuppressed { _ in false }
        #expect(output.hasUnsaid)
        output.saySuppressed { _ in true }
        #expect(!output.hasUnsaid)
    }

    @Test func `all lines are in the ring`() {
        write(50) { _ in true }
        #expect(output.ring.count == 50)
    }
}
