import SupervisionKit
import SupervisionWire

/// Whatever a packet holds, read the way that its receiver reads it: the header, what is needed to
/// pass the frame on, then the whole.
enum AnyFrame: Hashable {
    case call(CallFrame)
    case reply(ReplyFrame)
    case worker(WorkerFrame)

    init(decoding bytes: [UInt8]) throws(WireError) {
        let header = try FrameHeader(decoding: bytes.span)
        switch header.type {
        case .call:
            _ = try CallFrame.nameRange(in: bytes.span, header: header)
            _ = CallFrame.head(of: bytes.span, header: header)
            self = .call(try CallFrame(decoding: bytes.span, header: header))
        case .reply:
            _ = try ReplyFrame.outcome(of: bytes.span, header: header)
            self = .reply(try ReplyFrame(decoding: bytes.span, header: header))
        case .cancel, .hello, .welcome, .ready, .heartbeat, .shutdown, .refuse, .probe, .probed:
            self = .worker(try WorkerFrame(decoding: bytes.span, header: header))
        }
    }

    /// Writes what was read, the data of inline tensors taken from `original`.
    func encoded(from original: [UInt8]) throws(WireError) -> [UInt8] {
        switch self {
        case .call(let call):
            try CallFrame.encode(
                call.head,
                kernel: call.kernel,
                tensors: call.tensors.map { OutgoingTensor($0, in: original) },
                descriptorCount: Int(original[26]) | Int(original[27]) << 8
            )
        case .reply(let reply):
            try ReplyFrame.encode(
                reply.head,
                tensors: reply.tensors.map { OutgoingTensor($0, in: original) },
                descriptorCount: Int(original[26]) | Int(original[27]) << 8
            )
        case .worker(let frame):
            try frame.encoded()
        }
    }

    /// The same frame with its inline tensors' places forgotten: they may lie in any order and
    /// share bytes, and are laid out anew when written.
    var withoutPlaces: AnyFrame {
        switch self {
        case .call(var call):
            for index in call.tensors.indices { call.tensors[index].forgetPlace() }
            return .call(call)
        case .reply(var reply):
            for index in reply.tensors.indices { reply.tensors[index].forgetPlace() }
            return .reply(reply)
        case .worker:
            return self
        }
    }
}

extension TensorEntry {
    fileprivate mutating func forgetPlace() {
        if case .inline = storage { storage = .inline(offset: 0) }
    }
}

extension OutgoingTensor {
    init(_ entry: TensorEntry, in frame: [UInt8]) {
        let payload: Payload =
            switch entry.storage {
            case .inline(let offset):
                .bytes(Array(frame[offset..<offset + Int(entry.byteCount)]))
            case .descriptor(let index, let offset):
                .descriptor(index: index, offset: offset)
            }
        self.init(name: entry.name, type: entry.type, shape: entry.shape, payload: payload)
    }

    init(_ name: String, doubles: [Double], shape: [UInt64]) {
        let bytes = doubles.flatMap { value in
            (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * $0)) }
        }
        self.init(name: name, type: .f64, shape: shape, payload: .bytes(bytes))
    }

    init(_ name: String, zeros count: Int) {
        self.init(
            name: name,
            type: .u8,
            shape: [UInt64(count)],
            payload: .bytes([UInt8](repeating: 0, count: count))
        )
    }
}

/// The error that reading `bytes` ends with; nil when they are a frame.
func wireError(reading bytes: [UInt8]) -> WireError? {
    do {
        _ = try AnyFrame(decoding: bytes)
        return nil
    } catch {
        return error
    }
}

/// The error that `write` ends with; nil when it writes a frame.
func wireError(writing write: () throws(WireError) -> [UInt8]) -> WireError? {
    do {
        _ = try write()
        return nil
    } catch {
        return error
    }
}

extension [UInt8] {
    /// The same packet with the length that it really has in its header.
    var withTrueLength: [UInt8] {
        guard count >= 12 else { return self }
        var bytes = self
        bytes.overwrite(u32: UInt32(count), at: 8)
        return bytes
    }

    /// The same packet with `values` written at `offset`.
    func with(_ values: [UInt8], at offset: Int) -> [UInt8] {
        var bytes = self
        bytes.replaceSubrange(offset..<offset + values.count, with: values)
        return bytes
    }
}
