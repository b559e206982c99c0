import SupervisionKit
import Testing

@Suite("The recovery ladder")
struct RecoveryLadderTests {
    typealias Means = RecoveryLadder.Means

    private static func policy(_ rungs: RecoveryStrategy...) -> RecoveryPolicy {
        var policy = RecoveryPolicy()
        policy.strategy = rungs.first ?? .restartKernel
        policy.escalation = Array(rungs.dropFirst())
        return policy
    }

    @Test func `the first failure takes the strategy of the policy`() {
        var ladder = RecoveryLadder()
        #expect(ladder.failed(means: Means(), policy: RecoveryPolicy()) == [.took(.restartKernel)])
        #expect(ladder.rung == .restartKernel)
        #expect(ladder.alert == .none)
    }

    @Test func `another failure on the same rung reports nothing`() {
        var ladder = RecoveryLadder()
        _ = ladder.failed(means: Means(), policy: RecoveryPolicy())
        let former = ladder
        #expect(ladder.failed(means: Means(), policy: RecoveryPolicy()).isEmpty)
        #expect(ladder == former)
    }

    @Test func `spent restarts lead past every rung without means to the operator`() {
        var ladder = RecoveryLadder()
        _ = ladder.failed(means: Means(), policy: RecoveryPolicy())
        let steps = ladder.failed(means: Means(restart: .spent), policy: RecoveryPolicy())
        #expect(
            steps == [
                .skipped(.restartKernel, .restartsSpent), .skipped(.useReplica, .noReadySlot),
                .skipped(.degrade, .noProfile), .skipped(.failover, .noBackup),
                .took(.notifyOperator), .alerted,
            ]
        )
        #expect(ladder.alert == .raised)
        #expect(
            ladder.explanation(policy: RecoveryPolicy())
                == "spent restart_kernel 3/3; skipped use_replica: no ready slot, "
                + "degrade: no profile, failover: no backup; now notify_operator"
        )
    }

    // E06
    @Test func `a permanent exit goes to the next rung at once`() {
        var ladder = RecoveryLadder()
        let means = Means(restart: .permanentExit, degradedProfile: .serving)
        let steps = ladder.failed(means: means, policy: RecoveryPolicy())
        #expect(
            steps == [
                .skipped(.restartKernel, .permanentExit), .skipped(.useReplica, .noReadySlot),
                .took(.degrade),
            ]
        )
        #expect(
            ladder.explanation(policy: RecoveryPolicy())
                == "skipped restart_kernel: permanent exit, use_replica: no ready slot; now degrade"
        )
    }

    @Test func `a rung whose means are gone is left for a later one`() {
        var ladder = RecoveryLadder()
        let policy = RecoveryPolicy()
        var means = Means(restart: .spent, hasReadyReplica: true, backup: .serving)
        _ = ladder.failed(means: means, policy: policy)
        #expect(ladder.rung == .useReplica)
        means.hasReadyReplica = false
        #expect(
            ladder.changed(means: means, policy: policy) == [
                .skipped(.useReplica, .noReadySlot), .skipped(.degrade, .noProfile),
                .took(.failover),
            ]
        )
    }

    @Test func `an earlier rung whose means come back is taken again`() {
        var ladder = RecoveryLadder()
        let policy = RecoveryPolicy()
        var means = Means(restart: .spent)
        _ = ladder.failed(means: means, policy: policy)
        means.hasReadyReplica = true
        #expect(ladder.changed(means: means, policy: policy) == [.took(.useReplica)])
        #expect(ladder.alert == .raised)
    }

    @Test func `a change where nothing is wrong does nothing`() {
        var ladder = RecoveryLadder()
        let steps = ladder.changed(means: Means(restart: .spent), policy: RecoveryPolicy())
        #expect(steps.isEmpty)
        #expect(ladder == RecoveryLadder())
    }

    @Test func `recovery leaves the ladder and a second one changes nothing`() {
        var ladder = RecoveryLadder()
        _ = ladder.failed(means: Means(), policy: RecoveryPolicy())
        #expect(ladder.recovered() == [.recovered(from: .restartKernel)])
        #expect(ladder == RecoveryLadder())
        #expect(ladder.recovered().isEmpty)
    }

    @Test func `an alert stays over the recovery until somebody takes note`() {
        var ladder = RecoveryLadder()
        _ = ladder.failed(means: Means(restart: .spent), policy: RecoveryPolicy())
        _ = ladder.recovered()
        #expect(ladder.alert == .raised)
        ladder.acknowledged()
        #expect(ladder == RecoveryLadder())
    }

    @Test func `an acknowledged alert is shown as such until the recovery`() {
        var ladder = RecoveryLadder()
        _ = ladder.failed(means: Means(restart: .spent), policy: RecoveryPolicy())
        ladder.acknowledged()
        #expect(ladder.alert == .acknowledged)
        #expect(ladder.recovered() == [.recovered(from: .notifyOperator)])
        #expect(ladder.alert == .none)
    }

    @Test func `the operator is told once in a trouble however often a replica comes and goes`() {
        var ladder = RecoveryLadder()
        let policy = RecoveryPolicy()
        var steps = ladder.failed(means: Means(restart: .spent), policy: policy)
        ladder.acknowledged()
        for _ in 0..<10 {
            let back = Means(restart: .spent, hasReadyReplica: true)
            steps += ladder.changed(means: back, policy: policy)
            steps += ladder.changed(means: Means(restart: .spent), policy: policy)
        }
        #expect(steps.count { $0 == .alerted } == 1)
        #expect(ladder.alert == .acknowledged)
    }

    @Test func `a new trouble tells the operator anew although the last alert still stands`() {
        var ladder = RecoveryLadder()
        let spent = Means(restart: .spent)
        _ = ladder.failed(means: spent, policy: RecoveryPolicy())
        _ = ladder.recovered()
        #expect(ladder.failed(means: spent, policy: RecoveryPolicy()).last == .alerted)
        #expect(ladder.alert == .raised)
    }

    @Test func `nothing to acknowledge stays nothing`() {
        var ladder = RecoveryLadder()
        ladder.acknowledged()
        #expect(ladder == RecoveryLadder())
    }

    @Test func `an empty escalation ends with nothing more that can be done`() {
        var ladder = RecoveryLadder()
        let policy = Self.policy(.restartKernel)
        _ = ladder.failed(means: Means(), policy: policy)
        let steps = ladder.failed(means: Means(restart: .spent), policy: policy)
        #expect(steps == [.skipped(.restartKernel, .restartsSpent), .exhausted])
        #expect(ladder.state == .exhausted)
        #expect(ladder.rung == nil)
        #expect(
            ladder.explanation(policy: policy)
                == "spent restart_kernel 3/3; nothing more can be done"
        )
        #expect(ladder.failed(means: Means(restart: .spent), policy: policy).isEmpty)
        #expect(ladder.recovered() == [.recovered(from: nil)])
    }

    @Test func `an operator who is told early does not stand in the way of later rungs`() {
        var ladder = RecoveryLadder()
        let policy = Self.policy(.restartKernel, .notifyOperator, .failover)
        let means = Means(restart: .spent, backup: .serving)
        #expect(
            ladder.failed(means: means, policy: policy) == [
                .skipped(.restartKernel, .restartsSpent), .took(.notifyOperator), .alerted,
                .took(.failover),
            ]
        )
        #expect(
            ladder.explanation(policy: policy)
                == "spent restart_kernel 3/3; took notify_operator; now failover"
        )
        let steps = ladder.changed(means: Means(restart: .spent), policy: policy)
        #expect(steps == [.skipped(.failover, .noBackup)])
        #expect(ladder.rung == .notifyOperator)
    }

    // What is configured and out of order is not what nobody has configured.
    @Test func `a stand-in that can't serve now is told from one that is not configured`() {
        var ladder = RecoveryLadder()
        let policy = Self.policy(.restartKernel, .degrade, .failover)
        let means = Means(restart: .spent, degradedProfile: .notServing)
        #expect(
            ladder.failed(means: means, policy: policy) == [
                .skipped(.restartKernel, .restartsSpent), .skipped(.degrade, .profileNotServing),
                .skipped(.failover, .noBackup), .exhausted,
            ]
        )
        #expect(
            ladder.explanation(policy: policy)
                == "spent restart_kernel 3/3; skipped degrade: the profile can't serve now, "
                + "failover: no backup; nothing more can be done"
        )
        // A reload that adds a backup which does not answer yet is news.
        let later = Means(restart: .spent, degradedProfile: .notServing, backup: .notServing)
        #expect(
            ladder.changed(means: later, policy: policy)
                == [.skipped(.failover, .backupNotServing)]
        )
    }

    @Test func `a rung that the policy names twice stands on the ladder once`() {
        let policy = Self.policy(.degrade, .failover, .degrade, .restartKernel, .failover)
        #expect(policy.rungs == [.degrade, .failover, .restartKernel])
    }

    @Test func `a new policy takes hold with the next change`() {
        var ladder = RecoveryLadder()
        let means = Means(restart: .spent, backup: .serving)
        _ = ladder.failed(means: means, policy: Self.policy(.restartKernel))
        let steps = ladder.changed(means: means, policy: Self.policy(.restartKernel, .failover))
        #expect(steps == [.took(.failover)])
    }

    @Test func `a silly budget is explained without a trap`() {
        var ladder = RecoveryLadder()
        var policy = Self.policy(.restartKernel)
        policy.maxRestarts = .min
        _ = ladder.failed(means: Means(restart: .spent), policy: policy)
        #expect(
            ladder.explanation(policy: policy)
                == "skipped restart_kernel: max_restarts = 0; nothing more can be done"
        )
    }

    @Test func `every step and reason has its phrase`() {
        let steps: [RecoveryLadder.Step] = [
            .took(.useReplica), .skipped(.degrade, .noProfile), .alerted, .exhausted,
            .recovered(from: .failover), .recovered(from: nil),
        ]
        #expect(
            steps.map(\.phrase) == [
                "took use_replica", "skipped degrade: no profile", "alerted the operator",
                "nothing more can be done", "recovered from failover", "recovered",
            ]
        )
        #expect(
            RecoveryLadder.SkipReason.allCases.map(\.phrase) == [
                "restarts spent", "permanent exit", "the worker does not end", "no ready slot",
                "no profile", "the profile can't serve now", "no backup",
                "the backup can't serve now",
            ]
        )
    }
}
