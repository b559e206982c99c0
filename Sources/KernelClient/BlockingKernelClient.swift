import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire

/// Calls kernels one after another from the thread that asks: it sends and receives by itself,
/// which saves the two changes of thread that an asynchronous call needs.
///
/// One call is under way at a time; use `KernelClient` for several. A value that can't be copied,
/// so that no two threads can use it at once.
public struct BlockingKernelClient: ~Copyable {
    public let path: String
    private var socket: PacketSocket?
    private var nextID: UInt64 = 1
    private let buffer: UnsafeMutableRawBufferPointer
    private let deadlineGrace: Duration

    /// Does not connect yet.
    public init(
        path: String = KernelClient.defaultPath,
        deadlineGrace: Duration = .milliseconds(250)
    ) {
        self.path = path
        self.deadlineGrace = deadlineGrace
        buffer = .allocate(byteCount: Limits.maxFrameBytes + 1, alignment: 16)
    }

    deinit {
        buffer.deallocate()
    }

    /// Calls a kernel and blocks the thread until it ends.
    ///
    /// - Parameters:
    ///   - kernel: `domain/name`.
    ///   - arguments: in any order.
    ///   - options: deadline, flags, trace, key.
    /// - Returns: the kernel's outputs and how the call went.
    /// - Throws: `KernelCallError`, whose `execution` says whether the call ran.
    public mutating func call(
        _ kernel: String,
        _ arguments: [Tensor] = [],
        options: CallOptions = CallOptions()
    ) throws(KernelCallError) -> CallResult {
        let now = Instant(nanoseconds: Clock.now())
        let deadline = options.effectiveDeadline(at: now)
        if let deadline, deadline <= now { throw KernelCallError.deadlineExceeded(.notRun) }
        let frame = try EncodedFrame.call(
            CallHead(
                id: nextID,
                flags: options.flags,
                deadline: deadline ?? .zero,
                trace: options.trace
            ),
            key: options.key,
            kernel: kernel,
            arguments: arguments
        )
        nextID &+= 1
        let expiry = deadline.map { $0 + deadlineGrace }
        let wasConnected = socket != nil
        do throws(KernelCallError) {
            try send(frame, expiry: expiry)
        } catch {
            socket = nil
            // The connection had gone since the last call, and this one was not sent: once more.
            guard error.code == .connectionLost, wasConnected else { throw error }
            try send(frame, expiry: expiry)
        }
        return try reply(to: frame.id, expiry: expiry)
    }

    /// Ends the connection.
    ///
    /// The next call connects again.
    public mutating func disconnect() {
        socket = nil
    }

    private mutating func send(
        _ frame: EncodedFrame,
        expiry: Instant?
    ) throws(KernelCallError) {
        if socket == nil {
            do throws(SystemError) {
                let fresh = try PacketSocket.connect(path: path, nonblocking: false)
                BlockingKernelClient.setWakeUps(fresh.rawDescriptor)
                socket = consume fresh
            } catch {
                throw KernelCallError(connecting: path, failed: error)
            }
        }
        let descriptors = frame.memories.map(\.rawDescriptor)
        while try !sendOnce(frame.bytes, descriptors) {
            if isOver(expiry) { throw KernelCallError.deadlineExceeded(.notRun) }
        }
    }

    private func sendOnce(
        _ bytes: [UInt8],
        _ descriptors: [Int32]
    ) throws(KernelCallError) -> Bool {
        do throws(SystemError) {
            return try socket?.send(bytes, descriptors: descriptors) ?? false
        } catch {
            throw KernelCallError(sendingTo: path, failed: error)
        }
    }

    /// Lets blocked calls return four times a second, to look at the deadline.
    private static func setWakeUps(_ descriptor: Int32) {
        var period = timeval(tv_sec: 0, tv_usec: 250_000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &period, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &period, size)
    }

    private func isOver(_ expiry: Instant?) -> Bool {
        guard let expiry else { return false }
        return Instant(nanoseconds: Clock.now()) >= expiry
    }

    private mutating func reply(
        to id: UInt64,
        expiry: Instant?
    ) throws(KernelCallError) -> CallResult {
        while true {
            switch receive() {
            case nil:
                guard isOver(expiry) else { continue }
                // Closing cancels the call, and no late reply can be taken for another's.
                socket = nil
                throw KernelCallError.deadlineExceeded(.answerLost)
            case .reply(id, let result):
                return try result.get()
            case .reply:
                continue
            case .violation(let problem):
                socket = nil
                throw KernelCallError.connectionLost(problem, .answerLost)
            }
        }
    }

    /// The next frame; nil when there was none for a while.
    private func receive() -> IncomingFrame? {
        var raw: [Int32] = []
        do throws(SystemError) {
            let received = try socket?.receive(
                into: buffer,
                descriptors: &raw,
                maximumDescriptors: Limits.maxDescriptors
            )
            let descriptors = ReceivedDescriptors(raw)
            switch received {
            case .wouldBlock:
                return nil
            case nil, .closed:
                return .violation("the daemon closed the connection to \(path)")
            case .packet(let byteCount, _, let descriptorsLost):
                return IncomingFrame(
                    [UInt8](buffer[..<byteCount]),
                    descriptors: descriptors,
                    descriptorsLost: descriptorsLost
                )
            }
        } catch {
            return .violation("the connection to \(path) broke: \(error)")
        }
    }
}
