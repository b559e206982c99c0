/// Counts how attempts ended over the last while, in ten buckets of equal width.
///
/// It looks back over the bucket under way and the nine before it: at least nine tenths of the
/// window and never more than the whole. The sum of all buckets is kept beside them, so that
/// recording and reading cost the same whatever the window holds, and nothing is allocated. The
/// alternative, a list of the last so many results, says nothing about a kernel that is called
/// once an hour: its faults of last week would count as news.
struct SlidingWindow: Hashable, Sendable {
    /// How an attempt ended, or that it is overdue.
    enum Outcome: Hashable, Sendable {
        case ok
        case slow
        case fault
    }

    struct Counts: Hashable, Sendable {
        var calls: UInt64 = 0
        var faults: UInt64 = 0
        var slow: UInt64 = 0

        static func -= (left: inout Counts, right: Counts) {
            left.calls -= right.calls
            left.faults -= right.faults
            left.slow -= right.slow
        }
    }

    static let bucketCount = 10

    private(set) var total = Counts()
    /// The bucket under way.
    ///
    /// Numbers go on over `clear`, so that a record is found again by its
    /// bucket's number or is known to be gone.
    private var newest = UInt64(Self.bucketCount)
    /// When the bucket under way ends.
    private var end: Instant
    private(set) var bucketWidth: Duration
    /// By the bucket's number modulo `bucketCount`.
    private var buckets = InlineArray<10, Counts>(repeating: Counts())

    /// A width below a nanosecond counts as one.
    init(bucketWidth: Duration, at now: Instant) {
        self.bucketWidth = bucketWidth
        end = now + max(bucketWidth, .nanoseconds(1))
    }

    static func == (left: SlidingWindow, right: SlidingWindow) -> Bool {
        left.newest == right.newest && left.end == right.end
            && left.bucketWidth == right.bucketWidth && left.total == right.total
            && left.buckets.indices.allSatisfy { left.buckets[$0] == right.buckets[$0] }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(newest)
        hasher.combine(end)
        hasher.combine(total)
    }

    /// Counts one attempt.
    ///
    /// - Returns: the number of the bucket that holds it, for `withdrawSlow`; never zero.
    @discardableResult
    mutating func record(_ outcome: Outcome, at now: Instant) -> UInt64 {
        advance(to: now)
        let place = Self.place(newest)
        buckets[place].calls += 1
        total.calls += 1
        switch outcome {
        case .ok: break
        case .slow:
            buckets[place].slow += 1
            total.slow += 1
        case .fault:
            buckets[place].faults += 1
            total.faults += 1
        }
        return newest
    }

    /// Takes back the record of an overdue attempt, because it has ended worse.
    ///
    /// A record that has left the window meanwhile is not taken back a second time.
    mutating func withdrawSlow(fromBucket number: UInt64, at now: Instant) {
        advance(to: now)
        let place = Self.place(number)
        guard number <= newest, newest - number < UInt64(Self.bucketCount), buckets[place].slow > 0
        else { return }
        let record = Counts(calls: 1, slow: 1)
        buckets[place] -= record
        total -= record
    }

    /// What is in the window at this instant.
    func counts(at now: Instant) -> Counts {
        var current = self
        current.advance(to: now)
        return current.total
    }

    /// Forgets what has left the window; time that runs backwards is clamped.
    @inline(__always)
    private mutating func advance(to now: Instant) {
        guard now >= end else { return }
        turn(to: now)
    }

    /// Begins anew.
    mutating func clear(bucketWidth: Duration, at now: Instant) {
        self.bucketWidth = bucketWidth
        forget()
        newest &+= UInt64(Self.bucketCount)
        end = now + max(bucketWidth, .nanoseconds(1))
    }

    private mutating func turn(to now: Instant) {
        let width = UInt64(max(1, bucketWidth.saturatedNanoseconds))
        let buckets = (now.nanoseconds - end.nanoseconds) / width + 1
        if buckets >= UInt64(Self.bucketCount) {
            forget()
            newest &+= buckets
        } else {
            for _ in 0..<buckets { beginBucket() }
        }
        // The bucket under way ends at most a width after `now`.
        let intoBucket = (now.nanoseconds - end.nanoseconds) % width
        end = now + .nanoseconds(Int64(width - intoBucket))
    }

    private mutating func beginBucket() {
        newest &+= 1
        let place = Self.place(newest)
        total -= buckets[place]
        buckets[place] = Counts()
    }

    private mutating func forget() {
        for place in buckets.indices { buckets[place] = Counts() }
        total = Counts()
    }

    private static func place(_ number: UInt64) -> Int {
        Int(truncatingIfNeeded: number % UInt64(bucketCount))
    }
}
