/// Names a call that has not ended.
///
/// The index of a dead call is used again, its generation never.
public struct CallID: Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(index: Int, generation: UInt32) {
        rawValue = UInt64(generation) << 32 | UInt64(index)
    }

    /// Small and used again: a place in a table beside the core's.
    public var index: Int { Int(rawValue & 0xFFFF_FFFF) }
    var generation: UInt32 { UInt32(rawValue >> 32) }
}

/// Names a connection to calls.sock; made by the shell, which reuses indices, never generations.
public struct ClientID: Hashable, Sendable {
    public let index: Int
    public let generation: UInt32

    public init(index: Int, generation: UInt32) {
        self.index = index
        self.generation = generation
    }
}

/// Names a configured kernel for the daemon's life, also over reloads.
public struct KernelID: Hashable, Sendable {
    public let index: Int

    public init(index: Int) {
        self.index = index
    }
}

/// Names the place of a worker for the daemon's life.
public struct SlotID: Hashable, Sendable {
    public let index: Int

    public init(index: Int) {
        self.index = index
    }
}

/// A worker process: its slot and which of the slot's lives it is.
public struct WorkerID: Hashable, Sendable {
    public let slot: SlotID
    public let incarnation: Incarnation

    public init(slot: SlotID, incarnation: Incarnation) {
        self.slot = slot
        self.incarnation = incarnation
    }
}

/// One call from its arrival until nothing can come for it any more.
struct CallRecord: Sendable {
    enum Phase: Hashable, Sendable {
        case queued
        case dispatched(WorkerID)
        /// Its caller has been answered, or is gone; the worker has yet to acknowledge the cancel.
        case cancelling(WorkerID)
    }

    var client: ClientID
    var clientCall: UInt64
    var kernel: KernelID
    var mayRepeat: Bool
    /// The shell holds its frame.
    var isKept = false
    var deadline: Instant
    var arrived: Instant
    var handedOver: Instant
    /// Tries that were handed to a worker.
    var attempts: UInt32
    /// The caller's own count of tries before this call.
    var earlierAttempts: UInt32
    /// Workers that died with this call.
    var workersLost = 0
    var phase = Phase.queued
    /// Neighbours in the queue; -1 for none.
    var previous: Int32 = -1
    var next: Int32 = -1

    /// What can be said about it when it ends without a worker's answer.
    var execution: Execution { attempts == 0 ? .notRun : .answerLost }
}

/// All calls that have not ended, in slots that are used again: nothing is allocated per call once
/// the table has grown to the number of calls in flight.
struct CallTable: Sendable {
    private var records: [CallRecord] = []
    private var generations: [UInt32] = []
    private var free: [Int32] = []

    private(set) var count = 0

    subscript(index: Int) -> CallRecord {
        get { records[index] }
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
