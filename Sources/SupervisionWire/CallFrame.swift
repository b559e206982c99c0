public import SupervisionKit

/// Flags of a call, in the header's `flags`.
public struct CallFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Running the call twice does no harm: it may be tried again after it was handed to a worker.
    public static let idempotent = CallFlags(rawValue: 1)
    /// The caller retries by itself: one attempt and no more.
    public static let noRetry = CallFlags(rawValue: 2)
    /// Another daemon, which could not serve it, passes it on: it goes to no backup from here.
    public static let fromDaemon = CallFlags(rawValue: 4)
}

/// 128 bits that follow a call through client, daemon, worker and logs.
///
/// Zero means none.
public struct TraceID: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public static let none = TraceID(high: 0, low: 0)

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// The routing part of a call: all that the daemon reads of it.
public struct CallHead: Hashable, Sendable {
    public var id: UInt64
    public var flags: CallFlags
    /// CLOCK_BOOTTIME; `.zero` asks for the configured default.
    public var deadline: Instant
    /// 1 for the first try.
    public var attempt: UInt32
    /// From a worker: the call that it runs and in whose name it makes this one, by the id that
    /// the daemon gave it.
    ///
    /// 0 from a client, which has none.
    public var parent: UInt64
    /// Calls above this one in its chain: 0 for a client's call, one more than its parent's for a
    /// kernel's.
    ///
    /// Only the daemon writes it.
    public var chainDepth: UInt16
    public var trace: TraceID
    /// Names the content of the call for the list of poisoned calls; 0 for none.
    ///
    /// Who sends the same key sends the same call.
    public var key: UInt64

    static let deadlineOffset = 32
    static let parentOffset = 40
    static let attemptOffset = 64
    static let chainDepthOffset = 68
    static let keyOffset = 72

    public init(
        id: UInt64,
        flags: CallFlags = [],
        deadline: Instant = .zero,
        attempt: UInt32 = 1,
        parent: UInt64 = 0,
        chainDepth: UInt16 = 0,
        trace: TraceID = .none,
        key: UInt64 = 0
    ) {
        self.id = id
        self.flags = flags
        self.deadline = deadline
        self.attempt = attempt
        self.parent = parent
        self.chainDepth = chainDepth
        self.trace = trace
        self.key = key
    }
}

/// A call: a kernel's name and its arguments.
///
/// Layout (docs/PROTOCOL.md, "Call"): 96 header bytes, the kernel's name padded to eight, the
/// tensor table, the inline data.
public struct CallFrame: Hashable, Sendable {
    public var head: CallHead
    public var kernel: String
    public var tensors: [TensorEntry]

    public init(head: CallHead, kernel: String, tensors: [TensorEntry]) {
        self.head = head
        self.kernel = kernel
        self.tensors = tensors
    }

    /// Where the kernel's name starts and how long it is, for look-up in place.
    ///
    /// Also checks what a call must keep before it is passed on: an id, a name and a tensor table
    /// inside the frame, and no more inline data than is allowed.
    public static func nameRange(
        in bytes: Span<UInt8>,
        header: FrameHeader
    ) throws(WireError) -> Range<Int> {
        try FrameHeader.checkCount(of: bytes, atLeast: Limits.headerBytes)
        guard header.id != 0 else {
            throw WireError(.badValue, "a call has an id, and 0 is none")
        }
        let length = Int(bytes.u16(at: 70))
        guard (1...Limits.maxNameBytes).contains(length) else {
            throw WireError(
                .badValue,
                "a kernel's name has 1 to \(Limits.maxNameBytes) bytes, this one \(length)"
            )
        }
        _ = try TensorTable.dataStart(
            bytes,
            at: Limits.headerBytes + paddedToEight(length),
            header: header
        )
        return Limits.headerBytes..<Limits.headerBytes + length
    }

    /// Reads the routing part in place; `bytes` passed `FrameHeader.init(decoding:)` as a call,
    /// and so have the 96 bytes that are read here.
    public static func head(of bytes: Span<UInt8>, header: FrameHeader) -> CallHead {
        CallHead(
            id: header.id,
            flags: CallFlags(rawValue: header.flags),
            deadline: Instant(nanoseconds: bytes.u64(at: CallHead.deadlineOffset)),
            attempt: bytes.u32(at: CallHead.attemptOffset),
            parent: bytes.u64(at: CallHead.parentOffset),
            chainDepth: bytes.u16(at: CallHead.chainDepthOffset),
            trace: TraceID(high: bytes.u64(at: 56), low: bytes.u64(at: 48)),
            key: bytes.u64(at: CallHead.keyOffset)
        )
    }

    /// Writes what the daemon decides into a call that it passes on, and that it has decoded.
    ///
    /// The chain's depth is always written: what a sender claims there does not get through.
    public static func patch(
        _ bytes: inout [UInt8],
        id: UInt64,
        deadline: Instant,
        attempt: UInt32,
        chainDepth: UInt16 = 0
    ) {
        bytes.overwrite(u64: id, at: FrameHeader.idOffset)
        bytes.overwrite(u64: deadline.nanoseconds, at: CallHead.deadlineOffset)
        bytes.overwrite(u32: attempt, at: CallHead.attemptOffset)
        bytes.overwrite(u16: chainDepth, at: CallHead.chainDepthOffset)
    }

    /// Marks a call as passed on by this daemon to another.
    public static func markFromDaemon(_ bytes: inout [UInt8]) {
        bytes[12] |= UInt8(CallFlags.fromDaemon.rawValue)
    }

    /// Reads a whole call.
    ///
    /// `header` came from the same bytes.
    public init(decoding bytes: Span<UInt8>, header: FrameHeader) throws(WireError) {
        let name = try CallFrame.nameRange(in: bytes, header: header)
        guard let kernel = bytes.text(at: name.lowerBound, length: name.count) else {
            throw WireError(.badText, "the kernel's name is not UTF-8 or holds a NUL")
        }
        self.head = CallFrame.head(of: bytes, header: header)
        self.kernel = kernel
        self.tensors = try TensorTable.decode(
            bytes,
            at: Limits.headerBytes + paddedToEight(name.count),
            header: header
        )
    }

    /// Writes a call as one packet.
    ///
    /// - Throws: what its reader would: `.badValue` for an id of 0 or the kernel's name,
    ///   `.badTensor`, `.tooLarge`.
    public static func encode(
        _ head: CallHead,
        kernel: String,
        tensors: [OutgoingTensor],
        descriptorCount: Int = 0
    ) throws(WireError) -> [UInt8] {
        guard head.id != 0 else {
            throw WireError(.badValue, "a call has an id, and 0 is none")
        }
        guard (1...Limits.maxNameBytes).contains(kernel.utf8.count), !kernel.utf8.contains(0) else {
            throw WireError(
                .badValue,
                "a kernel's name has 1 to \(Limits.maxNameBytes) bytes and no NUL"
            )
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            Limits.headerBytes + paddedToEight(kernel.utf8.count) + TensorTable.room(for: tensors)
        )
        FrameHeader(
            type: .call,
            length: 0,
            flags: head.flags.rawValue,
            id: head.id,
            tensorCount: UInt16(clamping: tensors.count),
            descriptorCount: UInt16(clamping: descriptorCount)
        ).encode(into: &bytes)
        bytes.append(u64: head.deadline.nanoseconds)
        bytes.append(u64: head.parent)
        bytes.append(u64: head.trace.low)
        bytes.append(u64: head.trace.high)
        bytes.append(u32: head.attempt)
        bytes.append(u16: head.chainDepth)
        bytes.append(u16: UInt16(kernel.utf8.count))
        bytes.append(u64: head.key)
        bytes.append(zeros: Limits.headerBytes - bytes.count)
        bytes.append(contentsOf: kernel.utf8)
        bytes.padToEight()
        try TensorTable.encode(tensors, descriptorCount: descriptorCount, into: &bytes)
        bytes.overwrite(u32: UInt32(bytes.count), at: 8)
        return bytes
    }
}
