/// The kinds of frame.
///
/// Raw values travel on the wire and never change.
public enum FrameType: UInt16, CaseIterable, Sendable {
    case call = 1
    case reply = 2
    case cancel = 3
    case hello = 16
    case welcome = 17
    case ready = 18
    case heartbeat = 19
    case shutdown = 20
    case refuse = 21
    case probe = 22
    case probed = 23
}

/// The first 32 of the 96 header bytes, which all frames share.
///
/// This is all that the daemon needs to route a frame: it is read in place, without allocation.
public struct FrameHeader: Hashable, Sendable {
    public var type: FrameType
    /// Bytes of the whole frame, this header included.
    public var length: UInt32
    public var flags: UInt32
    /// The call's id, chosen by whoever sends the call; unique among the sender's calls in flight.
    public var id: UInt64
    /// Entries of the tensor table.
    public var tensorCount: UInt16
    /// File descriptors that came with the frame.
    public var descriptorCount: UInt16

    /// Where the id stands in a frame: the daemon rewrites it on its way through.
    public static let idOffset = 16

    public init(
        type: FrameType,
        length: UInt32,
        flags: UInt32 = 0,
        id: UInt64 = 0,
        tensorCount: UInt16 = 0,
        descriptorCount: UInt16 = 0
    ) {
        self.type = type
        self.length = length
        self.flags = flags
        self.id = id
        self.tensorCount = tensorCount
        self.descriptorCount = descriptorCount
    }

    /// Reads and checks the shared header of one whole packet.
    ///
    /// The version is read before anything that another version may do differently, its length
    /// included.
    ///
    /// - Throws: `.truncated` below 96 bytes, `.badMagic`, `.unsupportedVersion` with the version
    ///   found, `.unknownType`, `.lengthMismatch` when the stated length is not the packet's,
    ///   `.tooLarge` above the limits of frames, tensors or descriptors.
    public init(decoding bytes: Span<UInt8>) throws(WireError) {
        try FrameHeader.checkCount(of: bytes, atLeast: Limits.sharedHeaderBytes)
        guard bytes.u32(at: 0) == Limits.magic else {
            throw WireError(.badMagic, "the frame does not start with KSUP")
        }
        let version = bytes.u16(at: 4)
        guard version == Limits.version else {
            throw WireError(
                .unsupportedVersion(version),
                "protocol version \(version) is not spoken here, only \(Limits.version)"
            )
        }
        try FrameHeader.checkCount(of: bytes, atLeast: Limits.headerBytes)
        let rawType = bytes.u16(at: 6)
        guard let type = FrameType(rawValue: rawType) else {
            throw WireError(.unknownType(rawType), "frame type \(rawType) is not known")
        }
        self.init(
            type: type,
            length: bytes.u32(at: 8),
            flags: bytes.u32(at: 12),
            id: bytes.u64(at: 16),
            tensorCount: bytes.u16(at: 24),
            descriptorCount: bytes.u16(at: 26)
        )
        guard Int(length) == bytes.count else {
            throw WireError(
                .lengthMismatch,
                "the header states \(length) bytes, the packet has \(bytes.count)"
            )
        }
        guard Int(length) <= Limits.maxFrameBytes else {
            throw WireError(
                .tooLarge,
                "a frame has at most \(Limits.maxFrameBytes) bytes, this one has \(length)"
            )
        }
        guard Int(tensorCount) <= Limits.maxTensors else {
            throw WireError(
                .tooLarge,
                "a frame has at most \(Limits.maxTensors) tensors, this one states \(tensorCount)"
            )
        }
        guard Int(descriptorCount) <= Limits.maxDescriptors else {
            throw WireError(
                .tooLarge,
                "at most \(Limits.maxDescriptors) descriptors travel with a frame, "
                    + "this one states \(descriptorCount)"
            )
        }
    }

    /// The id to answer a frame with that could not be decoded: what stands at the id's place
    /// when the packet reaches that far, else 0.
    public static func answerID(ofUnreadable bytes: Span<UInt8>) -> UInt64 {
        bytes.count >= idOffset + 8 ? bytes.u64(at: idOffset) : 0
    }

    /// Compares the descriptors that came with the packet with the number that it states.
    ///
    /// - Throws: `.descriptorCount`. Whoever received them closes them.
    public func check(receivedDescriptors count: Int) throws(WireError) {
        guard count == Int(descriptorCount) else {
            throw WireError(
                .descriptorCount,
                "the frame states \(descriptorCount) descriptors, \(count) came with it"
            )
        }
    }

    static func checkCount(
        of bytes: Span<UInt8>,
        atLeast minimum: Int
    ) throws(WireError) {
        guard bytes.count >= minimum else {
            throw WireError(
                .truncated,
                "a frame has at least \(Limits.headerBytes) bytes, this one has \(bytes.count)"
            )
        }
    }

    /// Appends the 32 shared bytes.
    func encode(into bytes: inout [UInt8]) {
        bytes.append(u32: Limits.magic)
        bytes.append(u16: Limits.version)
        bytes.append(u16: type.rawValue)
        bytes.append(u32: length)
        bytes.append(u32: flags)
        bytes.append(u64: id)
        bytes.append(u16: tensorCount)
        bytes.append(u16: descriptorCount)
        bytes.append(zeros: 4)
    }
}
