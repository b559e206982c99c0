internal import SupervisionKit

extension RecoveryPolicy: Configurable {
    mutating func read(_ keys: inout KeyReader) {
        let least = Duration.milliseconds(1)
        keys.word("strategy", &strategy)
        keys.words("escalation", &escalation)
        keys.integer("max_restarts", &maxRestarts, in: 0...10_000)
        keys.duration("window", &window, from: .seconds(1))
        keys.duration("restart_delay", &restartDelay, from: .zero)
        keys.duration("initial_backoff", &initialBackoff, from: .zero)
        keys.duration("max_restart_delay", &maxRestartDelay, from: least)
        keys.duration("stable_after", &stableAfter, from: least)
        keys.duration("retry_quarantined", &retryQuarantined, from: .seconds(1))
        keys.duration("max_quarantine", &maxQuarantine, from: .seconds(1))
        keys.integers("permanent_exit_codes", &permanentExitCodes, in: 1...255)
        keys.duration("failback_after", &failbackAfter, from: .zero)
        keys.check("initial_backoff", initialBackoff, atMost: "max_restart_delay", maxRestartDelay)
        keys.check("retry_quarantined", retryQuarantined, atMost: "max_quarantine", maxQuarantine)
        keys.check(
            !(repeatsStrategy && keys.origin("escalation").isFile),
            "escalation",
            "strategy",
            message: "`escalation` holds \(strategy.rawValue), which is the `strategy` already"
        )
    }

    /// Of no consequence in the list that is built in: a rung is climbed once.
    private var repeatsStrategy: Bool { escalation.contains(strategy) }
}
