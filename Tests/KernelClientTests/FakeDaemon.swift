import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Synchronization

/// Plays the daemon by the wire's codecs, without kernels: a kernel's name says how it behaves.
///
/// Listens in a directory of its own; a thread accepts, a thread a connection answers.
final class FakeDaemon: Sendable {
    /// What came over a connection.
    enum Seen: Hashable, Sendable {
        case connected
        case call(kernel: String, tensors: [String: Place], hasDeadline: Bool, key: UInt64 = 0)
        case cancel
        case closed
    }

    /// Where an argument was.
    enum Place: Hashable, Sendable {
        case inline
        case sealed(index: Int, offset: UInt64)
        case unsealed
    }

    let path: String
    let seen: AsyncStream<Seen>
    /// Lets `stalled` calls go on.
    let release: Gate
    private let directory: String
    private let stop: Mutex<Bool>
    private let listener: ListeningSocket
    private let report: AsyncStream<Seen>.Continuation
    private let connections = Mutex<[Int32]>([])

    init() throws {
        directory = try makeDirectory()
        path = directory + "/calls.sock"
        listener = try ListeningSocket.bind(path: path, kind: .packet, mode: 0o600)
        release = try Gate()
        (seen, report) = AsyncStream.makeStream()
        stop = Mutex(false)
    }

    /// Runs `body` against a fresh daemon, and ends the daemon afterwards.
    static func run<Result>(
        _ body: (FakeDaemon) async throws -> Result
    ) async throws -> Result {
        let daemon = try FakeDaemon()
        startThread { daemon.accept() }
        defer { daemon.end() }
        return try await body(daemon)
    }

    private func end() {
        stop.withLock { $0 = true }
        release.open()
        dropConnections()
    }

    /// Ends all connections from this side.
    func dropConnections() {
        connections.withLock { all in
            for connection in all { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    private func accept() {
        while !stop.withLock({ $0 }) {
            var descriptor = pollfd(fd: listener.rawDescriptor, events: Int16(POLLIN), revents: 0)
            poll(&descriptor, 1, 20)
            guard let raw = (try? listener.accept())?.release() else { continue }
            connections.withLock { $0.append(raw) }
            report.yield(.connected)
            startThread { self.serve(raw) }
        }
        listener.removePath()
        rmdir(directory)
    }

    private func serve(_ raw: Int32) {
        let socket = PacketSocket(owning: FileDescriptor(owning: raw))
        try? socket.descriptor.setNonblocking(false)
        let peer = FakePeer(socket: socket, daemon: self, report: report)
        peer.run()
        connections.withLock { $0.removeAll { $0 == raw } }
        report.yield(.closed)
    }
}

/// Opens once; who waits before waits, who waits after goes through.
final class Gate: Sendable {
    private let counter: EventCounter

    init() throws {
        counter = try EventCounter()
    }

    func open() {
        counter.signal()
    }

    func wait() {
        var descriptor = pollfd(fd: counter.rawDescriptor, events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, -1)
    }
}

func makeDirectory() throws -> String {
    var template = Array("/tmp/kernelclient-XXXXXX".utf8CString)
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
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
        &thread,
        nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
            return nil
        },
        context
    )
    pthread_detach(thread)
}
