/// Everything that can happen to the supervisor.
///
/// Time passing is an event of its own kind: `handle` fires what is due at its instant before it
/// looks at the event.
public enum Event: Codable, Hashable, Sendable {
    /// The configuration was read: the first time, or again by a reload.
    case configured(Configuration)
    /// A reload was asked for; `configured` or `reloadRefused` follows.
    case reloadStarted
    /// A reload was asked for and the files are wrong: nothing changes, but it shows.
    case reloadRefused(errors: [String])

    case callArrived(CallArrival)
    /// Someone sent what can't be a call; it gets this answer.
    case callRejected(CallerID, callerCall: UInt64, CallError, message: String)
    case callCancelled(CallerID, callerCall: UInt64)
    case clientClosed(ClientID)

    /// The worker shook hands and takes this many calls at once.
    case workerGreeted(WorkerID, concurrency: Int)
    case workerReady(WorkerID, WorkerDeclaration)
    case workerHeartbeat(WorkerID, running: CallID, progress: UInt64)
    /// A reply frame is at hand.
    case workerReplied(WorkerID, CallID, WorkerReply)
    case workerProbed(WorkerID, number: UInt32, ProbeResult)
    /// The worker sent what it must not; the text says what.
    case workerMisbehaved(WorkerID, String)
    case workerChannelClosed(WorkerID)
    case workerEnded(WorkerID, WorkerEnd)

    /// A person has spoken about a kernel's breakers; nil takes the word back.
    case breakerOverridden(kernel: String, BreakerOverride?)
    /// A person has taken note of what a group's alert says.
    case alertAcknowledged(group: String)

    /// End in order; a second time: end without waiting for calls.
    case stopRequested
    /// Only time has passed.
    case timePassed
}

/// A call as it comes in.
public struct CallArrival: Codable, Hashable, Sendable {
    public var caller: CallerID
    /// The caller's own id of the call.
    public var callerCall: UInt64
    public var kernel: KernelID
    /// `.zero` for the kernel's default timeout.
    public var deadline: Instant
    /// 1 for the caller's first try.
    public var attempt: UInt32
    public var isIdempotent: Bool
    public var mayRetry: Bool
    /// Names the call's content: the same key is the same call.
    ///
    /// 0 for none.
    public var key: UInt64
    /// It comes from another daemon, which could not serve it.
    public var isFromDaemon: Bool
    /// Of a call that a worker makes: the call whose kernel makes it.
    public var parent: CallID?

    public init(
        caller: CallerID,
        callerCall: UInt64,
        kernel: KernelID,
        deadline: Instant = .zero,
        attempt: UInt32 = 1,
        isIdempotent: Bool = false,
        mayRetry: Bool = true,
        key: UInt64 = 0,
        isFromDaemon: Bool = false,
        parent: CallID? = nil
    ) {
        self.caller = caller
        self.callerCall = callerCall
        self.kernel = kernel
        self.deadline = deadline
        self.attempt = attempt
        self.isIdempotent = isIdempotent
        self.mayRetry = mayRetry
        self.key = key
        self.isFromDaemon = isFromDaemon
        self.parent = parent
    }
}

/// What the core needs to know of a worker's reply.
public struct WorkerReply: Codable, Hashable, Sendable {
    /// nil for a result.
    public var error: CallError?
    public var execution: Execution
    /// When the worker wants to be asked again; zero for whenever.
    public var retryAfter: Duration

    public init(
        error: CallError? = nil,
        execution: Execution = .ran,
        retryAfter: Duration = .zero
    ) {
        self.error = error
        self.execution = execution
        self.retryAfter = retryAfter
    }
}

/// What a worker says of itself when it is ready.
public struct WorkerDeclaration: Codable, Hashable, Sendable {
    public struct Kernel: Codable, Hashable, Sendable {
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
