import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// A client without a library around it: it sends what it is told, several calls at once, and
/// reads only when it is told.
final class RawClient {
    struct Reply: Equatable {
        var head: ReplyHead
        /// The bytes of each tensor.
        var tensors: [String: [UInt8]]
    }

    enum Incoming: Equatable {
        case reply(Reply)
        case closed
    }

    private let socket: PacketSocket
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)

    init(_ daemon: DaemonUnderTest, nonblocking: Bool = false) throws {
        socket = try PacketSocket.connect(path: daemon.callsPath, nonblocking: nonblocking)
    }

    deinit {
        room.deallocate()
    }

    /// Sends a packet; false when there is no room for it.
    @discardableResult
    func send(_ bytes: [UInt8], descriptors: [Int32] = []) throws -> Bool {
        try socket.send(bytes, descriptors: descriptors)
    }

    /// Sends a call of a kernel of the fault worker.
    @discardableResult
    func call(
        _ kernel: String,
        id: UInt64,
        x: [Float] = [1, 2, 3],
        milliseconds: UInt32? = nil,
        timeout: Duration? = nil
    ) throws -> Bool {
        try send(
            try RawClient.frame(kernel, id: id, x: x, milliseconds: milliseconds, timeout: timeout)
        )
    }

    func cancel(_ id: UInt64) throws {
        try send(try WorkerFrame.cancel(id: id).encoded())
    }

    /// What comes next.
    func receive(within limit: Duration = patience) throws -> Incoming {
        guard isReadable(socket.rawDescriptor, within: limit) else {
            throw NotInTime(what: "a reply")
        }
        var descriptors: [Int32] = []
        guard
            case .packet(let count, _, _) = try socket.receive(
                into: room,
                descriptors: &descriptors
            )
        else { return .closed }
        let owned = descriptors.map { Owned(FileDescriptor(owning: $0)) }
        let bytes = Array(room[..<count])
        let header = try FrameHeader(decoding: bytes.span)
        let frame = try ReplyFrame(decoding: bytes.span, header: header)
        var tensors: [String: [UInt8]] = [:]
        for entry in frame.tensors {
            switch entry.storage {
            case .inline(let offset):
                tensors[entry.name] = Array(bytes[offset..<offset + Int(entry.byteCount)])
            case .descriptor(let index, let offset):
                let mapping = try MemoryMapping.readOnly(
                    owned[index].descriptor.rawValue,
                    offset: offset,
                    byteCount: entry.byteCount
                )
                tensors[entry.name] = Array(mapping.bytes)
            }
        }
        return .reply(Reply(head: frame.head, tensors: tensors))
    }

    /// The next reply; fails at the end of the connection.
    func reply(within limit: Duration = patience) throws -> Reply {
        guard case .reply(let reply) = try receive(within: limit) else {
            throw NotInTime(what: "a reply; the daemon closed the connection")
        }
        return reply
    }

    /// Whether something waits to be received.
    var hasInput: Bool { isReadable(socket.rawDescriptor, within: .zero) }

    static func frame(
        _ kernel: String,
        id: UInt64,
        x: [Float] = [1, 2, 3],
        milliseconds: UInt32? = nil,
        timeout: Duration? = nil
    ) throws -> [UInt8] {
        var tensors = [
            OutgoingTensor(
                name: "x",
                type: .f32,
                shape: [UInt64(x.count)],
                payload: .bytes(x.withUnsafeBytes { Array($0) })
            )
        ]
        if let milliseconds {
            let bytes = withUnsafeBytes(of: milliseconds.littleEndian) { Array($0) }
            tensors.append(
                OutgoingTensor(name: "milliseconds", type: .u32, shape: [], payload: .bytes(bytes))
            )
        }
        return try CallFrame.encode(
            CallHead(id: id, deadline: timeout.map { now() + $0 } ?? .zero),
            kernel: kernel,
            tensors: tensors
        )
    }

    /// Puts a descriptor into an array.
    private final class Owned {
        let descriptor: FileDescriptor

        init(_ descriptor: consuming FileDescriptor) {
            self.descriptor = descriptor
        }
    }
}
