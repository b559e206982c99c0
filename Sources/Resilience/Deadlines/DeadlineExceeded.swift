public import SupervisionKit

/// The deadline passed before there was a result.
///
/// By itself no evidence: a caller may have had little patience. A breaker counts it as
/// `fault(timed_out)` when the call had run for a full service timeout.
public struct DeadlineExceeded: ClassifiedError, Hashable {
    public var deadline: Deadline
    /// False when it had passed before the work began.
    public var hasStarted: Bool

    public init(_ deadline: Deadline, hasStarted: Bool) {
        self.deadline = deadline
        self.hasStarted = hasStarted
    }

    public var verdict: Verdict { .neutral(hasStarted ? .callerDeadline : .expiredInQueue) }
}

extension DeadlineExceeded: CustomStringConvertible {
    public var description: String {
        hasStarted ? "the deadline passed" : "the deadline had passed before the work began"
    }
}
