/// Calls of one group that wait for a worker, first come first served; links are in the records,
/// so that a call leaves from the middle in O(1).
struct CallQueue: Sendable {
    private(set) var head: Int32 = -1
    private(set) var tail: Int32 = -1
    private(set) var count = 0

    var first: Int? { head < 0 ? nil : Int(head) }

    mutating func append(_ index: Int, in table: inout CallTable) {
        link(index, after: tail, before: -1, in: &table)
    }

    /// For a call that has waited once already.
    mutating func prepend(_ index: Int, in table: inout CallTable) {
        link(index, after: -1, before: head, in: &table)
    }

    mutating func remove(_ index: Int, in table: inout CallTable) {
        let (previous, next) = (table[index].previous, table[index].next)
        if previous < 0 { head = next } else { table[Int(previous)].next = next }
        if next < 0 { tail = previous } else { table[Int(next)].previous = previous }
        table[index].previous = -1
        table[index].next = -1
        count -= 1
    }

    private mutating func link(
        _ index: Int,
        after previous: Int32,
        before next: Int32,
        in table: inout CallTable
    ) {
        table[index].previous = previous
        table[index].next = next
        if previous < 0 { head = Int32(index) } else { table[Int(previous)].next = Int32(index) }
        if next < 0 { tail = Int32(index) } else { table[Int(next)].previous = Int32(index) }
        count += 1
    }
}
