extension RetryPolicy {
    /// Decides whether and when a call is tried again.
    ///
    /// A try that never started is repeated once free of charge, whatever its class, whether or not
    /// the kernel is idempotent, and beside `maxAttempts` and the budget: it can have done no
    /// harm, and it was not the call that failed. Only poison and the deadline stand against it.
    /// The next one that does not start is an ordinary failure, still safe to repeat.
    ///
    /// Source of the free try: gRPC proposal A6, "Transparent Retries".
    ///
    /// - Parameters:
    ///   - failure: the try that failed.
    ///   - now: the instant of the failure.
    ///   - budget: the kernel's; drawn from only by a retry that is not free.
    ///   - random: for the wait's jitter; not drawn from where there is none.
    /// - Returns: the instant of the next try, always before the deadline; or the reason for none.
    public func decide(
        _ failure: FailedAttempt,
        at now: Instant,
        budget: inout RetryBudget,
        using random: inout some RandomNumberGenerator
    ) -> RetryDecision {
        guard failure.workersLost < Self.maxWorkersLost else { return .giveUp(.poison) }
        let isFree = !failure.hasStarted && !failure.hasHadFreeTry
        if !isFree, let reason = objection(to: failure) { return .giveUp(reason) }
        let start = now + wait(after: failure, using: &random)
        guard start < failure.deadline else { return .giveUp(.deadline) }
        // Last, so that a call that ends has drawn nothing.
        guard isFree || budget.take(at: now, policy: self) else { return .giveUp(.budgetSpent) }
        return .retry(at: start, isFree: isFree)
    }

    /// What the failure itself says against another try.
    private func objection(to failure: FailedAttempt) -> RetryDecision.Reason? {
        guard retryableErrors.contains(failure.fault.errorClass) else { return .notRetryable }
        guard failure.isRepeatable || !failure.hasStarted else { return .mayHaveRun }
        guard failure.chargedAttempts < Swift.max(1, maxAttempts) else { return .attemptsSpent }
        return nil
    }

    private func wait(
        after failure: FailedAttempt,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        let floor = Swift.max(.zero, failure.hint ?? .zero)
        guard failure.needsWait else { return floor }
        return Swift.max(floor, delay(after: failure.chargedAttempts, using: &random))
    }
}

extension FailedAttempt {
    /// Tries that count towards `maxAttempts`; at least 1.
    fileprivate var chargedAttempts: Int {
        max(1, hasHadFreeTry ? max(1, attempt) - 1 : attempt)
    }
}
