/// All calls that have not ended, in slots that are used again: nothing is allocated per call once
/// the table has grown to the number of calls in flight.
struct CallTable: Sendable {
    private var records: [CallRecord] = []
    private var generations: [UInt32] = []
    private var free: [Int32] = []

    private(set) var count = 0

    subscript(index: Int) -> CallRecord {
        _read { yield records[index] }
        _modify { yield &records[index] }
    }

    /// The record's index while the call has not ended.
    func index(of id: CallID) -> Int? {
        let index = id.index
        guard index < generations.count, generations[index] == id.generation,
            id.generation & 1 == 1
        else { return nil }
        return index
    }

    /// The calls there are, by index.
    var liveIndices: [Int] { generations.indices.filter(isLive) }

    func isLive(_ index: Int) -> Bool { generations[index] & 1 == 1 }

    func id(at index: Int) -> CallID {
        CallID(index: index, generation: generations[index])
    }

    /// Odd generations are calls, even ones are free.
    mutating func insert(_ record: CallRecord) -> Int {
        count += 1
        if let index = free.popLast() {
            records[Int(index)] = record
            generations[Int(index)] &+= 1
            return Int(index)
        }
        records.append(record)
        generations.append(1)
        return records.count - 1
    }

    mutating func remove(at index: Int) {
        precondition(generations[index] & 1 == 1, "the call has ended already")
        generations[index] &+= 1
        free.append(Int32(index))
        count -= 1
    }
}
