/// Finds a caller's calls by the ids that the caller gave them.
///
/// Open addressing with linear probing and Fibonacci hashing (Knuth, The Art of Computer
/// Programming 3, 6.4). Each call is looked up three times, and the standard library's keyed hash
/// was a fifth of what a call cost. A caller can choose ids that collide; it makes its own calls
/// slower then, by at most as many steps as it may have calls.
struct CallIndex: Sendable {
    private struct Entry: Sendable {
        var id: UInt64 = 0
        /// Index in the call table; -1 for a free place.
        var call: Int32 = -1
    }

    private(set) var count = 0
    /// A power of two of them, at most three quarters in use.
    private var entries: [Entry] = []
    /// Bits of a hash that are no part of a place.
    private var shift = UInt64.bitWidth

    /// The call with this id; nil when there is none.
    subscript(id: UInt64) -> Int? {
        guard count > 0 else { return nil }
        let place = place(of: id)
        return entries[place].call < 0 ? nil : Int(entries[place].call)
    }

    /// In a fixed order.
    var calls: [Int] {
        entries.compactMap { $0.call < 0 ? nil : Int($0.call) }.sorted()
    }

    /// Adds a call, in place of one with the same id.
    mutating func insert(_ call: Int, as id: UInt64) {
        if 4 * (count + 1) > 3 * entries.count { grow() }
        let place = place(of: id)
        if entries[place].call < 0 { count += 1 }
        entries[place] = Entry(id: id, call: Int32(call))
    }

    mutating func remove(_ id: UInt64) {
        guard count > 0 else { return }
        var hole = place(of: id)
        guard entries[hole].call >= 0 else { return }
        count -= 1
        // What was pushed on past the hole comes back: a search ends at a free place.
        var next = following(hole)
        while entries[next].call >= 0 {
            let home = home(of: entries[next].id)
            if distance(from: home, to: next) >= distance(from: hole, to: next) {
                entries[hole] = entries[next]
                hole = next
            }
            next = following(next)
        }
        entries[hole] = Entry()
    }

    /// Where the id stands, or would.
    private func place(of id: UInt64) -> Int {
        var place = home(of: id)
        while entries[place].call >= 0, entries[place].id != id { place = following(place) }
        return place
    }

    private func home(of id: UInt64) -> Int {
        Int(truncatingIfNeeded: (id &* 0x9E37_79B9_7F4A_7C15) &>> UInt64(truncatingIfNeeded: shift))
    }

    private func following(_ place: Int) -> Int { (place &+ 1) & (entries.count &- 1) }

    private func distance(from first: Int, to second: Int) -> Int {
        (second &- first) & (entries.count &- 1)
    }

    private mutating func grow() {
        let former = entries
        entries = Array(repeating: Entry(), count: max(8, 2 * former.count))
        shift = UInt64.bitWidth - entries.count.trailingZeroBitCount
        for entry in former where entry.call >= 0 { entries[place(of: entry.id)] = entry }
    }
}
