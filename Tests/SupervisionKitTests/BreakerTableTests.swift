@testable import SupervisionKit
import Testing

/// What every event does in every state of a breaker, printed into docs/circuit-breaker.md.
///
/// Run with UPDATE_TABLES=1 to write the file anew.
@Suite("The circuit breaker as a table")
struct BreakerTableTests {
    /// A breaker with what the events are about: an attempt of now and one of an earlier state.
    struct Scene {
        var harness: BreakerHarness
        /// Admitted in the state that the breaker is in; nil where nothing is.
        var permit: CircuitBreaker.Permit?
        /// Admitted before the breaker's last change of state.
        var late: CircuitBreaker.Permit?
    }

    struct Step: Sendable {
        var name: String
        /// What is answered, in words; empty for nothing.
        var run: @Sendable (inout Scene) -> String
    }

    static let events = [
        Step(name: "a call asks to pass") { scene in
            switch scene.harness.breaker.admit(at: scene.harness.now, lease: .seconds(30)) {
            case .admitted(let permit): permit.isTrial ? "admitted as a trial" : "admitted"
            case .refused(let refusal):
                "refused (\(refusal.reason)), again in \(refusal.retryAfter.inWords)"
            }
        },
        Step(name: "its attempt succeeds") { settle($0.permit, .ok, &$0) },
        Step(name: "its attempt fails") { settle($0.permit, .fault(.crashed), &$0) },
        Step(name: "its attempt ends neutral") { settle($0.permit, .neutral(.cancelled), &$0) },
        Step(name: "its attempt is refused as busy") { settle($0.permit, .fault(.busy), &$0) },
        Step(name: "a late attempt succeeds") { settle($0.late, .ok, &$0) },
        Step(name: "a late attempt fails") { settle($0.late, .fault(.crashed), &$0) },
        Step(name: "the deadline passes") { scene in
            scene.harness.now = scene.harness.breaker.deadline ?? scene.harness.now
            return words(scene.harness.passDeadline())
        },
        Step(name: "the worker was restarted") { scene in
            words(scene.harness.breaker.bringForward(at: scene.harness.now))
        },
        Step(name: "a person forces it open") { override(.forcedOpen, &$0) },
        Step(name: "a person forces it closed") { override(.forcedClosed, &$0) },
    ]

    /// Each state, reached by events alone.
    static var states: [(name: String, scene: Scene)] {
        func scene(_ build: (inout Scene) -> Void) -> Scene {
            var scene = Scene(harness: BreakerHarness())
            build(&scene)
            return scene
        }
        func halfOpen(_ scene: inout Scene) {
            scene.late = scene.harness.admit()
            scene.harness.reachHalfOpen()
        }
        return [
            ("closed", scene { $0.permit = $0.harness.admit() }),
            (
                "closed, one fault short",
                scene {
                    $0.harness.attempt(.fault(.crashed), times: 4)
                    $0.permit = $0.harness.admit()
                }
            ),
            (
                "open",
                scene {
                    $0.late = $0.harness.admit()
                    $0.harness.attempt(.fault(.crashed), times: 5)
                }
            ),
            ("half_open", scene { halfOpen(&$0) }),
            (
                "half_open, a trial out",
                scene {
                    halfOpen(&$0)
                    $0.permit = $0.harness.admit()
                }
            ),
            (
                "half_open, the last trial out",
                scene {
                    halfOpen(&$0)
                    $0.harness.attempt(.ok)
                    $0.permit = $0.harness.admit()
                }
            ),
        ]
    }

    static func settle(
        _ permit: CircuitBreaker.Permit?,
        _ verdict: Verdict,
        _ scene: inout Scene
    ) -> String {
        words(scene.harness.settle(permit, verdict))
    }

    static func override(_ override: BreakerOverride, _ scene: inout Scene) -> String {
        var policy = BreakerPolicy()
        policy.override = override
        scene.harness.breaker.configure(policy, at: scene.harness.now)
        return switch scene.harness.refusal?.reason {
        case nil: "calls pass"
        case .forcedOpen: "calls are refused (forcedOpen)"
        case .open, .trialsInFlight: "calls are refused"
        }
    }

    static func words(_ transition: CircuitBreaker.Transition?) -> String {
        switch transition {
        case nil: ""
        case .opened(let cause, _): "opened: \(cause.phrase)"
        case .halfOpened: "half-opened"
        case .closed: "closed"
        }
    }

    static func words(_ breaker: CircuitBreaker, at now: Instant) -> String {
        switch breaker.state {
        case .closed: "closed"
        case .open(_, let until): "open for \(until.since(now).inWords)"
        case .halfOpen:
            breaker.trials.count == 0 ? "half_open" : "half_open, \(breaker.trials.count) out"
        }
    }

    static var table: String {
        var lines = [
            "# The circuit breaker",
            "",
            "What each event does in each state of `CircuitBreaker`: the state after it and the",
            "answer; `·` where nothing changes, `–` where the event cannot be. Defaults of",
            "`BreakerPolicy`, the open time without its random share. A late attempt is one that",
            "was admitted before the breaker's last change of state. Written by",
            "`BreakerTableTests`, which fails on a difference.",
        ]
        for event in events {
            lines += ["", "## \(event.name)", "", "| in state | becomes |", "|---|---|"]
            for (name, scene) in states {
                lines.append("| \(name) | \(cell(event, scene)) |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func cell(_ event: Step, _ scene: Scene) -> String {
        if event.name.hasPrefix("its attempt"), scene.permit == nil { return "–" }
        if event.name.hasPrefix("a late"), scene.late == nil { return "–" }
        if event.name == "the deadline passes", scene.harness.breaker.deadline == nil {
            return "–"
        }
        var changed = scene
        let answer = event.run(&changed)
        if answer.isEmpty, changed.harness.breaker == scene.harness.breaker { return "·" }
        let state = words(changed.harness.breaker, at: changed.harness.now)
        return answer.isEmpty ? state : "\(state); \(answer)"
    }

    @Test func `every event in every state does what docs/circuit-breaker.md says`() {
        #expect(DocumentedTable(name: "circuit-breaker.md").says(Self.table))
    }

    @Test func `the table reaches every state`() {
        for (name, scene) in Self.states {
            #expect(name.hasPrefix(scene.harness.breaker.state.name))
        }
        let names = Set(Self.states.map { $0.scene.harness.breaker.state.name })
        #expect(names == ["closed", "open", "half_open"])
    }
}
