import SupervisionKit
import Testing

/// What every event does in every state, printed into docs/health-probe.md: a change of behaviour
/// is a changed row.
///
/// Run with UPDATE_TABLES=1 to write the file anew.
@Suite("The health probe as a table")
struct HealthProbeTableTests {
    /// Draws the middle of each range, so that the table shows times without jitter.
    struct Middle: RandomNumberGenerator {
        mutating func next() -> UInt64 { 1 << 63 }
    }

    typealias Step = @Sendable (inout HealthProbe) -> HealthProbe.Action

    static let now = Instant(nanoseconds: 1_000_000_000_000)

    static var policy: HealthPolicy {
        var policy = HealthPolicy()
        policy.failureThreshold = 2
        policy.successThreshold = 2
        return policy
    }

    static func start(_ probe: inout HealthProbe) -> HealthProbe.Action {
        var random = Middle()
        probe.started(policy: policy, at: now, using: &random)
        return .none
    }

    static func send(_ probe: inout HealthProbe) -> HealthProbe.Action {
        probe.probeNow(policy: policy, at: now)
    }

    static func answer(
        _ probe: inout HealthProbe,
        _ result: ProbeResult,
        number: UInt32? = nil
    ) -> HealthProbe.Action {
        var random = Middle()
        let number = number ?? probe.numberInFlight ?? 0
        return probe.answered(number: number, result, policy: policy, at: now, using: &random)
    }

    static let events: [(name: String, run: Step)] = [
        ("started", { start(&$0) }),
        (
            "deadline passed",
            { probe in
                var random = Middle()
                let due = probe.deadline ?? now
                return probe.deadlinePassed(policy: policy, at: due, using: &random)
            }
        ),
        ("answered ok", { answer(&$0, .ok) }),
        ("answered degraded", { answer(&$0, .degraded("new")) }),
        ("answered failed", { answer(&$0, .failed("new")) }),
        ("answered busy", { answer(&$0, .busy) }),
        ("answered an earlier probe", { answer(&$0, .failed("new"), number: 0) }),
        ("probe now", { send(&$0) }),
        (
            "forgive, a minute later",
            {
                $0.forgive(at: now + .seconds(60))
                return .none
            }
        ),
        (
            "stopped",
            {
                $0.stopped()
                return .none
            }
        ),
    ]

    /// Each state, reached by events alone.
    static var states: [(name: String, probe: HealthProbe)] {
        func probe(_ results: [ProbeResult]) -> HealthProbe {
            var probe = HealthProbe()
            _ = start(&probe)
            for result in results {
                _ = send(&probe)
                _ = answer(&probe, result)
            }
            return probe
        }
        let bad = ProbeResult.failed("bad")
        let standings = [
            [], [bad], [.ok], [.ok, bad], [.degraded("slow")], [bad, bad], [bad, bad, .ok],
            [bad, bad, bad],
        ]
        var states = [("stopped", HealthProbe())]
        for results in standings {
            let waiting = probe(results)
            states.append((describeBriefly(waiting), waiting))
            var inFlight = waiting
            _ = send(&inFlight)
            states.append((describeBriefly(inFlight), inFlight))
        }
        return states + [("condemned", probe([bad, bad, bad, bad]))]
    }

    static func describe(_ state: HealthProbe.State) -> String {
        switch state {
        case .stopped: "stopped"
        case .waiting(let until): "waiting until +\(until.since(now).inWords)"
        case .inFlight(_, _, let until): "in flight until +\(until.since(now).inWords)"
        case .condemned: "condemned"
        }
    }

    static func describe(_ status: HealthStatus) -> String {
        switch status {
        case .unknown: "unknown"
        case .healthy: "healthy"
        case .degraded(let reason): "degraded (\(reason))"
        case .unhealthy(let reason): "unhealthy (\(reason))"
        }
    }

    static func describe(_ action: HealthProbe.Action) -> String {
        switch action {
        case .none: ""
        case .probe: "; send a probe"
        case .becameHealthy: "; became healthy"
        case .becameUnhealthy: "; became unhealthy"
        case .condemned: "; kill"
        }
    }

    static func describe(_ probe: HealthProbe) -> String {
        let counts = [
            probe.failures > 0 ? ", \(probe.failures) failed" : "",
            probe.successes > 0 ? ", \(probe.successes) ok" : "",
        ]
        switch probe.state {
        case .stopped: return "stopped"
        case .waiting, .inFlight, .condemned:
            return describe(probe.state) + ", " + describe(probe.status) + counts.joined()
        }
    }

    /// Without times and reasons.
    static func describeBriefly(_ probe: HealthProbe) -> String {
        describe(probe)
            .replacing(#/ until \+[^,]*/#, with: "")
            .replacing(#/ \([^)]*\)/#, with: "")
    }

    static var table: String {
        var lines = [
            "# The health probe",
            "",
            "What each event does in each state of `HealthProbe`: the state after it, the worker's",
            "status with the failures and successes counted so far, and the action asked for; `·`",
            "where nothing changes. `+` counts from the instant of all events before.",
            "Defaults of `HealthPolicy`, but both thresholds are 2; drawn in the middle of each",
            "range, so without jitter. A probe is in flight for 5 s at most, then it has failed.",
            "Written by `HealthProbeTableTests`, which fails on a difference.",
        ]
        for event in events {
            lines += ["", "## \(event.name)", "", "| in state | becomes |", "|---|---|"]
            for (name, probe) in states {
                var changed = probe
                let action = event.run(&changed)
                let isSame = changed == probe && action == .none
                let after = isSame ? "·" : describe(changed) + describe(action)
                lines.append("| \(name) | \(after) |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test func `every event in every state does what docs/health-probe.md says`() {
        #expect(DocumentedTable(name: "health-probe.md").says(Self.table))
    }

    @Test func `the table reaches every state and no state twice`() {
        let names = Self.states.map(\.name)
        #expect(Set(names).count == names.count)
        let words = Set(names.map { String($0.prefix { $0 != "," }) })
        #expect(words == ["stopped", "waiting", "in flight", "condemned"])
    }
}
