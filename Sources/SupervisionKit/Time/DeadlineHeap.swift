/// The deadlines of everything that waits, earliest first.
///
/// A binary heap that knows where each key stands, so that a deadline can be moved or removed in
/// O(log n) and the earliest read in O(1). The alternative, a heap with stale entries that are
/// skipped when they surface, grows with the call rate times the timeout: at 40,000 calls a second
/// and 30 s it would hold over a million dead entries.
///
/// Keys are small non-negative integers chosen by the owner; each stands at most once.
struct DeadlineHeap: Sendable {
    private struct Entry {
        var at: Instant
        var key: Int
    }

    private var entries: [Entry] = []
    /// Index in `entries` by key; -1 for a key that isn't waiting.
    private var places: [Int32] = []

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }
    var earliest: Instant? { entries.first?.at }

    /// The key whose deadline has come by `now`, the earliest first; it is removed.
    mutating func popDue(at now: Instant) -> Int? {
        guard let first = entries.first, first.at <= now else { return nil }
        remove(first.key)
        return first.key
    }

    func deadline(of key: Int) -> Instant? {
        guard key < places.count, places[key] >= 0 else { return nil }
        return entries[Int(places[key])].at
    }

    /// Sets, moves or (with nil) removes the deadline of `key`.
    mutating func set(_ key: Int, to instant: Instant?) {
        guard let instant else { return remove(key) }
        if key >= places.count {
            let wanted = max(key + 1, 2 * places.count)
            places.append(contentsOf: repeatElement(-1, count: wanted - places.count))
        }
        let place = Int(places[key])
        guard place >= 0 else {
            places[key] = Int32(entries.count)
            entries.append(Entry(at: instant, key: key))
            return siftUp(entries.count - 1)
        }
        let isEarlier = instant < entries[place].at
        entries[place].at = instant
        if isEarlier { siftUp(place) } else { siftDown(place) }
    }

    mutating func remove(_ key: Int) {
        guard key < places.count, places[key] >= 0 else { return }
        let place = Int(places[key])
        places[key] = -1
        let last = entries.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        places[last.key] = Int32(place)
        siftUp(place)
        siftDown(Int(places[last.key]))
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        let entry = entries[child]
        // Most deadlines are later than those that wait, and stay where they were put.
        guard child > 0, entry.at < entries[(child - 1) / 2].at else { return }
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry.at < entries[parent].at else { break }
            place(entries[parent], at: child)
            child = parent
        }
        place(entry, at: child)
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        let entry = entries[parent]
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].at < entries[child].at { child += 1 }
            guard entries[child].at < entry.at else { break }
            place(entries[child], at: parent)
            parent = child
        }
        place(entry, at: parent)
    }

    private mutating func place(_ entry: Entry, at index: Int) {
        entries[index] = entry
        places[entry.key] = Int32(index)
    }
}
