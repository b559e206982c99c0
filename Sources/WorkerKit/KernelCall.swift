internal import LinuxSystem
public import SupervisionKit
public import SupervisionWire

/// One call as its kernel sees it: the arguments, and the caller's wish that it ends.
///
/// Valid until `run` returns; used on the compute thread only.
public final class KernelCall {
    public let id: UInt64
    /// The name that was called, `graph/pagerank`.
    public let kernel: String
    /// When the caller stops waiting, on CLOCK_BOOTTIME.
    ///
    /// `.distantFuture` for a call without one.
    public let deadline: Instant
    /// 1 for the first try.
    public let attempt: UInt32
    /// For the kernel's own log lines.
    public let trace: TraceID
    /// In the order in which they were sent; `SignatureBinder` appends the defaults of others.
    public private(set) var inputs: [InputTensor]
    /// Time on the device as its own profiling says.
    ///
    /// A kernel adds to it; it goes into the reply.
    public var deviceTime: Duration = .zero

    let control: CallControl
    /// Where calls of other kernels go; nil for a call that came from no daemon.
    let session: Session?

    init(
        _ head: CallHead,
        kernel: String,
        inputs: [InputTensor],
        control: CallControl,
        session: Session? = nil
    ) {
        self.id = head.id
        self.kernel = kernel
        self.deadline = head.deadline == .zero ? .distantFuture : head.deadline
        self.attempt = head.attempt
        self.trace = head.trace
        self.inputs = inputs
        self.control = control
        self.session = session
    }

    /// A call that came from nowhere: for trying a kernel without a daemon.
    public convenience init(
        kernel: String,
        inputs: [InputTensor],
        id: UInt64 = 1,
        deadline: Instant = .distantFuture,
        trace: TraceID = .none
    ) {
        self.init(
            CallHead(id: id, deadline: deadline, trace: trace),
            kernel: kernel,
            inputs: inputs,
            control: CallControl(id: id)
        )
    }

    /// The argument of that name.
    public func input(_ name: String) -> InputTensor? {
        inputs.first { $0.name == name }
    }

    /// Nobody waits for the result any more: the caller cancelled, or the deadline has passed.
    public var isCancelled: Bool {
        control.isCancelled || hasExpired
    }

    /// Ends the call when nobody waits for it.
    ///
    /// Meant for the moment before each launch.
    ///
    /// - Throws: `.cancelled` or `.deadlineExceeded`, both `.ranAndFailed`: an earlier launch may
    ///   have happened.
    public func checkCancellation() throws(KernelFailure) {
        guard !control.isCancelled else {
            throw KernelFailure(
                .cancelled,
                "the caller cancelled; \(kernel) stopped between launches"
            )
        }
        guard !hasExpired else {
            throw KernelFailure(
                .deadlineExceeded,
                "the deadline passed; \(kernel) stopped between launches"
            )
        }
    }

    /// Reports that `progress` more steps are done, in any unit: launches, rows, iterations.
    ///
    /// The heartbeat carries the sum, which tells a busy kernel from a hung one.
    public func advance(_ progress: UInt64 = 1) {
        control.advance(progress)
    }

    /// Ends the call as a CANCEL of the daemon does: for trying how a kernel stops.
    public func cancel() {
        control.cancel()
    }

    func append(_ input: InputTensor) {
        inputs.append(input)
    }

    private var hasExpired: Bool {
        deadline != .distantFuture && Clock.now() >= deadline.nanoseconds
    }
}
