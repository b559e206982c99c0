/// Why a call did not end with a result: the closed taxonomy that callers see.
///
/// Raw values travel on the wire (docs/PROTOCOL.md, "Outcomes") and never change.
public enum CallError: UInt16, Codable, CaseIterable, Sendable {
    /// No kernel of that name is configured.
    case unknownKernel = 1
    /// An argument is missing, unknown, of the wrong type, rank, size or value.
    case invalidArgument = 2
    /// The frame itself, or a descriptor that came with it, is not what the protocol says.
    case malformedFrame = 3
    /// The frame is of a protocol version that the receiver doesn't speak.
    case unsupportedVersion = 4
    /// The deadline passed before there was a result.
    case deadlineExceeded = 5
    /// The caller cancelled.
    case cancelled = 6
    /// A queue or a limit of the caller is full.
    case overloaded = 7
    /// No worker can take the call now: it is down, quarantined, or still starting too long.
    case unavailable = 8
    /// The worker process died while it had the call.
    case workerDied = 9
    /// The worker did not acknowledge a cancel and was killed.
    case workerHung = 10
    /// The worker broke the protocol while it had the call.
    case workerMisbehaved = 11
    /// The kernel ran and reported a failure of its own.
    case kernelFailed = 12
    /// The kernel's program doesn't compile; the message carries the build log.
    case buildFailed = 13
    /// The device refused: out of memory, lost, or a launch failed.
    case deviceFailed = 14
    /// The daemon is draining before its end.
    case shuttingDown = 15
    /// The connection to the daemon was lost; made by client libraries, never sent.
    case connectionLost = 16
    /// The kernel's circuit breaker refuses calls for a while.
    case circuitOpen = 17
    /// A kernel's call of a kernel goes too deep or in a circle, would wait for itself, or has
    /// lost the call that made it.
    case chainRefused = 18
    /// Calls with the same key have killed two workers; more of them are refused for a while.
    case poisoned = 19

    /// The name in JSON output and in documentation, in snake case.
    public var name: String {
        switch self {
        case .unknownKernel: "unknown_kernel"
        case .invalidArgument: "invalid_argument"
        case .malformedFrame: "malformed_frame"
        case .unsupportedVersion: "unsupported_version"
        case .deadlineExceeded: "deadline_exceeded"
        case .cancelled: "cancelled"
        case .overloaded: "overloaded"
        case .unavailable: "unavailable"
        case .workerDied: "worker_died"
        case .workerHung: "worker_hung"
        case .workerMisbehaved: "worker_misbehaved"
        case .kernelFailed: "kernel_failed"
        case .buildFailed: "build_failed"
        case .deviceFailed: "device_failed"
        case .shuttingDown: "shutting_down"
        case .connectionLost: "connection_lost"
        case .circuitOpen: "circuit_open"
        case .chainRefused: "chain_refused"
        case .poisoned: "poisoned"
        }
    }
}

/// What is known about whether a call ran: the caller's first question after a failure.
public enum Execution: UInt8, Codable, CaseIterable, Sendable {
    /// It was never handed to a worker, or its worker refused it before the kernel began: safe to
    /// send again.
    case notRun = 0
    /// It ran and this is its result.
    case ran = 1
    /// It was handed to a worker and the answer never came: it may have run, wholly or in part.
    case answerLost = 2
    /// It was handed to a worker, which reported that it failed.
    case ranAndFailed = 3

    /// The fixed phrase in text output.
    public var phrase: String {
        switch self {
        case .notRun: "not run"
        case .ran: "ran"
        case .answerLost: "ran, answer lost"
        case .ranAndFailed: "ran and failed"
        }
    }

    /// The value in JSON output.
    public var name: String {
        switch self {
        case .notRun: "not_run"
        case .ran: "ran"
        case .answerLost: "ran_answer_lost"
        case .ranAndFailed: "ran_and_failed"
        }
    }
}
