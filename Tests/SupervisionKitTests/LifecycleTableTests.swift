import SupervisionKit
import Testing

/// What every event does in every state, printed into docs/worker-lifecycle.md: a change of
/// behaviour is a changed row.
///
/// Run with UPDATE_TABLES=1 to write the file anew.
@Suite("The worker's lifecycle as a table")
struct LifecycleTableTests {
    static let now = Instant(nanoseconds: 1_000_000_000_000)
    static let lifecycle = LifecyclePolicy()
    static let next = Incarnation(number: 2)

    struct Step: Sendable {
        var name: String
        var run: @Sendable (inout WorkerLifecycle) -> WorkerLifecycle.Action
    }

    static var recovery: RecoveryPolicy {
        var policy = RecoveryPolicy()
        policy.maxRestarts = 2
        return policy
    }

    static func crash(_ machine: inout WorkerLifecycle) -> WorkerLifecycle.Action {
        end(&machine, .signaled(name: "SIGSEGV", coreDumped: false))
    }

    static func end(
        _ machine: inout WorkerLifecycle,
        _ end: WorkerEnd
    ) -> WorkerLifecycle.Action {
        machine.ended(end, next: next, at: now, lifecycle: lifecycle, recovery: recovery)
    }

    static let events: [Step] = [
        Step(name: "start") { $0.start(next: next, at: now, policy: lifecycle) },
        Step(name: "put off") { machine in
            machine.putOff()
            return .none
        },
        Step(name: "start now") { $0.startNow(next: next, at: now, policy: lifecycle) },
        Step(name: "reported ready") { $0.reportedReady(at: now) },
        Step(name: "channel closed") { $0.channelClosed(at: now) },
        Step(name: "replace") { $0.replace(next: next, at: now, policy: lifecycle) },
        Step(name: "stop") { $0.stop(at: now, policy: lifecycle) },
        Step(name: "kill (hung)") { $0.kill(.hung(nil), at: now, policy: lifecycle) },
        Step(name: "ended by a signal") { crash(&$0) },
        Step(name: "ended for want of memory") { end(&$0, .outOfMemory(isCertain: false)) },
        Step(name: "ended for good (78)") { end(&$0, .exited(78)) },
        Step(name: "deadline passed") { machine in
            let due = machine.deadline ?? now
            return machine.deadlinePassed(next: next, at: due, policy: lifecycle)
        },
        Step(name: "forgive (3 s)") { machine in
            machine.forgive(.seconds(3))
            return .none
        },
    ]

    /// Each state, reached by events alone.
    static var states: [(name: String, machine: WorkerLifecycle)] {
        func machine(_ steps: (inout WorkerLifecycle) -> Void) -> WorkerLifecycle {
            var machine = WorkerLifecycle()
            steps(&machine)
            return machine
        }
        func started(_ steps: (inout WorkerLifecycle) -> Void = { _ in }) -> WorkerLifecycle {
            machine { machine in
                _ = machine.start(
                    next: Incarnation(number: 1),
                    at: now,
                    policy: lifecycle
                )
                steps(&machine)
            }
        }
        func ready(_ steps: (inout WorkerLifecycle) -> Void = { _ in }) -> WorkerLifecycle {
            started { machine in
                _ = machine.reportedReady(at: now)
                steps(&machine)
            }
        }
        func pass(_ machine: inout WorkerLifecycle) {
            _ = machine.deadlinePassed(
                next: next,
                at: machine.deadline ?? now,
                policy: lifecycle
            )
        }
        return [
            ("stopped", machine { _ in }),
            ("waiting", started { $0.putOff() }),
            ("starting", started()),
            ("ready", ready()),
            ("parting", ready { _ = $0.channelClosed(at: now) }),
            (
                "asked (being replaced)",
                ready { _ = $0.replace(next: next, at: now, policy: lifecycle) }
            ),
            ("asked (being stopped)", ready { _ = $0.stop(at: now, policy: lifecycle) }),
            (
                "terminated",
                ready {
                    _ = $0.stop(at: now, policy: lifecycle)
                    pass(&$0)
                }
            ),
            ("killed", ready { _ = $0.kill(.hung(nil), at: now, policy: lifecycle) }),
            (
                "stuck",
                ready {
                    _ = $0.kill(.hung(nil), at: now, policy: lifecycle)
                    pass(&$0)
                }
            ),
            (
                "backoff",
                ready {
                    _ = crash(&$0)
                    _ = crash(&$0)
                }
            ),
            (
                "quarantined",
                ready {
                    for _ in 0..<2 {
                        _ = crash(&$0)
                        if case .backoff = $0.state { pass(&$0) }
                    }
                    _ = crash(&$0)
                }
            ),
            ("failed", ready { _ = end(&$0, .exited(78)) }),
        ]
    }

    static func describe(_ state: WorkerLifecycle.State) -> String {
        func wait(_ until: Instant) -> String { "until +\(until.since(now).inWords)" }
        return switch state {
        case .stopped: "stopped"
        case .waiting: "waiting"
        case .starting(let incarnation, let until):
            "starting #\(incarnation.number) \(wait(until))"
        case .ready(let incarnation, _): "ready #\(incarnation.number)"
        case .parting(let incarnation, _, let until):
            "parting #\(incarnation.number) \(wait(until))"
        case .asked(let incarnation, let until): "asked #\(incarnation.number) \(wait(until))"
        case .terminated(let incarnation, let until):
            "terminated #\(incarnation.number) \(wait(until))"
        case .killed(let incarnation, _, let until):
            "killed #\(incarnation.number) \(wait(until))"
        case .stuck(let incarnation, _): "stuck #\(incarnation.number)"
        case .backoff(let until): "backoff \(wait(until))"
        case .quarantined(let until): "quarantined \(wait(until))"
        case .failed: "failed"
        }
    }

    static func describe(_ action: WorkerLifecycle.Action) -> String {
        switch action {
        case .none: ""
        case .spawn: "; spawn"
        case .askToStop: "; ask to stop"
        case .terminate: "; SIGTERM"
        case .kill: "; SIGKILL"
        }
    }

    static var table: String {
        var lines = [
            "# The worker's lifecycle",
            "",
            "What each event does in each state of `WorkerLifecycle`: the state after it and the",
            "action asked for; `·` where nothing changes. `#1` is the incarnation there was, `#2`",
            "the next one; `+` counts from the event, or, for a deadline, from the instant all",
            "events before it happened at. Defaults of `LifecyclePolicy` and `RecoveryPolicy`, but",
            "`max_restarts` is 2. Written by `LifecycleTableTests`, which fails on a difference.",
        ]
        for event in events {
            lines += ["", "## \(event.name)", "", "| in state | becomes |", "|---|---|"]
            for (name, machine) in states {
                var changed = machine
                let action = event.run(&changed)
                let isSame = changed.state == machine.state && action == .none
                let after = isSame ? "·" : describe(changed.state) + describe(action)
                lines.append("| \(name) | \(after) |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test func `every event in every state does what docs/worker-lifecycle.md says`() {
        #expect(DocumentedTable(name: "worker-lifecycle.md").says(Self.table))
    }

    @Test func `the table reaches every state`() {
        let words = Set(Self.states.map { String($0.name.prefix { $0 != " " }) })
        #expect(
            words == [
                "stopped", "waiting", "starting", "ready", "parting", "asked", "terminated",
                "killed", "stuck", "backoff", "quarantined", "failed",
            ]
        )
        for (name, machine) in Self.states {
            #expect(Self.describe(machine.state).hasPrefix(name.prefix { $0 != " " }))
        }
    }
}
