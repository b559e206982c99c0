import ControlProtocol
import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Synchronization

@testable import kernelsupctl

/// A daemon's two sockets in a directory of their own: control answers with the real dispatcher,
/// calls give their arguments back or fail as the kernel's name says.
final class FakeService: Sendable, ControlProvider {
    let directory: String
    private let control: ListeningSocket
    private let calls: ListeningSocket
    private let stop = Mutex(false)
    private let healthState: ControlProtocol.HealthState

    static func run(
        health: ControlProtocol.HealthState = .healthy,
        _ body: (FakeService) throws -> Void
    ) throws {
        let service = try FakeService(health: health)
        startThread { service.serve() }
        defer { service.stop.withLock { $0 = true } }
        try body(service)
    }

    private init(health: ControlProtocol.HealthState) throws {
        healthState = health
        directory = try makeDirectory()
        control = try ListeningSocket.bind(
            path: directory + "/control.sock",
            kind: .stream,
            mode: 0o600
        )
        calls = try ListeningSocket.bind(
            path: directory + "/calls.sock",
            kind: .packet,
            mode: 0o600
        )
    }

    // MARK: - What it tells

    func status() -> Status {
        Samples.status(healthState, [Samples.healthy("core/echo"), Samples.broken])
    }

    func health(component: String?) -> Result<Health, NoSuchComponent> {
        if let component, component != "core/echo" {
            return .failure(NoSuchComponent(name: component, nearest: ["core/echo"]))
        }
        return .success(Health(status: healthState, components: [], totals: .init(healthy: 2)))
    }

    var mayChange: Bool { healthState != .unknown }

    /// As the daemon does, but nothing is kept.
    func setBreaker(
        kernel: String,
        to override: BreakerStatus.Override?
    ) -> Result<KernelStatus, NoSuchComponent> {
        guard kernel == "finance/var" else {
            return .failure(NoSuchComponent(name: kernel, nearest: ["finance/var"]))
        }
        var status = Samples.broken
        status.resilience.breakers[0].override = override ?? .none
        return .success(status)
    }

    /// An alert waits while the service is critical.
    func acknowledge(component: String) -> Result<Acknowledgement, NoSuchComponent> {
        guard component == "finance" else {
            return .failure(NoSuchComponent(name: component, nearest: ["finance/var"]))
        }
        let waits = healthState == .critical
        return .success(
            Acknowledgement(
                group: "finance",
                acknowledged: waits,
                alert: waits ? .acknowledged : .none,
                recovery: waits ? "now notify_operator" : nil
            )
        )
    }

    func explanation(of component: String) -> Result<Explanation, NoSuchComponent> {
        guard ["finance/var", "rude"].contains(component) else {
            return .failure(NoSuchComponent(name: component, nearest: ["finance/var"]))
        }
        var explanation = Samples.explanation
        if component == "rude" { explanation.why = Samples.rudeText }
        return .success(explanation)
    }

    func kernels() -> [Kernel] {
        var kernels = [Samples.echo]
        for name in [
            "core/blob", "core/late", "core/refused", "core/hangup", "core/open", "core/circle",
            "core/poison", "core/rude",
        ] {
            var kernel = Samples.echo
            kernel.name = name
            kernel.arguments = []
            kernels.append(kernel)
        }
        kernels[1].arguments = [
            .init(name: "blob", direction: .input, type: "bytes", shape: ["n"]),
            .init(name: "blob", direction: .output, type: "bytes", shape: ["n"]),
        ]
        return kernels
    }

    // MARK: - How it serves

    private func serve() {
        while !stop.withLock({ $0 }) {
            var descriptors = [control.rawDescriptor, calls.rawDescriptor].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            poll(&descriptors, 2, 20)
            if let raw = (try? control.accept())?.release() {
                startThread { self.answerControl(FileDescriptor(owning: raw)) }
            }
            if let raw = (try? calls.accept())?.release() {
                startThread {
                    self.answerCalls(PacketSocket(owning: FileDescriptor(owning: raw)))
                }
            }
        }
        control.removePath()
        calls.removePath()
        rmdir(directory)
    }

    private func answerControl(_ connection: consuming FileDescriptor) {
        try? connection.setNonblocking(false)
        var splitter = VarlinkFrame.Splitter()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(connection.rawValue, &buffer, buffer.count)
            guard count > 0 else { return }
            splitter.append(buffer.prefix(count))
            while let request = try? splitter.next() {
                let reply = ControlDispatcher.dispatch(request, provider: self) ?? []
                _ = reply.withUnsafeBytes { writeAll($0, to: connection.rawValue) }
            }
        }
    }

    private func answerCalls(_ socket: consuming PacketSocket) {
        try? socket.descriptor.setNonblocking(false)
        var buffer = [UInt8](repeating: 0, count: Limits.maxFrameBytes)
        while true {
            var descriptors: [Int32] = []
            let count = buffer.withUnsafeMutableBytes { buffer -> Int in
                guard
                    case .packet(let count, _, _)? = try? socket.receive(
                        into: buffer,
                        descriptors: &descriptors
                    )
                else { return 0 }
                return count
            }
            defer { for descriptor in descriptors { _ = close(descriptor) } }
            let bytes = Array(buffer.prefix(count))
            guard let header = try? FrameHeader(decoding: bytes.span),
                let call = try? CallFrame(decoding: bytes.span, header: header),
                let reply = answer(call, bytes, descriptors.count)
            else { return }
            _ = try? socket.send(reply, descriptors: descriptors)
        }
    }

    private func answer(_ call: CallFrame, _ bytes: [UInt8], _ descriptors: Int) -> [UInt8]? {
        var head = ReplyHead(id: call.head.id, attempts: 1, incarnation: 1, worker: "core/0")
        switch call.kernel {
        case "core/hangup":
            return nil
        case "core/late":
            head.error = .deadlineExceeded
            head.execution = .ranAndFailed
            head.message = "the deadline passed after 5 ms"
            return try? ReplyFrame.encode(head)
        case "core/rude":
            head.error = .kernelFailed
            head.execution = .ranAndFailed
            head.message = Samples.rudeText
            return try? ReplyFrame.encode(head)
        case "core/refused":
            head.error = .unavailable
            head.execution = .notRun
            head.message = "no worker"
            head.retryAfter = .seconds(18)
            head.worker = ""
            return try? ReplyFrame.encode(head)
        case "core/open", "core/circle", "core/poison":
            head.error = Samples.refusals[call.kernel]?.error
            head.execution = .notRun
            head.message = Samples.refusals[call.kernel]?.message ?? ""
            head.retryAfter = call.kernel == "core/circle" ? .zero : .seconds(18)
            head.worker = ""
            return try? ReplyFrame.encode(head)
        default:
            return try? ReplyFrame.encode(
                head,
                tensors: call.tensors.map { outgoing($0, bytes) },
                descriptorCount: descriptors
            )
        }
    }

    private func outgoing(_ tensor: TensorEntry, _ bytes: [UInt8]) -> OutgoingTensor {
        let payload: OutgoingTensor.Payload =
            switch tensor.storage {
            case .inline(let offset):
                .bytes(Array(bytes[offset..<offset + Int(tensor.byteCount)]))
            case .descriptor(let index, let offset):
                .descriptor(index: index, offset: offset)
            }
        return OutgoingTensor(
            name: tensor.name,
            type: tensor.type,
            shape: tensor.shape,
            payload: payload
        )
    }
}

func makeDirectory() throws -> String {
    var template = Array("/tmp/kernelsupctl-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.flatMap { mkdtemp($0) } != nil
    }
    guard made else { throw SystemError("mkdtemp", errno: errno) }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
        &thread,
        nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
            return nil
        },
        Unmanaged.passRetained(Box(body)).toOpaque()
    )
    pthread_detach(thread)
}
