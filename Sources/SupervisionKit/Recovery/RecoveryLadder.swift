/// The way a group out of trouble: one ordered list of strategies and where on it the group stands.
///
/// The ladder holds no time and counts nothing. Where it stands follows from what is at hand and
/// from the policy alone, so that it can neither loop nor get stuck on a rung whose means are gone:
/// each event looks down the rungs once, in order, and stops at the first that serves. The
/// alternative, to remember which rungs were tried, needs a rule for when to forget it again, and
/// every such rule leaves a group in degraded mode beside a replica that is ready.
///
/// | rung | is taken while | is left when |
/// |---|---|---|
/// | `restart_kernel` | a slot may be started again | the budget is spent or the end is permanent |
/// | `use_replica` | another slot is ready | no slot is ready |
/// | `degrade` | a degraded profile serves | it doesn't any more |
/// | `failover` | a backup serves | it doesn't any more |
/// | `notify_operator` | no rung before it serves | one before it serves again |
///
/// Every rung is left for an earlier one whose means come back, and all of them by `recovered`.
/// `notify_operator` serves no call: where rungs stand behind it, the operator is told on the way
/// past, and the ladder goes on to them.
public struct RecoveryLadder: Hashable, Sendable {
    /// What is at hand for each rung, as the owner sees it with each event.
    public struct Means: Hashable, Sendable {
        /// Whether a slot in trouble may be started again.
        public enum Restart: CaseIterable, Hashable, Sendable {
            case possible
            /// In quarantine; a trial start out of it is still no means until it is ready.
            case spent
            /// No start can help.
            case permanentExit
            /// A process that doesn't end holds the place.
            case stuck
        }

        /// Whether others may take the calls.
        public enum StandIn: CaseIterable, Hashable, Sendable {
            /// None is configured.
            case none
            /// One is configured and can't take calls now.
            case notServing
            /// Nothing says that it would not serve.
            case serving
        }

        public var restart: Restart
        /// Another slot of the group is ready, or a standby that can be promoted.
        public var hasReadyReplica: Bool
        public var degradedProfile: StandIn
        public var backup: StandIn

        public init(
            restart: Restart = .possible,
            hasReadyReplica: Bool = false,
            degradedProfile: StandIn = .none,
            backup: StandIn = .none
        ) {
            self.restart = restart
            self.hasReadyReplica = hasReadyReplica
            self.degradedProfile = degradedProfile
            self.backup = backup
        }

        /// Why `rung` can't be taken; nil when it can.
        func skipReason(for rung: RecoveryStrategy) -> SkipReason? {
            switch rung {
            case .restartKernel:
                switch restart {
                case .possible: nil
                case .spent: .restartsSpent
                case .permanentExit: .permanentExit
                case .stuck: .workerStuck
                }
            case .useReplica: hasReadyReplica ? nil : .noReadySlot
            case .degrade:
                switch degradedProfile {
                case .none: .noProfile
                case .notServing: .profileNotServing
                case .serving: nil
                }
            case .failover:
                switch backup {
                case .none: .noBackup
                case .notServing: .backupNotServing
                case .serving: nil
                }
            case .notifyOperator: nil
            }
        }
    }

    /// Where the group stands.
    public enum State: Hashable, Sendable {
        /// Nothing is wrong.
        case clear
        case on(RecoveryStrategy)
        /// No rung has its means, and none tells an operator: nothing more can be done.
        case exhausted
    }

    /// What an event changed, for a log record each.
    public enum Step: Hashable, Sendable {
        case took(RecoveryStrategy)
        /// `notify_operator` was reached: the operator is to be told now; once in a trouble.
        case alerted
        /// The rung was passed over, or left, because its means are missing.
        case skipped(RecoveryStrategy, SkipReason)
        /// Nothing more can be done.
        case exhausted
        /// The trouble is over; nil when there was no rung left to stand on.
        case recovered(from: RecoveryStrategy?)
    }

    /// What was found at one rung, from the first rung down to where the ladder stands.
    public struct Finding: Hashable, Sendable {
        public var rung: RecoveryStrategy
        /// nil when the rung was taken.
        public var skipReason: SkipReason?

        var step: Step {
            skipReason.map { .skipped(rung, $0) } ?? .took(rung)
        }
    }

    /// Whether a person has been told and has taken note.
    public enum Alert: String, CaseIterable, Hashable, Sendable {
        case none
        /// Stays over the recovery, until somebody takes note.
        case raised
        /// Stays until the recovery.
        case acknowledged
    }

    public private(set) var state = State.clear
    public private(set) var alert = Alert.none
    /// What was found at each rung in the present trouble, in the policy's order; one entry a rung
    /// at most.
    public private(set) var history: [Finding] = []
    private var wasAlerted = false

    public init() {}

    /// The rung in use; nil when nothing is wrong, or nothing more can be done.
    public var rung: RecoveryStrategy? {
        switch state {
        case .clear, .exhausted: nil
        case .on(let rung): rung
        }
    }

    /// A worker of the group failed.
    ///
    /// Another failure in the same trouble changes nothing that `means` doesn't say.
    public mutating func failed(means: Means, policy: RecoveryPolicy) -> [Step] {
        climb(means, policy)
    }

    /// What is at hand changed, or the policy did.
    ///
    /// The ladder goes back to an earlier rung whose means are there again, and leaves a rung whose
    /// means are gone. Nothing happens where nothing is wrong.
    public mutating func changed(means: Means, policy: RecoveryPolicy) -> [Step] {
        switch state {
        case .clear: []
        case .on, .exhausted: climb(means, policy)
        }
    }

    /// No slot of the group is in trouble any more: what is wanted is ready and serves.
    public mutating func recovered() -> [Step] {
        let former = rung
        switch state {
        case .clear: return []
        case .on, .exhausted: break
        }
        state = .clear
        history = []
        wasAlerted = false
        switch alert {
        case .none, .acknowledged: alert = .none
        case .raised: break
        }
        return [.recovered(from: former)]
    }

    /// An operator took note of the alert.
    public mutating func acknowledged() {
        switch (alert, state) {
        case (.raised, .clear): alert = .none
        case (.raised, .on), (.raised, .exhausted): alert = .acknowledged
        case (.none, _), (.acknowledged, _): break
        }
    }

    private mutating func climb(_ means: Means, _ policy: RecoveryPolicy) -> [Step] {
        let (next, findings) = Self.look(means, policy)
        var steps: [Step] = []
        for finding in findings where !history.contains(finding) {
            steps.append(finding.step)
            guard finding.step == .took(.notifyOperator), !wasAlerted else { continue }
            wasAlerted = true
            alert = .raised
            steps.append(.alerted)
        }
        if next == .exhausted, state != .exhausted { steps.append(.exhausted) }
        state = next
        history = findings
        return steps
    }

    /// Looks down the rungs once, to the first that serves.
    private static func look(_ means: Means, _ policy: RecoveryPolicy) -> (State, [Finding]) {
        var findings: [Finding] = []
        var state = State.exhausted
        for rung in policy.rungs {
            let reason = means.skipReason(for: rung)
            findings.append(Finding(rung: rung, skipReason: reason))
            guard reason == nil else { continue }
            state = .on(rung)
            if rung != .notifyOperator { break }
        }
        return (state, findings)
    }
}
