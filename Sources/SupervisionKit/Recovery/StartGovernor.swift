/// Lets at most so many workers start at once, and the others in the order they asked.
///
/// A start is the dearest thing that a worker does: contexts are made and kernels are compiled. A
/// hundred at once make each other miss their start timeouts. What may start is not pushed but
/// asked for: after any event that could have made room the owner calls `next()` until it is nil.
///
/// A slot stands here once at most, whether it starts or waits, so that nothing grows beyond the
/// slots that the owner has.
public struct StartGovernor: Hashable, Sendable {
    /// How many may start at once; 0, or less, is no limit.
    ///
    /// A lower limit stops nothing that has begun. After a higher one, `next()` has more to give.
    public var limit: Int
    /// What was let go and has not ended.
    public private(set) var starting: Set<Int> = []
    /// What waits, the first to ask in front.
    public private(set) var waiting: [Int] = []

    public init(limit: Int = 0) {
        self.limit = limit
    }

    /// A worker wants to start in `slot`.
    ///
    /// - Returns: true when it may start now, and counts as starting until `ended`; false when it
    ///   waits for `next()`. To ask twice changes nothing, and nobody overtakes those who wait.
    public mutating func request(_ slot: Int) -> Bool {
        guard !starting.contains(slot) else { return true }
        guard !waiting.contains(slot) else { return false }
        guard waiting.isEmpty, hasRoom else {
            waiting.append(slot)
            return false
        }
        starting.insert(slot)
        return true
    }

    /// The start in `slot` is over: ready, failed or cancelled.
    ///
    /// Late or twice, it changes nothing; a slot that waits goes on waiting.
    public mutating func ended(_ slot: Int) {
        starting.remove(slot)
    }

    /// Nobody wants to start in `slot` any more; what has begun there counts until `ended`.
    public mutating func withdraw(_ slot: Int) {
        waiting.removeAll { $0 == slot }
    }

    /// The next slot that waited and may start now; from here on it counts as starting.
    public mutating func next() -> Int? {
        guard hasRoom, !waiting.isEmpty else { return nil }
        let slot = waiting.removeFirst()
        starting.insert(slot)
        return slot
    }

    private var hasRoom: Bool { limit <= 0 || starting.count < limit }
}
