public import SupervisionKit

/// An error that says itself what it means for breakers and retries.
///
/// Errors that don't conform count as `fault(failed)`, a `CancellationError` as
/// `neutral(cancelled)`. A pattern takes another classification as its `classify`.
public protocol ClassifiedError: Error {
    /// What the try that ended with it says about what was called.
    var verdict: Verdict { get }
    /// When to come again, in the words of what was called: a floor under the wait.
    var retryAfter: Duration? { get }
    /// False only where it is ruled out that the work began.
    var hasStarted: Bool { get }
}

extension ClassifiedError {
    public var retryAfter: Duration? { nil }
    public var hasStarted: Bool { true }
}

extension Verdict {
    /// The default classification of a body's error.
    public init(of error: any Error) {
        switch error {
        case let error as any ClassifiedError: self = error.verdict
        case is CancellationError: self = .neutral(.cancelled)
        default: self = .fault(.failed)
        }
    }
}

/// Makes a verdict of a body's error.
public typealias Classify = @Sendable (any Error) -> Verdict
