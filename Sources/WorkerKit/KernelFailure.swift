public import SupervisionKit

/// Why a call has no result: what a kernel throws and its caller reads.
public struct KernelFailure: Error, Hashable, Sendable {
    public var error: CallError
    /// What is known about the run: `.notRun` promises that nothing of the kernel has happened.
    public var execution: Execution
    /// What was tried, on what, and what happened.
    ///
    /// At most 8 KiB travel.
    public var message: String
    /// When sending again makes sense; `.zero` when no time helps.
    public var retryAfter: Duration = .zero
    /// It is what a kernel that this one called has answered.
    var isOfChild = false

    /// A failure with the execution that its error implies.
    ///
    /// An error that is found before a launch (`invalidArgument`, `malformedFrame`,
    /// `unknownKernel`, `buildFailed`) is not run; any other has run and failed, unless `execution`
    /// says more.
    public init(_ error: CallError, _ message: String, execution: Execution? = nil) {
        self.error = error
        self.message = message
        self.execution = execution ?? KernelFailure.impliedExecution(of: error)
    }

    public init(error: CallError, message: String) {
        self.init(error, message)
    }

    /// What a call ends with whose kernel did not catch this failure.
    ///
    /// Its own failure as it is. That of a kernel that it called keeps its error where that says
    /// nothing against this worker or the arguments of this call; an overloaded kernel is one that
    /// cannot be had now, and all else is a failure of the kernel that called it. Either way this
    /// call ran and failed, whatever is known of the other one.
    var uncaught: KernelFailure {
        guard isOfChild else { return self }
        var failure = self
        failure.isOfChild = false
        failure.execution = .ranAndFailed
        switch error {
        case .deadlineExceeded, .cancelled, .unavailable, .workerDied, .workerHung,
            .workerMisbehaved, .shuttingDown, .circuitOpen, .chainRefused, .poisoned:
            break
        case .overloaded:
            failure.error = .unavailable
        case .unknownKernel, .invalidArgument, .malformedFrame, .unsupportedVersion, .kernelFailed,
            .buildFailed, .deviceFailed, .connectionLost:
            failure.error = .kernelFailed
        }
        return failure
    }

    private static func impliedExecution(of error: CallError) -> Execution {
        switch error {
        case .unknownKernel, .invalidArgument, .malformedFrame, .unsupportedVersion, .overloaded,
            .unavailable, .buildFailed, .shuttingDown, .circuitOpen, .chainRefused, .poisoned:
            .notRun
        case .deadlineExceeded, .cancelled, .workerDied, .workerHung, .workerMisbehaved,
            .kernelFailed, .deviceFailed, .connectionLost:
            .ranAndFailed
        }
    }
}
