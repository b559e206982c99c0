public import SupervisionKit

/// How a call ended, without its tensors.
public struct ReplyHead: Hashable, Sendable {
    public var id: UInt64
    /// nil for a result.
    public var error: CallError?
    public var execution: Execution
    /// The kernel's degraded profile served the call.
    public var isDegraded: Bool
    /// Tries that were handed to a worker, this one included.
    public var attempts: UInt32
    /// When sending again makes sense; `.zero` when no time helps.
    public var retryAfter: Duration
    /// From the call's arrival at the daemon to the last hand-over to a worker.
    public var queued: Duration
    /// In the kernel, by the worker's clock.
    public var executed: Duration
    /// On the device, as its own profiling says; zero when it has none.
    public var device: Duration
    /// The incarnation of the worker that had the call; 0 for none.
    public var incarnation: UInt64
    /// The slot of the worker that had the call, `graph/pagerank/0`; empty for none.
    public var worker: String
    /// What went wrong, where, and what follows; empty for a result.
    public var message: String

    /// Without an `execution`, a result ran and an error ran and failed.
    public init(
        id: UInt64,
        error: CallError? = nil,
        execution: Execution? = nil,
        isDegraded: Bool = false,
        attempts: UInt32 = 0,
        retryAfter: Duration = .zero,
        queued: Duration = .zero,
        executed: Duration = .zero,
        device: Duration = .zero,
        incarnation: UInt64 = 0,
        worker: String = "",
        message: String = ""
    ) {
        self.id = id
        self.error = error
        self.execution = execution ?? (error == nil ? .ran : .ranAndFailed)
        self.isDegraded = isDegraded
        self.attempts = attempts
        self.retryAfter = retryAfter
        self.queued = queued
        self.executed = executed
        self.device = device
        self.incarnation = incarnation
        self.worker = worker
        self.message = message
    }
}

/// A reply: how a call ended and, for a result, its tensors.
///
/// Layout (docs/PROTOCOL.md, "Reply"): 96 header bytes, worker name and message, each padded to
/// eight, the tensor table, the inline data.
public struct ReplyFrame: Hashable, Sendable {
    public var head: ReplyHead
    public var tensors: [TensorEntry]

    static let attemptsOffset = 36
    static let queuedOffset = 48
    static let flagsOffset = 35

    public init(head: ReplyHead, tensors: [TensorEntry]) {
        self.head = head
        self.tensors = tensors
    }

    /// What the daemon reads of a reply that it passes on: outcome and execution, in place.
    ///
    /// Also checks what a reply must keep before it is passed on: outcome and execution that are
    /// known and agree, texts and a tensor table inside the frame, and nothing above its limit.
    public static func outcome(
        of bytes: Span<UInt8>,
        header: FrameHeader
    ) throws(WireError) -> (error: CallError?, execution: Execution) {
        try FrameHeader.checkCount(of: bytes, atLeast: Limits.headerBytes)
        let rawError = bytes.u16(at: 32)
        let error = CallError(rawValue: rawError)
        guard error != nil || rawError == 0 else {
            throw WireError(.badValue, "outcome \(rawError) is not known")
        }
        guard let execution = Execution(rawValue: bytes[34]) else {
            throw WireError(.badValue, "execution \(bytes[34]) is not known")
        }
        try check(error, execution)
        let workerLength = Int(bytes.u16(at: 80))
        let messageLength = Int(bytes.u16(at: 82))
        guard workerLength <= Limits.maxNameBytes, messageLength <= Limits.maxMessageBytes else {
            throw WireError(
                .tooLarge,
                "a worker's name of \(workerLength) bytes, a message of \(messageLength); "
                    + "at most \(Limits.maxNameBytes) and \(Limits.maxMessageBytes)"
            )
        }
        _ = try TensorTable.dataStart(
            bytes,
            at: Limits.headerBytes + paddedToEight(workerLength) + paddedToEight(messageLength),
            header: header
        )
        return (error, execution)
    }

    /// A result is what ran, and only that; a lost connection is for the client to notice.
    private static func check(
        _ error: CallError?,
        _ execution: Execution
    ) throws(WireError) {
        guard (error == nil) == (execution == .ran) else {
            throw WireError(
                .badValue,
                "outcome \(error?.name ?? "result") and execution \(execution.name) contradict"
            )
        }
        guard error != .connectionLost else {
            throw WireError(.badValue, "outcome connection_lost is never sent")
        }
    }

    /// Writes what the daemon knows into a reply that it passes on, and whose outcome it has read.
    public static func patch(
        _ bytes: inout [UInt8],
        id: UInt64,
        attempts: UInt32,
        queued: Duration,
        isDegraded: Bool
    ) {
        bytes.overwrite(u64: id, at: FrameHeader.idOffset)
        bytes.overwrite(u32: attempts, at: attemptsOffset)
        bytes.overwrite(u64: queued.wireNanoseconds, at: queuedOffset)
        if isDegraded { bytes[flagsOffset] |= 1 }
    }

    /// Reads a whole reply.
    ///
    /// `header` came from the same bytes.
    public init(decoding bytes: Span<UInt8>, header: FrameHeader) throws(WireError) {
        let (error, execution) = try ReplyFrame.outcome(of: bytes, header: header)
        let workerLength = Int(bytes.u16(at: 80))
        let messageLength = Int(bytes.u16(at: 82))
        let messageStart = Limits.headerBytes + paddedToEight(workerLength)
        guard let worker = bytes.text(at: Limits.headerBytes, length: workerLength),
            let message = bytes.text(at: messageStart, length: messageLength)
        else {
            throw WireError(.badText, "the worker's name or the message is not UTF-8 or has a NUL")
        }
        self.head = ReplyHead(
            id: header.id,
            error: error,
            execution: execution,
            isDegraded: bytes[ReplyFrame.flagsOffset] & 1 != 0,
            attempts: bytes.u32(at: ReplyFrame.attemptsOffset),
            retryAfter: Duration(wireNanoseconds: bytes.u64(at: 40)),
            queued: Duration(wireNanoseconds: bytes.u64(at: ReplyFrame.queuedOffset)),
            executed: Duration(wireNanoseconds: bytes.u64(at: 56)),
            device: Duration(wireNanoseconds: bytes.u64(at: 64)),
            incarnation: bytes.u64(at: 72),
            worker: worker,
            message: message
        )
        self.tensors = try TensorTable.decode(
            bytes,
            at: messageStart + paddedToEight(messageLength),
            header: header
        )
    }

    /// Writes a reply as one packet.
    ///
    /// A message that is too long is cut at a character's end.
    ///
    /// - Throws: what its reader would: `.badValue` when outcome and execution contradict,
    ///   `.badTensor`, `.tooLarge`.
    public static func encode(
        _ head: ReplyHead,
        tensors: [OutgoingTensor] = [],
        descriptorCount: Int = 0
    ) throws(WireError) -> [UInt8] {
        try check(head.error, head.execution)
        let worker = head.worker.truncated(toUTF8: Limits.maxNameBytes)
        let message = head.message.truncated(toUTF8: Limits.maxMessageBytes)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            Limits.headerBytes + paddedToEight(worker.utf8.count)
                + paddedToEight(message.utf8.count) + TensorTable.room(for: tensors)
        )
        FrameHeader(
            type: .reply,
            length: 0,
            id: head.id,
            tensorCount: UInt16(clamping: tensors.count),
            descriptorCount: UInt16(clamping: descriptorCount)
        ).encode(into: &bytes)
        bytes.append(u16: head.error?.rawValue ?? 0)
        bytes.append(head.execution.rawValue)
        bytes.append(head.isDegraded ? 1 : 0)
        bytes.append(u32: head.attempts)
        bytes.append(u64: head.retryAfter.wireNanoseconds)
        bytes.append(u64: head.queued.wireNanoseconds)
        bytes.append(u64: head.executed.wireNanoseconds)
        bytes.append(u64: head.device.wireNanoseconds)
        bytes.append(u64: head.incarnation)
        bytes.append(u16: UInt16(worker.utf8.count))
        bytes.append(u16: UInt16(message.utf8.count))
        bytes.append(zeros: Limits.headerBytes - bytes.count)
        bytes.append(contentsOf: worker.utf8)
        bytes.padToEight()
        bytes.append(contentsOf: message.utf8)
        bytes.padToEight()
        try TensorTable.encode(tensors, descriptorCount: descriptorCount, into: &bytes)
        bytes.overwrite(u32: UInt32(bytes.count), at: 8)
        return bytes
    }
}

extension Duration {
    /// Nanoseconds for the wire: never negative, saturated.
    var wireNanoseconds: UInt64 { UInt64(max(0, saturatedNanoseconds)) }

    init(wireNanoseconds: UInt64) {
        self = .nanoseconds(Int64(clamping: wireNanoseconds))
    }
}

extension String {
    /// The longest prefix of whole code points that fits into `limit` bytes, with NULs replaced.
    ///
    /// Code points and not characters: a hostile text can be one single character of any length.
    package func truncated(toUTF8 limit: Int) -> String {
        guard utf8.count > limit || utf8.contains(0) else { return self }
        var scalars = String.UnicodeScalarView()
        var count = 0
        for scalar in unicodeScalars {
            let kept: Unicode.Scalar = scalar == "\0" ? "\u{FFFD}" : scalar
            count += UTF8.width(kept)
            guard count <= limit else { break }
            scalars.append(kept)
        }
        return String(scalars)
    }
}
