internal import ControlProtocol
internal import SupervisionKit

/// What each reason means for callers, what led to it, what follows and what a person can do.
///
/// Closed, as the reasons are; `kernelsupd.reasons(7)` has them at length. Nothing is advised that
/// the state would refuse, and nothing on a guess.
extension HealthReason {
    /// What callers have of it.
    func consequence(_ state: SupervisionKit.HealthState) -> String {
        switch self {
        case .stopping: return "calls are refused, for the daemon is ending"
        case .buildFailed, .workerUnusable, .workerStuck, .restartLoop, .noWorker:
            return "calls are refused"
        case .circuitOpen:
            return state == .down ? "calls are refused" : "calls go to the other slots"
        case .partlyReady: return "calls are served by fewer workers"
        case .starting, .restarting: return "calls wait until a worker is ready"
        case .unready: return "calls wait until a worker passes its probes"
        case .deviceFault: return "calls wait until a worker of the device is ready"
        case .degradedProfile: return "calls are served by the degraded profile, and say so"
        case .failedOver: return "calls are served by another daemon, and say so"
        case .onDemand: return "the next call starts a worker and waits for it"
        }
    }

    /// Keys of the values that led to it or bound what comes next.
    var limits: [String] {
        switch self {
        case .starting: ["lifecycle.start_timeout"]
        case .restarting, .partlyReady: ["recovery.max_restarts", "recovery.window"]
        case .restartLoop:
            [
                "recovery.max_restarts", "recovery.window", "recovery.retry_quarantined",
                "recovery.max_quarantine",
            ]
        case .workerUnusable: ["recovery.permanent_exit_codes"]
        case .workerStuck: ["lifecycle.kill_timeout"]
        case .circuitOpen:
            [
                "breaker.override", "breaker.failure_threshold", "breaker.failure_rate",
                "breaker.timeout", "breaker.max_timeout",
            ]
        case .unready: ["health.interval", "health.timeout", "health.failure_threshold"]
        case .degradedProfile, .failedOver:
            ["recovery.failback_after", "recovery.max_restarts", "recovery.window"]
        case .onDemand: ["lifecycle.start", "lifecycle.idle_stop"]
        case .buildFailed, .stopping, .noWorker, .deviceFault: []
        }
    }

    /// What the action that comes next is.
    func text(ofNext action: String) -> String {
        switch action {
        case "start" where self == .restartLoop: "one trial start"
        case "start" where self == .deviceFault: "start, once the device has shown that it works"
        case "start": "start of the next worker"
        case "ready": "the worker that is starting becomes ready"
        case "trial": "a trial call or probe passes the breaker"
        case "probe": "the next probe"
        default: action
        }
    }

    /// What follows when that does not help.
    var afterNext: Explanation.ExpectedAction? {
        switch self {
        case .restartLoop:
            .init(
                action: "quarantine",
                text: "quarantine again if it fails, twice as long, up to recovery.max_quarantine"
            )
        case .circuitOpen:
            .init(
                action: "open",
                text: "closed if it succeeds, else open twice as long, up to breaker.max_timeout"
            )
        case .starting, .restarting, .partlyReady, .buildFailed, .workerUnusable, .workerStuck,
            .stopping, .noWorker, .unready, .deviceFault, .onDemand,
            .degradedProfile, .failedOver:
            nil
        }
    }
}

/// What commands need to be whole.
struct AdviceContext {
    var configurationPath: String
    var daemonPID: Int
    /// Of the worker that hangs.
    var workerPID: Int?

    func advice(on kernel: KernelStatus, _ reason: HealthReason?) -> [Explanation.Advice] {
        var advice: [Explanation.Advice] = []
        func add(_ command: String, _ purpose: String) {
            advice.append(.init(command: command, purpose: purpose))
        }
        let isHeld = kernel.resilience.breakers.contains { $0.override != .none }
        switch reason {
        case .buildFailed, .workerUnusable, .noWorker, .restartLoop:
            add("kernelsupd --check --config \(configurationPath)", "checks the files")
            add("kill -HUP \(daemonPID)", "reads them again, once they are mended")
        case .workerStuck:
            if let workerPID {
                add("cat /proc/\(workerPID)/stack", "shows where it hangs, to root")
            }
        case .circuitOpen:
            add("kernelsupctl breaker \(kernel.name)", "shows what it has counted")
            if !isHeld {
                add("kernelsupctl breaker \(kernel.name) --set closed", "lets calls pass anyway")
            }
        case .starting, .restarting, .partlyReady, .unready, .deviceFault, .degradedProfile,
            .failedOver:
            add("kernelsupctl status \(kernel.name)", "shows its slots")
        case .stopping, .onDemand, nil: break
        }
        if isHeld {
            let command = "kernelsupctl breaker \(kernel.name) --set auto"
            add(command, "leaves the breaker to the configuration")
        }
        if kernel.resilience.alert == .raised {
            add("kernelsupctl ack \(kernel.group)", "takes note of the alert")
        }
        if let reason { add("man kernelsupd.reasons", "has more on \(reason.id)") }
        return advice
    }
}
