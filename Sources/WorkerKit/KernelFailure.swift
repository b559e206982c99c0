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

    private static func impliedExecution(of error: CallError) -> Execution {
        switch error {
        case .unknownKernel, .invalidArgument, .malformedFrame, .unsupportedVersion, .overloaded,
            .unavailable, .buildFailed, .shuttingDown:
            .notRun
        case .deadlineExceeded, .cancelled, .workerDied, .workerHung, .workerMisbehaved,
            .kernelFailed, .deviceFailed, .connectionLost:
            .ranAndFailed
        }
    }
}
