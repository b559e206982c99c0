extension RecoveryLadder {
    /// Why a rung of the ladder was passed over.
    public enum SkipReason: String, CaseIterable, Hashable, Sendable {
        case restartsSpent = "restarts_spent"
        case permanentExit = "permanent_exit"
        case workerStuck = "worker_stuck"
        case noReadySlot = "no_ready_slot"
        /// None is configured.
        case noProfile = "no_profile"
        case profileNotServing = "profile_not_serving"
        /// None is configured.
        case noBackup = "no_backup"
        case backupNotServing = "backup_not_serving"

        /// "no ready slot".
        public var phrase: String {
            switch self {
            case .restartsSpent: "restarts spent"
            case .permanentExit: "permanent exit"
            case .workerStuck: "the worker does not end"
            case .noReadySlot: "no ready slot"
            case .noProfile: "no profile"
            case .profileNotServing: "the profile can't serve now"
            case .noBackup: "no backup"
            case .backupNotServing: "the backup can't serve now"
            }
        }
    }

    /// How the group came to stand where it does, in one line.
    ///
    /// "spent restart_kernel 3/3; skipped use_replica: no ready slot, degrade: no profile; now
    /// notify_operator". Empty when nothing is wrong.
    public func explanation(policy: RecoveryPolicy) -> String {
        var parts: [String] = []
        var isSkipping = false
        for finding in history where finding.rung != rung {
            let skipped = finding.skipReason.map { "\(finding.rung.rawValue): \($0.phrase)" }
            switch (finding.skipReason, skipped) {
            case (.restartsSpent, _) where policy.maxRestarts > 0:
                let count = policy.maxRestarts
                parts.append("spent \(finding.rung.rawValue) \(count)/\(count)")
            case (.restartsSpent, _):
                parts.append("skipped \(finding.rung.rawValue): max_restarts = 0")
            case (_, let skipped?) where isSkipping:
                parts[parts.count - 1] += ", " + skipped
            case (_, let skipped?):
                parts.append("skipped \(skipped)")
            case (_, nil):
                parts.append("took \(finding.rung.rawValue)")
            }
            isSkipping = parts.last?.hasPrefix("skipped") ?? false
        }
        switch state {
        case .clear: break
        case .on(let rung): parts.append("now \(rung.rawValue)")
        case .exhausted: parts.append("nothing more can be done")
        }
        return parts.joined(separator: "; ")
    }
}

extension RecoveryLadder.Step {
    /// "took use_replica", "skipped degrade: no profile".
    public var phrase: String {
        switch self {
        case .took(let rung): "took \(rung.rawValue)"
        case .skipped(let rung, let reason): "skipped \(rung.rawValue): \(reason.phrase)"
        case .alerted: "alerted the operator"
        case .exhausted: "nothing more can be done"
        case .recovered(let rung?): "recovered from \(rung.rawValue)"
        case .recovered(nil): "recovered"
        }
    }
}
