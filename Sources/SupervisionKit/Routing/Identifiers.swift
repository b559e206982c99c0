/// Names a call that has not ended.
///
/// The index of a dead call is used again, its generation never.
public struct CallID: Codable, Hashable, Sendable {
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
public struct ClientID: Codable, Hashable, Sendable {
    public let index: Int
    public let generation: UInt32

    public init(index: Int, generation: UInt32) {
        self.index = index
        self.generation = generation
    }
}

/// Who waits for the answer to a call.
public enum CallerID: Codable, Hashable, Sendable {
    case client(ClientID)
    /// A worker, one of whose kernels calls another.
    case worker(WorkerID)
}

/// Names a configured kernel for the daemon's life, also over reloads.
public struct KernelID: Codable, Hashable, Sendable {
    public let index: Int

    public init(index: Int) {
        self.index = index
    }
}

/// Names the place of a worker for the daemon's life.
public struct SlotID: Codable, Hashable, Sendable {
    public let index: Int

    public init(index: Int) {
        self.index = index
    }
}

/// A worker process: its slot and which of the slot's lives it is.
public struct WorkerID: Codable, Hashable, Sendable {
    public let slot: SlotID
    public let incarnation: Incarnation

    public init(slot: SlotID, incarnation: Incarnation) {
        self.slot = slot
        self.incarnation = incarnation
    }
}
