import SupervisionKit
import Testing

/// What every event does on every rung, printed into docs/recovery-ladder.md: a change of behaviour
/// is a changed row.
///
/// Run with UPDATE_TABLES=1 to write the file anew.
@Suite("The recovery ladder as a table")
struct RecoveryLadderTableTests {
    typealias Means = RecoveryLadder.Means

    static let policy = RecoveryPolicy()

    static let means: [(name: String, means: Means)] = [
        ("a restart", Means()),
        ("a ready replica", Means(restart: .spent, hasReadyReplica: true)),
        ("a degraded profile", Means(restart: .spent, degradedProfile: .serving)),
        ("a backup", Means(restart: .spent, backup: .serving)),
        (
            "a profile and a backup that can't serve now",
            Means(restart: .spent, degradedProfile: .notServing, backup: .notServing)
        ),
        ("nothing, restarts spent", Means(restart: .spent)),
        ("nothing, permanent exit", Means(restart: .permanentExit)),
        ("nothing, the worker is stuck", Means(restart: .stuck)),
        (
            "all but a restart",
            Means(
                restart: .spent,
                hasReadyReplica: true,
                degradedProfile: .serving,
                backup: .serving
            )
        ),
    ]

    /// Each place to stand, reached by events alone.
    static var places: [(name: String, ladder: RecoveryLadder)] {
        func standing(_ means: Means, _ policy: RecoveryPolicy = policy) -> RecoveryLadder {
            var ladder = RecoveryLadder()
            _ = ladder.failed(means: means, policy: policy)
            return ladder
        }
        var acknowledged = standing(Means(restart: .spent))
        acknowledged.acknowledged()
        var over = standing(Means(restart: .spent))
        _ = over.recovered()
        var short = policy
        short.escalation = []
        return [
            ("clear", RecoveryLadder()),
            ("clear, alert raised", over),
            ("restart_kernel", standing(Means())),
            ("use_replica", standing(Means(restart: .spent, hasReadyReplica: true))),
            ("degrade", standing(Means(restart: .spent, degradedProfile: .serving))),
            ("failover", standing(Means(restart: .spent, backup: .serving))),
            ("notify_operator, alert raised", standing(Means(restart: .spent))),
            ("notify_operator, alert acknowledged", acknowledged),
            ("exhausted", standing(Means(restart: .spent), short)),
        ]
    }

    static func describe(_ ladder: RecoveryLadder) -> String {
        let place =
            switch ladder.state {
            case .clear: "clear"
            case .on(let rung): rung.rawValue
            case .exhausted: "exhausted"
            }
        return switch ladder.alert {
        case .none: place
        case .raised: place + ", alert raised"
        case .acknowledged: place + ", alert acknowledged"
        }
    }

    private static func row(
        _ name: String,
        _ former: RecoveryLadder,
        _ event: (inout RecoveryLadder) -> [RecoveryLadder.Step]
    ) -> String {
        var ladder = former
        let steps = event(&ladder)
        guard ladder != former || !steps.isEmpty else { return "| \(name) | · | |" }
        let words = steps.map(\.phrase).joined(separator: "; ")
        return "| \(name) | \(describe(ladder)) |\(words.isEmpty ? "" : " " + words) |"
    }

    static var table: String {
        var lines = [
            "# The recovery ladder",
            "",
            "What each event does to `RecoveryLadder`: where the group stands after it and the",
            "steps reported; `·` where nothing changes. The ladder is that of `RecoveryPolicy`'s",
            "defaults: restart_kernel, use_replica, degrade, failover, notify_operator;",
            "`exhausted` is reached with an empty escalation. Written by",
            "`RecoveryLadderTableTests`, which fails on a difference.",
            "",
            "## A worker failed",
            "",
            "From clear.",
            "",
            "| at hand | becomes | steps |",
            "|---|---|---|",
        ]
        for (name, means) in means {
            lines.append(row(name, RecoveryLadder()) { $0.failed(means: means, policy: policy) })
        }
        for (name, means) in means {
            lines += [
                "", "## What is at hand changed: \(name)", "", "| on | becomes | steps |",
                "|---|---|---|",
            ]
            for place in places {
                let event = { (ladder: inout RecoveryLadder) in
                    ladder.changed(means: means, policy: policy)
                }
                lines.append(row(place.name, place.ladder, event))
            }
        }
        lines += ["", "## Recovered", "", "| on | becomes | steps |", "|---|---|---|"]
        for place in places { lines.append(row(place.name, place.ladder) { $0.recovered() }) }
        lines += ["", "## Acknowledged", "", "| on | becomes | steps |", "|---|---|---|"]
        for place in places {
            let event = { (ladder: inout RecoveryLadder) -> [RecoveryLadder.Step] in
                ladder.acknowledged()
                return []
            }
            lines.append(row(place.name, place.ladder, event))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test func `every event on every rung does what docs/recovery-ladder.md says`() {
        #expect(DocumentedTable(name: "recovery-ladder.md").says(Self.table))
    }

    @Test func `each place of the table is what its name says`() {
        for (name, ladder) in Self.places {
            #expect(Self.describe(ladder) == name)
        }
        let rungs = Set(Self.places.compactMap(\.ladder.rung))
        #expect(rungs == Set(RecoveryStrategy.allCases))
    }
}
