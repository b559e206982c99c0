import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// A fault worker in a process of its own, with this test as its daemon.
///
/// Every wait has an end: a worker that never does what is waited for fails the test after half a
/// minute. Nothing else depends on time.
final class WorkerUnderTest {
    /// What the worker sent.
    enum Incoming: Equatable {
        case frame(WorkerFrame)
        case reply(ReplyFrame)
        /// A kernel calls another one.
        case call(CallFrame)
        case undecodable(WireError)
        case closed
    }

    struct Timeout: Error {}

    static let incarnation: UInt64 = 7
    static let name = "fault/0"

    private var socket: PacketSocket?
    private let process: ProcessHandle
    private let errors: FileDescriptor
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
    private var isReaped = false
    /// Descriptors of the last packet; closed with the next one.
    private(set) var descriptors: [Int32] = []
    /// The last packet.
    private(set) var bytes: [UInt8] = []

    var pid: Int32 { process.pid }

    /// Starts the worker.
    ///
    /// Neither HELLO nor anything else is exchanged yet.
    init(_ arguments: [String] = [], environment: [String] = []) throws {
        let pair = try PacketSocket.pair(nonblocking: false)
        let pipe = try Pipe.create()
        let pid = try spawnFaultWorker(
            arguments,
            environment: environment + ["KERNELSUP_CHANNEL=3"],
            channel: pair.theirs.rawValue,
            errors: pipe.writer.rawValue
        )
        process = try ProcessHandle.open(pid: pid)
        socket = .some(pair.ours)
        errors = pipe.reader
    }

    deinit {
        closeDescriptors()
        room.deallocate()
        guard !isReaped else { return }
        try? process.signal(SIGKILL)
        _ = try? WorkerUnderTest.wait(for: process.rawDescriptor)
        _ = try? process.reap()
    }

    /// HELLO, WELCOME, READY.
    static func ready(
        _ arguments: [String] = [],
        environment: [String] = [],
        heartbeatMilliseconds: UInt32 = 5
    ) throws -> WorkerUnderTest {
        let worker = try WorkerUnderTest(arguments, environment: environment)
        guard case .frame(.hello) = try worker.receive() else { throw Timeout() }
        try worker.welcome(heartbeatMilliseconds: heartbeatMilliseconds)
        guard case .frame(.ready) = try worker.receive() else { throw Timeout() }
        return worker
    }

    func welcome(heartbeatMilliseconds: UInt32 = 5) throws {
        try send(
            .welcome(
                .init(
                    heartbeatMilliseconds: heartbeatMilliseconds,
                    incarnation: WorkerUnderTest.incarnation,
                    worker: WorkerUnderTest.name
                )
            )
        )
    }

    func send(_ frame: WorkerFrame) throws {
        try send(try frame.encoded())
    }

    func send(_ bytes: [UInt8], descriptors: [Int32] = []) throws {
        _ = try socket?.send(bytes, descriptors: descriptors)
    }

    func call(
        _ kernel: String,
        id: UInt64 = 1,
        deadline: Instant = .zero,
        chainDepth: UInt16 = 0,
        _ tensors: [OutgoingTensor] = [],
        descriptors: [Int32] = []
    ) throws {
        try send(
            try CallFrame.encode(
                CallHead(id: id, deadline: deadline, chainDepth: chainDepth),
                kernel: kernel,
                tensors: tensors,
                descriptorCount: descriptors.count
            ),
            descriptors: descriptors
        )
    }

    /// The next packet, whatever it is.
    func receive() throws -> Incoming {
        closeDescriptors()
        guard let descriptor = socket?.rawDescriptor else { return .closed }
        try WorkerUnderTest.wait(for: descriptor)
        guard
            case .packet(let count, _, _)? = try socket?.receive(
                into: room,
                descriptors: &descriptors
            )
        else { return .closed }
        let packet = Array(room[..<count])
        bytes = packet
        do throws(WireError) {
            let header = try FrameHeader(decoding: packet.span)
            switch header.type {
            case .reply:
                return .reply(try ReplyFrame(decoding: packet.span, header: header))
            case .call:
                return .call(try CallFrame(decoding: packet.span, header: header))
            default:
                return .frame(try WorkerFrame(decoding: packet.span, header: header))
            }
        } catch {
            return .undecodable(error)
        }
    }

    /// The next packet that is no heartbeat.
    func receivePastHeartbeats() throws -> Incoming {
        let end = Clock.now() + 30_000_000_000
        while Clock.now() < end {
            let next = try receive()
            if case .frame(.heartbeat) = next { continue }
            return next
        }
        throw Timeout()
    }

    /// The next reply; heartbeats before it are dropped.
    func reply() throws -> ReplyFrame {
        guard case .reply(let reply) = try receivePastHeartbeats() else { throw Timeout() }
        return reply
    }

    /// The next call that a kernel makes; heartbeats before it are dropped.
    func childCall() throws -> CallFrame {
        guard case .call(let call) = try receivePastHeartbeats() else { throw Timeout() }
        return call
    }

    /// Answers a call that a kernel made.
    func answer(
        _ call: CallFrame,
        _ error: CallError? = nil,
        execution: Execution? = nil,
        retryAfter: Duration = .zero,
        _ message: String = "",
        tensors: [OutgoingTensor] = [],
        descriptors: [Int32] = []
    ) throws {
        let head = ReplyHead(
            id: call.head.id,
            error: error,
            execution: execution,
            retryAfter: retryAfter,
            message: message
        )
        try send(
            try ReplyFrame.encode(head, tensors: tensors, descriptorCount: descriptors.count),
            descriptors: descriptors
        )
    }

    /// The answer to a probe; heartbeats before it are dropped.
    func probe(_ number: UInt64, _ kernel: String = "") throws -> Incoming {
        try send(.probe(.init(number: number, kernel: kernel)))
        return try receivePastHeartbeats()
    }

    func heartbeat() throws -> WorkerFrame.Heartbeat {
        guard case .frame(.heartbeat(let heartbeat)) = try receive() else { throw Timeout() }
        return heartbeat
    }

    /// Bytes of a tensor of the last packet.
    func data(of entry: TensorEntry) throws -> [UInt8] {
        switch entry.storage {
        case .inline(let offset):
            return Array(bytes[offset..<offset + Int(entry.byteCount)])
        case .descriptor(let index, let offset):
            let mapping = try MemoryMapping.readOnly(
                descriptors[index],
                offset: offset,
                byteCount: entry.byteCount
            )
            return Array(mapping.bytes)
        }
    }

    /// Fills the worker's stderr, so that nothing more goes in.
    func fillErrors() throws {
        let writer = try FileDescriptor.openFile(
            "/proc/\(pid)/fd/2",
            flags: O_WRONLY | O_NONBLOCK
        )
        let page = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        while try page.withUnsafeBytes({ try writer.write($0) }) != nil {}
    }

    /// How many descriptors the worker has.
    func openFiles() throws -> Int {
        let directory = try #require(opendir("/proc/\(pid)/fd"))
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }

    func closeChannel() {
        socket = nil
    }

    func signal(_ number: Int32) throws {
        try process.signal(number)
    }

    /// Waits for the process's end.
    func end() throws -> ExitReason {
        try WorkerUnderTest.wait(for: process.rawDescriptor)
        guard let reason = try process.reap() else { throw Timeout() }
        isReaped = true
        return reason
    }

    /// All that the worker wrote to stderr; after its end.
    func errorText() throws -> String {
        var text: [UInt8] = []
        while let count = try errors.read(into: room), count > 0 {
            text += room[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func closeDescriptors() {
        for descriptor in descriptors { _ = FileDescriptor(owning: descriptor) }
        descriptors = []
    }

    static func wait(for descriptor: Int32) throws {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 30_000) == 1 else { throw Timeout() }
    }
}
