import SupervisionKit
import Testing

@Suite("Deadlines")
struct DeadlineTests {
    static let now = Instant(nanoseconds: 5_000_000_000)
    static let century = Duration.seconds(1_000_000_000_000_000_000)

    @Test func `a timeout ends so long after now`() {
        let deadline = Deadline(after: .seconds(3), from: Self.now)
        #expect(deadline == Deadline(Instant(nanoseconds: 8_000_000_000)))
        #expect(deadline.remaining(at: Self.now) == .seconds(3))
        #expect(deadline.remaining(at: .distantFuture) == .zero)
    }

    @Test func `it has expired at its instant and not before`() {
        let deadline = Deadline(Self.now)
        #expect(!deadline.isExpired(at: Self.now + .nanoseconds(-1)))
        #expect(deadline.isExpired(at: Self.now))
        #expect(deadline.isExpired(at: .distantFuture))
    }

    @Test func `a negative timeout has expired at once`() {
        for timeout in [Duration.zero, .seconds(-1), .seconds(Int64.min)] {
            #expect(Deadline(after: timeout, from: Self.now) == Deadline(Self.now))
        }
    }

    // R11
    @Test func `a huge timeout saturates to none`() {
        #expect(Deadline(after: Self.century, from: Self.now) == .none)
        #expect(Deadline(after: .seconds(10), from: .distantFuture) == .none)
    }

    @Test func `none never expires, and is later than all others`() {
        #expect(!Deadline.none.isExpired(at: .distantFuture))
        #expect(Deadline.none.remaining(at: .distantFuture) > .seconds(9_000_000_000))
        #expect(Deadline(Self.now) < .none)
    }

    // R11
    @Test func `a child ends by its own timeout and never after its parent`() {
        let parent = Deadline(after: .seconds(10), from: Self.now)
        let early = parent.child(timeout: .seconds(4), at: Self.now)
        #expect(early == Deadline(after: .seconds(4), from: Self.now))
        #expect(parent.child(timeout: .seconds(11), at: Self.now) == parent)
        #expect(parent.child(timeout: Self.century, at: Self.now) == parent)
        #expect(parent.child(timeout: .seconds(1), at: Self.now + .seconds(20)) == parent)
        #expect(Deadline.none.child(timeout: Self.century, at: Self.now) == .none)
    }

    @Test func `in no chain of children does a deadline move back`() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<100 {
            var deadline = Deadline.none
            var now = Self.now
            for _ in 0..<16 {
                let timeout = Duration.nanoseconds(Int64.random(in: .min ... .max, using: &random))
                let child = deadline.child(timeout: timeout, at: now)
                #expect(child <= deadline && child.instant >= min(now, deadline.instant))
                deadline = child
                now = now + .milliseconds(Int.random(in: -5...50, using: &random))
            }
        }
    }
}
