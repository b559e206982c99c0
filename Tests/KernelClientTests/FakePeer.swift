import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire

/// The daemon's end of one connection.
final class FakePeer {
    private let socket: PacketSocket
    private let daemon: FakeDaemon
    private let report: AsyncStream<FakeDaemon.Seen>.Continuation
    private var kernels: [UInt64: String] = [:]
    /// Answers that a later event sends.
    private var held: [[UInt8]] = []

    init(
        socket: consuming PacketSocket,
        daemon: FakeDaemon,
        report: AsyncStream<FakeDaemon.Seen>.Continuation
    ) {
        self.socket = socket
        self.daemon = daemon
        self.report = report
    }

    func run() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Limits.maxFrameBytes,
            alignment: 16
        )
        defer { buffer.deallocate() }
        while true {
            var descriptors: [Int32] = []
            guard
                case .packet(let count, _, _)? = try? socket.receive(
                    into: buffer,
                    descriptors: &descriptors
                )
            else { return }
            defer { descriptors.forEach { _ = close($0) } }
            let bytes = [UInt8](buffer[..<count])
            guard let header = try? FrameHeader(decoding: bytes.span) else { return }
            if header.type == .cancel {
                report.yield(.cancel)
                cancelled(header.id)
            } else if let call = try? CallFrame(decoding: bytes.span, header: header) {
                report.yield(seen(call, descriptors))
                guard answer(call, bytes, descriptors) else { return }
            }
        }
    }

    private func seen(_ call: CallFrame, _ descriptors: [Int32]) -> FakeDaemon.Seen {
        var places: [String: FakeDaemon.Place] = [:]
        for tensor in call.tensors {
            switch tensor.storage {
            case .inline:
                places[tensor.name] = .inline
            case .descriptor(let index, let offset):
                places[tensor.name] =
                    SharedMemory.isSealed(descriptors[index]) == .sealed
                    ? .sealed(index: index, offset: offset) : .unsealed
            }
        }
        return .call(
            kernel: call.kernel,
            tensors: places,
            hasDeadline: call.head.deadline != .zero,
            // What the client derives from the content is of interest where it is asked for.
            key: call.kernel == "keyed" ? call.head.key : 0
        )
    }

    /// - Returns: whether the connection goes on.
    private func answer(_ call: CallFrame, _ bytes: [UInt8], _ descriptors: [Int32]) -> Bool {
        kernels[call.head.id] = call.kernel
        switch call.kernel {
        case "echo", "keyed":
            for late in held { send(late) }
            held = []
            send(echo(call, bytes, descriptors), descriptors)
        case "reversed":
            held.append(echo(call, bytes, descriptors))
            if held.count == 3 {
                for answer in held.reversed() { send(answer) }
                held = []
            }
        case "fail":
            send(encoded(failure(call.head.id), []))
        case "stalled":
            daemon.release.wait()
            send(echo(call, bytes, descriptors), descriptors)
        case "hangup":
            return false
        case "garbage":
            send([1, 2, 3])
        case "lying":
            let memory = OutgoingTensor(
                name: "x",
                type: .u8,
                shape: [8],
                payload: .descriptor(index: 0, offset: 0)
            )
            send(encoded(ReplyHead(id: call.head.id), [memory], descriptorCount: 1))
        case "unsealed", "short":
            sendMemory(call)
        default:
            // "silent" answers a cancel, "mute" nothing at all, "late" only before the next echo.
            if call.kernel == "late" { held.append(echo(call, bytes, descriptors)) }
        }
        return true
    }

    private func cancelled(_ id: UInt64) {
        guard kernels[id] == "silent" else { return }
        let head = ReplyHead(
            id: id,
            error: .cancelled,
            execution: .ranAndFailed,
            attempts: 1,
            worker: "silent/0",
            message: "cancelled by the caller"
        )
        send(encoded(head, []))
    }

    private func failure(_ id: UInt64) -> ReplyHead {
        ReplyHead(
            id: id,
            error: .workerDied,
            execution: .answerLost,
            attempts: 2,
            retryAfter: .milliseconds(1500),
            incarnation: 4,
            worker: "fail/0",
            message: "worker 'fail/0' died of SIGSEGV"
        )
    }

    private func sendMemory(_ call: CallFrame) {
        let size = call.tensors.first.map { Int($0.byteCount) } ?? 4096
        guard let memory = try? SharedMemory.create(name: "test", byteCount: size) else { return }
        if call.kernel == "short" { try? memory.seal() }
        let tensor = OutgoingTensor(
            name: "x",
            type: .u8,
            shape: [UInt64(call.kernel == "short" ? size + 1 : size)],
            payload: .descriptor(index: 0, offset: 0)
        )
        let bytes = encoded(ReplyHead(id: call.head.id), [tensor], descriptorCount: 1)
        send(bytes, [memory.rawDescriptor])
    }

    private func echo(_ call: CallFrame, _ bytes: [UInt8], _ descriptors: [Int32]) -> [UInt8] {
        let tensors = call.tensors.map { tensor in
            let payload: OutgoingTensor.Payload
            switch tensor.storage {
            case .inline(let offset):
                payload = .bytes(Array(bytes[offset..<offset + Int(tensor.byteCount)]))
            case .descriptor(let index, let offset):
                payload = .descriptor(index: index, offset: offset)
            }
            return OutgoingTensor(
                name: tensor.name,
                type: tensor.type,
                shape: tensor.shape,
                payload: payload
            )
        }
        let head = ReplyHead(id: call.head.id, attempts: 1, worker: "echo/0")
        return encoded(head, tensors, descriptorCount: descriptors.count)
    }

    private func encoded(
        _ head: ReplyHead,
        _ tensors: [OutgoingTensor],
        descriptorCount: Int = 0
    ) -> [UInt8] {
        (try? ReplyFrame.encode(head, tensors: tensors, descriptorCount: descriptorCount)) ?? []
    }

    private func send(_ bytes: [UInt8], _ descriptors: [Int32] = []) {
        _ = try? socket.send(bytes, descriptors: descriptors)
    }
}
