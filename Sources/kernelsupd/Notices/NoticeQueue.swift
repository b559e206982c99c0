internal import SupervisionKit

/// Alerts that wait for the operator's command, bounded.
///
/// One that finds the queue full is dropped: those before it are closer to what went wrong first.
struct NoticeQueue {
    static let capacity = 64

    private var waiting: [OperatorNotice] = []
    /// Ever.
    private(set) var dropped = 0
    /// Runs begun, which also numbers them.
    private(set) var taken = 0

    var count: Int { waiting.count }

    /// - Returns: whether there was room.
    mutating func add(_ notice: OperatorNotice) -> Bool {
        guard waiting.count < Self.capacity else {
            dropped += 1
            return false
        }
        waiting.append(notice)
        return true
    }

    /// Takes out the oldest, with its number, from 1.
    mutating func next() -> (notice: OperatorNotice, number: Int)? {
        guard !waiting.isEmpty else { return nil }
        taken += 1
        return (waiting.removeFirst(), taken)
    }

    /// Gives all up that wait.
    ///
    /// - Returns: how many there were.
    mutating func clear() -> Int {
        defer { waiting = [] }
        dropped += waiting.count
        return waiting.count
    }
}
