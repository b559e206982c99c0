import Glibc
import LinuxSystem
import Synchronization
import SupervisionKit
import SupervisionWire

/// Calls kernels that a kernelsupd on this host serves.
///
///     let client = KernelClient()
///     let result = try await client.call("core/vector-add", [Tensor("a", a), Tensor("b", b)])
///     let sum = result["sum"]?.f32
///
/// Connects at the first call, carries any number of calls at once over one connection, and
/// connects again at the next call after a loss. Safe to use from every task and thread.
public final class KernelClient: Sendable {
    /// Times that the client keeps by itself.
    public struct Configuration: Hashable, Sendable {
        /// How long after its deadline a call is still waited for: the daemon answers at the
        /// deadline, this is for one that doesn't.
        public var deadlineGrace: Duration
        /// How long a cancelled call is still waited for, to learn whether it ran.
        public var cancelGrace: Duration

        public init(
            deadlineGrace: Duration = .milliseconds(250),
            cancelGrace: Duration = .milliseconds(100)
        ) {
            self.deadlineGrace = deadlineGrace
            self.cancelGrace = cancelGrace
        }
    }

    /// Where the daemon of this host listens: `$KERNELSUPD_CALLS`, else
    /// `/run/kernelsupd/calls.sock`.
    public static var defaultPath: String {
        guard let value = getenv("KERNELSUPD_CALLS"), value.pointee != 0 else {
            return "/run/kernelsupd/calls.sock"
        }
        return String(cString: value)
    }

    public let path: String
    public let configuration: Configuration
    private let connection = Mutex<Connection?>(nil)
    private let nextID = Atomic<UInt64>(1)

    /// Does not connect yet.
    public init(path: String = KernelClient.defaultPath, configuration: Configuration = .init()) {
        self.path = path
        self.configuration = configuration
    }

    deinit {
        disconnect()
    }

    /// Calls a kernel and waits for its result without blocking a thread.
    ///
    /// Cancelling the task cancels the call: the daemon is told, and the call ends with
    /// `.cancelled` as soon as it says whether it ran, at the latest after the grace.
    ///
    /// - Parameters:
    ///   - kernel: `domain/name`.
    ///   - arguments: in any order; small ones travel in the frame, large ones as shared memory.
    ///   - options: deadline, flags, trace, key.
    /// - Returns: the kernel's outputs and how the call went.
    /// - Throws: `KernelCallError`, whose `execution` says whether the call ran.
    public func call(
        _ kernel: String,
        _ arguments: [Tensor] = [],
        options: CallOptions = CallOptions()
    ) async throws(KernelCallError) -> CallResult {
        guard !Task.isCancelled else { throw KernelCallError.cancelled(.notRun) }
        let now = Instant(nanoseconds: Clock.now())
        let deadline = options.effectiveDeadline(at: now)
        if let deadline, deadline <= now { throw KernelCallError.deadlineExceeded(.notRun) }
        let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        let frame = try EncodedFrame.call(
            CallHead(
                id: id,
                flags: options.flags,
                deadline: deadline ?? .zero,
                trace: options.trace
            ),
            key: options.key,
            kernel: kernel,
            arguments: arguments
        )
        let expiry = deadline.map { $0 + configuration.deadlineGrace }
        switch await send(frame, over: try current(), expiry: expiry) {
        case .ended(let result):
            return try result.get()
        case .notSent(let error):
            guard error.code == .connectionLost, !Task.isCancelled else { throw error }
        }
        // The connection had gone while nobody looked, and the call was not sent: once more.
        switch await send(frame, over: try current(), expiry: expiry) {
        case .ended(let result): return try result.get()
        case .notSent(let error): throw error
        }
    }

    /// Ends the connection and with it the calls under way.
    ///
    /// The next call connects again.
    public func disconnect() {
        let last = connection.withLock { current -> Connection? in
            defer { current = nil }
            return current
        }
        last?.close()
    }

    private func current() throws(KernelCallError) -> Connection {
        let result = connection.withLock { current -> Result<Connection, KernelCallError> in
            if let current, !current.isClosed { return .success(current) }
            let path = self.path
            let fresh = Result { () throws(KernelCallError) in try Connection(path: path) }
            current = try? fresh.get()
            return fresh
        }
        return try result.get()
    }

    private func send(
        _ frame: EncodedFrame,
        over connection: Connection,
        expiry: Instant?
    ) async -> Connection.Ending {
        let grace = configuration.cancelGrace
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                connection.submit(frame, expiry: expiry, continuation: continuation)
                // A cancellation before this point found no call to end.
                if Task.isCancelled { connection.cancel(frame.id, grace: grace) }
            }
        } onCancel: {
            connection.cancel(frame.id, grace: grace)
        }
    }
}
