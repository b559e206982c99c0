public import SupervisionKit
public import SupervisionWire

/// How a call is to be made.
public struct CallOptions: Hashable, Sendable {
    /// From now on; nil leaves it to the daemon's default unless there is a deadline.
    public var timeout: Duration?
    /// On CLOCK_BOOTTIME; with a timeout as well, the earlier one counts.
    public var deadline: Instant?
    public var flags: CallFlags
    public var trace: TraceID
    /// Names the call's content: by itself, if nothing else is said.
    ///
    /// A call whose key has killed two workers is refused with `.poisoned` for a while, by
    /// whomever and however often it is sent.
    public var key: CallKey

    public init(
        timeout: Duration? = nil,
        deadline: Instant? = nil,
        flags: CallFlags = [],
        trace: TraceID = .none,
        key: CallKey = .ofContent
    ) {
        self.timeout = timeout
        self.deadline = deadline
        self.flags = flags
        self.trace = trace
        self.key = key
    }

    /// The earlier of the two; nil when neither is given.
    func effectiveDeadline(at now: Instant) -> Instant? {
        let byTimeout = timeout.map { now + max($0, .zero) }
        guard let byTimeout, let deadline else { return byTimeout ?? deadline }
        return min(byTimeout, deadline)
    }
}

/// What a call gave.
public struct CallResult: Sendable {
    public var tensors: [Tensor]
    /// Another than the kernel's own workers served the call: its degraded profile or its backup.
    public var isDegraded: Bool
    /// Who has served it and why; empty when its own workers did.
    public var degradedWhy: String
    /// Tries that were handed to a worker, the good one included.
    public var attempts: Int
    /// From the arrival at the daemon to the last hand-over to a worker.
    public var queued: Duration
    /// In the kernel, by the worker's clock.
    public var executed: Duration
    /// On the device, by its own profiling; zero when it has none.
    public var device: Duration
    /// The slot that served, `graph/pagerank/0`.
    public var worker: String
    public var incarnation: UInt64

    public init(
        tensors: [Tensor],
        isDegraded: Bool = false,
        degradedWhy: String = "",
        attempts: Int = 1,
        queued: Duration = .zero,
        executed: Duration = .zero,
        device: Duration = .zero,
        worker: String = "",
        incarnation: UInt64 = 0
    ) {
        self.tensors = tensors
        self.isDegraded = isDegraded
        self.degradedWhy = degradedWhy
        self.attempts = attempts
        self.queued = queued
        self.executed = executed
        self.device = device
        self.worker = worker
        self.incarnation = incarnation
    }

    public subscript(name: String) -> Tensor? {
        tensors.first { $0.name == name }
    }
}
