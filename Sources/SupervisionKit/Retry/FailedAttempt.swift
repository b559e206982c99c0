/// One try of a call that ended with a fault, as far as it matters for another one.
///
/// A neutral verdict has no `Fault` and so never becomes one: a refusal, a cancel and an invalid
/// request are not tried again.
public struct FailedAttempt: Hashable, Sendable {
    public var fault: Fault
    /// Tries so far, this one, free ones and the caller's own earlier ones included.
    public var attempt: Int
    /// The kernel is idempotent, or the caller says that a second run does no harm.
    public var isRepeatable: Bool
    /// The kernel may have begun; false only where that is ruled out.
    public var hasStarted: Bool
    /// Workers that died with the call, this try's included.
    public var workersLost: Int
    /// When the call ends, whatever becomes of it.
    public var deadline: Instant
    /// The worker's own word on when to come again: a floor under the wait.
    ///
    /// nil also where the next worker is another one, which the word does not bind.
    public var hint: Duration?
    /// False where the next worker is another one or a fresh one, so that there is nothing to
    /// wait for.
    public var needsWait: Bool
    /// An earlier try never started and was repeated free of charge.
    public var hasHadFreeTry: Bool

    public init(
        fault: Fault,
        attempt: Int,
        isRepeatable: Bool,
        hasStarted: Bool,
        workersLost: Int = 0,
        deadline: Instant,
        hint: Duration? = nil,
        needsWait: Bool = true,
        hasHadFreeTry: Bool = false
    ) {
        self.fault = fault
        self.attempt = attempt
        self.isRepeatable = isRepeatable
        self.hasStarted = hasStarted
        self.workersLost = workersLost
        self.deadline = deadline
        self.hint = hint
        self.needsWait = needsWait
        self.hasHadFreeTry = hasHadFreeTry
    }
}
