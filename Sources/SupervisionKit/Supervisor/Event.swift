/// Everything that can happen to the supervisor.
///
/// Time passing is an event of its own kind: `handle` fires what is due at its instant before it
/// looks at the event.
public enum Event: Hashable, Sendable {
    /// The configuration was read: the first time, or again by a reload.
    case configured(Configuration)
    /// A reload was asked for; `configured` or `reloadRefused` follows.
    case reloadStarted
    /// A reload was asked for and the files are wrong: nothing changes, but it shows.
    case reloadRefused(errors: [String])

    case callArrived(CallArrival)
    /// A client sent something that can't be a call; it gets this answer.
    case callRejected(ClientID, clientCall: UInt64, CallError, message: String)
    case callCancelled(ClientID, clientCall: UInt64)
    case clientClosed(ClientID)

    /// The worker shook hands and takes this many calls at once.
    case workerGreeted(WorkerID, concurrency: Int)
    case workerReady(WorkerID, WorkerDeclaration)
    case workerHeartbeat(WorkerID, running: CallID, progress: UInt64)
    /// A reply frame is at hand.
    case workerReplied(WorkerID, CallID, CallError?)
    /// The worker sent what it must not; the text says what.
    case workerMisbehaved(WorkerID, String)
    case workerChannelClosed(WorkerID)
    case workerEnded(WorkerID, WorkerEnd)

    /// End in order; a second time: end without waiting for calls.
    case stopRequested
    /// Only time has passed.
    case timePassed
}

/// A call as it comes in.
public struct CallArrival: Hashable, Sendable {
    public var client: ClientID
    /// The client's own id of the call.
    public var clientCall: UInt64
    public var kernel: KernelID
    /// `.zero` for the kernel's default timeout.
    public var deadline: Instant
    /// 1 for the caller's first try.
    public var attempt: UInt32
    public var isIdempotent: Bool
    public var mayRetry: Bool

    public init(
        client: ClientID,
        clientCall: UInt64,
        kernel: KernelID,
        deadline: Instant = .zero,
        attempt: UInt32 = 1,
        isIdempotent: Bool = false,
        mayRetry: Bool = true
    ) {
        self.client = client
        self.clientCall = clientCall
        self.kernel = kernel
        self.deadline = deadline
        self.attempt = attempt
        self.isIdempotent = isIdempotent
        self.mayRetry = mayRetry
    }
}

/// What a worker says of itself when it is ready.
public struct WorkerDeclaration: Hashable, Sendable {
    public struct Kernel: Hashable, Sendable {
        public var name: String
        public var isIdempotent: Bool
        /// Why it can't be called; empty when it can.
        public var problem: String

        public init(name: String, isIdempotent: Bool, problem: String = "") {
            self.name = name
            self.isIdempotent = isIdempotent
            self.problem = problem
        }
    }

    public var device: String
    public var kernels: [Kernel]

    public init(device: String, kernels: [Kernel]) {
        self.device = device
        self.kernels = kernels
    }
}
