public import SupervisionKit
import SupervisionWire

/// How a call ended that has no result.
///
/// The caller's first question is whether the call ran: `execution` answers it. `.notRun` is safe
/// to send again; after `.answerLost` only what is idempotent is.
public struct KernelCallError: Error, Hashable, Sendable {
    /// What went wrong: compare with the static members.
    ///
    /// New ones may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The word in JSON output and in documentation.
        public let name: String

        init(_ name: String) {
            self.name = name
        }

        init(_ error: CallError) {
            self.name = error.name
        }

        public var description: String { name }

        public static let unknownKernel = Code(.unknownKernel)
        public static let invalidArgument = Code(.invalidArgument)
        public static let malformedFrame = Code(.malformedFrame)
        public static let unsupportedVersion = Code(.unsupportedVersion)
        public static let deadlineExceeded = Code(.deadlineExceeded)
        public static let cancelled = Code(.cancelled)
        public static let overloaded = Code(.overloaded)
        public static let unavailable = Code(.unavailable)
        public static let workerDied = Code(.workerDied)
        public static let workerHung = Code(.workerHung)
        public static let workerMisbehaved = Code(.workerMisbehaved)
        public static let kernelFailed = Code(.kernelFailed)
        public static let buildFailed = Code(.buildFailed)
        public static let deviceFailed = Code(.deviceFailed)
        public static let shuttingDown = Code(.shuttingDown)
        /// The kernel's circuit breaker refuses calls until `retryAfter`.
        public static let circuitOpen = Code(.circuitOpen)
        /// A kernel's call of a kernel went too deep or in a circle, or would have waited for
        /// itself.
        public static let chainRefused = Code(.chainRefused)
        /// Calls with the same key have killed two workers; more are refused for a while.
        public static let poisoned = Code(.poisoned)
        /// The connection broke while the call was under way.
        public static let connectionLost = Code(.connectionLost)
        /// No daemon answers on the socket's path.
        public static let unreachable = Code("unreachable")
        /// The socket's mode does not let this user in.
        public static let notAllowed = Code("not_allowed")
        /// The reply came and can't be read here: no descriptor or no memory left, or it is not
        /// what the protocol says.
        public static let unreadableReply = Code("unreadable_reply")
        /// The call could not be sent: no descriptor or no memory left here.
        public static let notSent = Code("not_sent")
    }

    public var code: Code
    /// What was tried, on what, what happened.
    public var message: String
    public var execution: Execution
    /// When sending again makes sense; nil when no time helps.
    public var retryAfter: Duration?
    /// The slot whose worker had the call, `graph/pagerank/0`; nil for none.
    public var worker: String?
    public var incarnation: UInt64
    /// Tries that were handed to a worker.
    public var attempts: Int

    public init(
        code: Code,
        message: String,
        execution: Execution,
        retryAfter: Duration? = nil,
        worker: String? = nil,
        incarnation: UInt64 = 0,
        attempts: Int = 0
    ) {
        self.code = code
        self.message = message
        self.execution = execution
        self.retryAfter = retryAfter
        self.worker = worker
        self.incarnation = incarnation
        self.attempts = attempts
    }

    /// What a reply says that carries an error; nil for a result.
    init?(_ head: ReplyHead) {
        guard let error = head.error else { return nil }
        self.init(
            code: Code(error),
            message: head.message,
            execution: head.execution,
            retryAfter: head.retryAfter == .zero ? nil : head.retryAfter,
            worker: head.worker.isEmpty ? nil : head.worker,
            incarnation: head.incarnation,
            attempts: Int(head.attempts)
        )
    }
}

extension KernelCallError: CustomStringConvertible {
    public var description: String { "\(code) (\(execution.phrase)): \(message)" }
}
