/// Everything that the supervisor asks of the world, in order.
///
/// The shell performs; what fails comes back as an event.
public enum Effect: Codable, Hashable, Sendable {
    /// Keep the call frame that is at hand under this id, with its descriptors.
    case keep(CallID)
    /// Send the call (the frame at hand, else the kept one) to the worker.
    ///
    /// `depth` counts the calls that made calls above it.
    case forward(CallID, to: WorkerID, deadline: Instant, attempt: UInt32, depth: UInt16)
    /// Drop the frame kept under this id.
    case release(CallID)
    /// Tell the worker that nobody waits for this call any more.
    case cancel(CallID, at: WorkerID)
    /// The call's frame, kept or at hand, names this kernel from now on: another one serves it,
    /// whose workers know it by that name.
    case rename(CallID, String)
    /// Write into the reply frame that is at hand that the kernel's own workers have not served it,
    /// and who has and why.
    case mark(String)
    /// Send the reply frame that is at hand to the caller.
    case deliver(
        to: CallerID,
        callerCall: UInt64,
        attempts: UInt32,
        queued: Duration
    )
    /// Send an answer of the daemon's own to the caller.
    ///
    /// Rare and large, so it lies apart: the effects of a call that goes well stay small.
    indirect case answer(Answer)

    /// Start a worker process.
    case spawn(WorkerID)
    case welcome(WorkerID)
    /// Tell the worker to finish what runs and exit.
    case askToStop(WorkerID)
    /// SIGTERM, and SIGCONT behind it.
    case terminate(WorkerID)
    /// SIGKILL, to the whole session.
    case kill(WorkerID)
    /// Ask the worker how it is: as a whole, or as far as the kernel of that name goes.
    case probe(WorkerID, number: UInt32, kernel: String)

    /// Keep what an operator has said of the kernel's breakers for the next daemon; nil: nothing.
    case keepOverride(kernel: String, BreakerOverride?)

    /// Tell the operator of an alert that has been raised.
    ///
    /// Rare and large, so it lies apart, as `answer` does.
    indirect case notifyOperator(OperatorNotice)
    case log(LogRecord)
    case notify(Notification)
    /// All is over.
    case exit
}

/// An answer that the daemon gives in place of a worker.
public struct Answer: Codable, Hashable, Sendable {
    public var caller: CallerID
    public var callerCall: UInt64
    public var error: CallError
    public var execution: Execution
    public var message: String
    public var retryAfter: Duration
    public var attempts: UInt32
    public var queued: Duration
    /// The worker that had the call last, if any.
    public var incarnation: Incarnation?
    public var worker: String
}

/// What the operator is told of a group that does not help itself any more.
public struct OperatorNotice: Codable, Hashable, Sendable {
    public var group: String
    /// All kernels of the group, by name.
    public var kernels: [String]
    /// What the log says as well.
    public var message: String
    /// When the alert was raised.
    public var since: Instant

    public init(group: String, kernels: [String], message: String, since: Instant) {
        self.group = group
        self.kernels = kernels
        self.message = message
        self.since = since
    }
}

/// What the service manager is told.
public enum Notification: Codable, Hashable, Sendable {
    case ready
    case reloading
    /// One line about the state.
    case status(String)
    case stopping
    /// The core has looked at itself and still decides.
    case watchdog
}
