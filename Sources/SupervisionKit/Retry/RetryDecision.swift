/// What becomes of a call after a try of it has failed.
public enum RetryDecision: Hashable, Sendable {
    /// It is tried again from this instant on.
    ///
    /// A free try has drawn nothing from the budget and does not count as an attempt; the call's
    /// next `FailedAttempt` says that it had one.
    case retry(at: Instant, isFree: Bool)
    /// It ends now, with the fault of the try that failed.
    case giveUp(Reason)

    /// Why a call is not tried again; the first that holds, in this order.
    public enum Reason: String, CaseIterable, Hashable, Sendable {
        /// It has cost `RetryPolicy.maxWorkersLost` workers.
        ///
        /// First, because it says something of the call itself, whatever else holds.
        case poison
        /// Its fault is of a class that is not in `retryableErrors`.
        case notRetryable = "not_retryable"
        /// It may have run, and a second run may do harm.
        case mayHaveRun = "may_have_run"
        /// `maxAttempts` are used up.
        case attemptsSpent = "attempts_spent"
        /// The next try would start at or after the deadline.
        case deadline
        /// The kernel's retries are used up for now; they come back.
        case budgetSpent = "budget_spent"

        /// For the message of the call's error, after what happened: "worker 'a/b/0' crashed; …".
        public var phrase: String {
            switch self {
            case .poison:
                "it is the second worker that died with the call, so it is not tried a third time"
            case .notRetryable: "faults of this class are not tried again"
            case .mayHaveRun: "it is not tried again because it is not known to be idempotent"
            case .attemptsSpent: "all attempts are used"
            case .deadline: "its deadline leaves no time for another try"
            case .budgetSpent: "the kernel's retry budget is spent"
            }
        }
    }
}
