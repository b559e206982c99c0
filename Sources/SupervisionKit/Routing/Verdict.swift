/// What one attempt says about the worker that had it.
///
/// One closed taxonomy in place of predicates. A neutral verdict never moves a window or a state
/// and gives a trial's place back.
public enum Verdict: Hashable, Sendable {
    case ok
    /// It succeeded and took longer than the breaker's `slowCallDuration`.
    case slow
    case fault(Fault)
    case neutral(Neutral)
}

/// Evidence against a worker.
public enum Fault: String, CaseIterable, Hashable, Sendable {
    case crashed
    case connectionLost = "connection_lost"
    case protocolViolation = "protocol"
    case device
    case outOfMemory = "out_of_memory"
    /// A full service timeout passed; a caller's own shorter deadline is no evidence.
    case timedOut = "timed_out"
    case hung
    case probeFailed = "probe_failed"
    /// Back-pressure: counts only against a trial.
    case busy
    /// The kernel ran and reported a failure of its own.
    case failed

    /// For `RetryPolicy.retryableErrors`.
    public var errorClass: ErrorClass {
        switch self {
        case .crashed, .connectionLost, .protocolViolation, .device, .outOfMemory, .busy,
            .probeFailed:
            .transient
        case .timedOut, .hung: .timeout
        case .failed: .failed
        }
    }
}

/// Why an attempt says nothing about its worker.
public enum Neutral: String, CaseIterable, Hashable, Sendable {
    case cancelled
    case callerDeadline = "caller_deadline"
    case expiredInQueue = "expired_in_queue"
    case shed
    case invalidRequest = "invalid_request"
    /// It was in a process that another call brought down.
    case superseded
    case drained
    case abandoned
}
