public import SupervisionKit

/// What `Retry` decided after a try that failed.
public struct RetryEvent: Hashable, Sendable {
    /// The `Retry`'s name.
    public var name: String
    /// The try that failed, from 1.
    public var attempt: Int
    public var verdict: Verdict
    /// nil where there was nothing to decide: a neutral verdict is never tried again.
    public var decision: RetryDecision?
}
