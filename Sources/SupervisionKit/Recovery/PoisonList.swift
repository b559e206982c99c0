/// The calls that killed two workers, by a key that stays the same when a caller sends one again.
///
/// A call is tried only so often by itself; what this stops is the caller that sends the same
/// deadly call again and again. A key is refused for a while and not for ever: the worker may have
/// been mended since.
///
/// Nothing grows: beyond `maxCount` the key that was added first gives way, which is also the first
/// to run out. To find it, all entries are looked through; two workers have died for each time
/// that is done.
public struct PoisonList: Hashable, Sendable {
    public static let maxCount = 1024
    /// The key of a call that has none; never refused.
    public static let noKey: UInt64 = 0

    private struct Entry: Hashable {
        var added: Instant
        /// Tells entries of one instant apart, so that a replay drops the same one.
        var order: UInt64
    }

    /// How long a key is refused from when it was added; zero or less refuses nothing.
    ///
    /// A change holds for the keys that stand here already.
    public var time: Duration
    private var entries: [UInt64: Entry] = [:]
    private var nextOrder: UInt64 = 0

    public init(time: Duration = .seconds(600)) {
        self.time = time
    }

    /// How many keys are held, those included whose time has run out unseen.
    public var count: Int { entries.count }

    /// A call with `key` killed its second worker; when the key stands here already, its time
    /// starts anew.
    public mutating func add(_ key: UInt64, at now: Instant) {
        guard key != Self.noKey else { return }
        if entries[key] == nil, entries.count >= Self.maxCount { removeOldest() }
        entries[key] = Entry(added: now, order: nextOrder)
        nextOrder += 1
    }

    /// For how long a call with `key` is still refused; nil when it is not.
    public func refusal(of key: UInt64, at now: Instant) -> Duration? {
        entries[key].flatMap { timeLeft($0, at: now) }
    }

    /// An operator lifts the refusal of `key`.
    public mutating func remove(_ key: UInt64) {
        entries[key] = nil
    }

    private mutating func removeOldest() {
        guard let oldest = entries.min(by: { $0.value.order < $1.value.order }) else { return }
        entries[oldest.key] = nil
    }

    private func timeLeft(_ entry: Entry, at now: Instant) -> Duration? {
        let age = now.since(entry.added)
        return age < time ? time - age : nil
    }
}
