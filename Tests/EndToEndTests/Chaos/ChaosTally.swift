import KernelClient
import SupervisionKit
import SupervisionWire

/// What became of calls: counts, and of the numbered ones the end of each.
struct ChaosTally: Sendable {
    /// What the caller knows of a numbered call.
    enum End: Sendable {
        case ok
        case notRun
        case unknown
    }

    var calls = 0
    var ok = 0
    /// Ok, with another result than it should have.
    var wrong = 0
    /// Answered twice, or an answer to no call.
    var strayReplies = 0
    /// Tries beyond the first.
    var retries = 0
    var errors: [String: Int] = [:]
    /// By number.
    var once: [UInt32: End] = [:]
    var note: [UInt32: End] = [:]
    /// How far behind its deadline a call ended, at most, and how many beyond the grace.
    var latest = Duration.zero
    var late = 0
    /// When calls ended well.
    var goodAt: [Instant] = []

    static let grace = Duration.milliseconds(50)

    mutating func count(_ error: KernelCallError) {
        calls += 1
        errors[error.code.name, default: 0] += 1
        retries += max(0, error.attempts - 1)
    }

    mutating func countOK(attempts: Int) {
        calls += 1
        ok += 1
        retries += max(0, attempts - 1)
    }

    mutating func countRaw(_ head: ReplyHead, isExpected: Bool) {
        if !isExpected { strayReplies += 1 }
        calls += 1
        retries += max(0, Int(head.attempts) - 1)
        if let error = head.error { errors[error.name, default: 0] += 1 } else { ok += 1 }
    }

    mutating func count(endedAt end: Instant, deadline: Instant) {
        guard end > deadline else { return }
        latest = max(latest, end.since(deadline))
        if end.since(deadline) > Self.grace { late += 1 }
    }

    static func + (left: ChaosTally, right: ChaosTally) -> ChaosTally {
        var sum = left
        sum.calls += right.calls
        sum.ok += right.ok
        sum.wrong += right.wrong
        sum.strayReplies += right.strayReplies
        sum.retries += right.retries
        sum.errors.merge(right.errors) { $0 + $1 }
        sum.once.merge(right.once) { $1 }
        sum.note.merge(right.note) { $1 }
        sum.latest = max(left.latest, right.latest)
        sum.late += right.late
        sum.goodAt += right.goodAt
        return sum
    }

    /// The longest time without a good answer.
    func longestGap(from start: Instant, to end: Instant) -> Duration {
        let times = [start] + goodAt.filter { $0 < end }.sorted() + [end]
        return zip(times, times.dropFirst()).map { $1.since($0) }.max() ?? .zero
    }
}
