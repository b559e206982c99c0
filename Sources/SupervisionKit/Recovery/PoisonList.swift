/// The calls that killed two workers, by a key that stays the same when a caller sends one again.
///
/// A call is tried only so often by itself; what this stops is the caller that sends the same
/// deadly call again and again. So it does not matter in how many calls the workers died, and a
/// call that must not be repeated counts with one each time. An answer in between clears the key:
/// what a worker survives is not what kills workers. A key is refused for a while and not for
/// ever: the worker may have been mended since.
///
/// Nothing grows: beyond `maxCount` one key gives way, one that is not refused before one that is,
/// and of those the one whose time began first, which is also the first to run out. To find it,
/// all entries are looked through; a worker has died for each time that is done.
public struct PoisonList: Hashable, Sendable {
    public static let maxCount = 1024
    /// The key of a call that has none; never refused.
    public static let noKey: UInt64 = 0

    private struct Entry: Hashable {
        var workersLost: Int
        /// When the last of them died.
        var added: Instant
        /// Tells entries of one instant apart, so that a replay drops the same one.
        var order: UInt64

        var isRefused: Bool { workersLost >= RetryPolicy.maxWorkersLost }
    }

    /// How long a key is refused, and a death remembered, from the last one on; zero or less
    /// refuses nothing and forgets what stands here.
    ///
    /// Another change holds for the keys that stand here already.
    public var time: Duration {
        didSet {
            if time <= .zero { entries = [:] }
        }
    }
    private var entries: [UInt64: Entry] = [:]
    private var nextOrder: UInt64 = 0

    public init(time: Duration = .seconds(600)) {
        self.time = time
    }

    /// How many keys are held, those included whose time has run out unseen.
    public var count: Int { entries.count }

    /// A worker died with a call of `key`; a death longer ago than the time doesn't count.
    public mutating func add(_ key: UInt64, at now: Instant) {
        guard key != Self.noKey else { return }
        let former = entries[key]
        if former == nil, entries.count >= Self.maxCount { removeOldest() }
        let earlier = former.flatMap { timeLeft($0, at: now) == nil ? nil : $0.workersLost } ?? 0
        let lost = min(earlier + 1, RetryPolicy.maxWorkersLost)
        entries[key] = Entry(workersLost: lost, added: now, order: nextOrder)
        nextOrder += 1
    }

    /// A worker has answered a call of `key`, well or not, and lives.
    public mutating func survived(_ key: UInt64) {
        guard !entries.isEmpty else { return }
        entries[key] = nil
    }

    /// For how long a call with `key` is still refused; nil when it is not.
    public func refusal(of key: UInt64, at now: Instant) -> Duration? {
        guard let entry = entries[key], entry.isRefused else { return nil }
        return timeLeft(entry, at: now)
    }

    private mutating func removeOldest() {
        let oldest = entries.min { left, right in
            left.value.isRefused == right.value.isRefused
                ? left.value.order < right.value.order : right.value.isRefused
        }
        guard let oldest else { return }
        entries[oldest.key] = nil
    }

    private func timeLeft(_ entry: Entry, at now: Instant) -> Duration? {
        let age = now.since(entry.added)
        return age < time ? time - age : nil
    }
}
