import SupervisionKit
import Testing

/// Every ladder that a policy can name, with everything that can be at hand.
@Suite("Every walk on the recovery ladder")
struct RecoveryLadderWalkTests {
    typealias Means = RecoveryLadder.Means

    static var allMeans: [Means] {
        var all: [Means] = []
        for restart in Means.Restart.allCases {
            for hasReadyReplica in [false, true] {
                for profile in Means.StandIn.allCases {
                    for backup in Means.StandIn.allCases {
                        all.append(
                            Means(
                                restart: restart,
                                hasReadyReplica: hasReadyReplica,
                                degradedProfile: profile,
                                backup: backup
                            )
                        )
                    }
                }
            }
        }
        return all
    }

    /// Each choice of rungs in each order, the empty escalation included.
    static var allPolicies: [RecoveryPolicy] {
        var all: [RecoveryPolicy] = []
        func extend(_ rungs: [RecoveryStrategy]) {
            if let first = rungs.first {
                var policy = RecoveryPolicy()
                policy.strategy = first
                policy.escalation = Array(rungs.dropFirst())
                all.append(policy)
            }
            for rung in RecoveryStrategy.allCases where !rungs.contains(rung) {
                extend(rungs + [rung])
            }
        }
        extend([])
        return all
    }

    /// The rule in other words: the first rung that serves, or else the operator.
    private static func expected(_ means: Means, _ policy: RecoveryPolicy) -> RecoveryLadder.State {
        let serving = policy.rungs.first { rung in
            switch rung {
            case .restartKernel: means.restart == .possible
            case .useReplica: means.hasReadyReplica
            case .degrade: means.degradedProfile == .serving
            case .failover: means.backup == .serving
            case .notifyOperator: false
            }
        }
        if let serving { return .on(serving) }
        return policy.rungs.contains(.notifyOperator) ? .on(.notifyOperator) : .exhausted
    }

    private static func check(
        _ ladder: RecoveryLadder,
        _ steps: [RecoveryLadder.Step],
        from former: RecoveryLadder,
        _ means: Means,
        _ policy: RecoveryPolicy
    ) -> Bool {
        let rungs = ladder.history.map(\.rung)
        var took: [RecoveryStrategy] = []
        for case .took(let rung) in steps { took.append(rung) }
        let wasToldBefore = former.history.contains { $0.rung == .notifyOperator }
        return ladder.state == expected(means, policy)
            // What was looked at is the policy's own order, from its beginning.
            && rungs == Array(policy.rungs.prefix(rungs.count))
            // In one event each rung is taken at most once.
            && Set(took).count == took.count
            // A change of rung is never silent, and neither is the end of the ladder.
            && (ladder.state == former.state || !steps.isEmpty)
            && steps.contains(.exhausted)
                == (ladder.state == .exhausted && former.state != .exhausted)
            // Who is told is shown.
            && (!rungs.contains(.notifyOperator) || ladder.alert != .none)
            && (!steps.contains(.alerted) || !wasToldBefore)
    }

    @Test func `there are 325 ladders and 72 means`() {
        #expect(Self.allPolicies.count == 325)
        #expect(Set(Self.allPolicies.map(\.rungs)).count == 325)
        #expect(Set(Self.allMeans).count == 72)
    }

    @Test func `each ladder stands on the first rung that serves whatever came before`() {
        let allMeans = Self.allMeans
        var bad = 0
        for policy in Self.allPolicies {
            for first in allMeans {
                var failed = RecoveryLadder()
                let steps = failed.failed(means: first, policy: policy)
                if !Self.check(failed, steps, from: RecoveryLadder(), first, policy) { bad += 1 }
                // Which of two reasons the first trouble had is history, and the state has none.
                guard first.degradedProfile != .notServing, first.backup != .notServing else {
                    continue
                }
                for second in allMeans {
                    var next = failed
                    let steps = next.changed(means: second, policy: policy)
                    if !Self.check(next, steps, from: failed, second, policy) { bad += 1 }
                }
            }
        }
        #expect(bad == 0)
    }

    private enum Event: CaseIterable {
        case failed, changed, recovered, acknowledged
    }

    /// The alert as a model of its own, over all sequences of events.
    @Test func `no sequence of six events tells the operator twice or forgets an alert`() {
        let policy = RecoveryPolicy()
        let means = [Means(), Means(restart: .spent), Means(restart: .spent, backup: .serving)]
        var count = 0
        var bad = 0
        func walk(_ ladder: RecoveryLadder, told: Bool, open: Bool, _ depth: Int) {
            guard depth > 0 else { return }
            for event in Event.allCases {
                for means in means {
                    var next = ladder
                    var steps: [RecoveryLadder.Step] = []
                    var (told, open) = (told, open)
                    switch event {
                    case .failed: steps = next.failed(means: means, policy: policy)
                    case .changed: steps = next.changed(means: means, policy: policy)
                    case .recovered:
                        steps = next.recovered()
                        told = false
                    case .acknowledged:
                        next.acknowledged()
                        open = false
                    }
                    if steps.contains(.alerted) {
                        if told { bad += 1 }
                        told = true
                        open = true
                    }
                    // An alert is shown as raised exactly while nobody took note of it.
                    if (next.alert == .raised) != open { bad += 1 }
                    if next.state == .clear, next.alert == .acknowledged { bad += 1 }
                    if next.rung == .notifyOperator, next.alert == .none { bad += 1 }
                    count += 1
                    if next != ladder { walk(next, told: told, open: open, depth - 1) }
                }
            }
        }
        walk(RecoveryLadder(), told: false, open: false, 6)
        #expect(bad == 0)
        #expect(count > 10_000)
    }
}
