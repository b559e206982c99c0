/// Health is derived from the state that acts, each time it is asked for; nothing is kept beside
/// it that could differ.
extension Supervisor {
    /// One line for the service manager: worst first.
    var statusLine: String {
        let counts = healthCounts
        let total = counts.reduce(0) { $0 + $1.value }
        guard total > 0 else { return "no kernels configured" }
        var parts: [String] = []
        for (state, word) in [
            (HealthState.down, "down"), (.degraded, "degraded"), (.unknown, "starting"),
            (.healthy, "healthy"),
        ] {
            if let count = counts[state], count > 0 { parts.append("\(count) \(word)") }
        }
        let line = "\(total) kernels: " + parts.joined(separator: ", ")
        switch phase {
        case .starting, .serving: return line
        case .draining: return "draining, \(calls.count) calls in flight; \(line)"
        case .stopping, .ended: return "stopping"
        }
    }

    var healthCounts: [HealthState: Int] {
        var counts: [HealthState: Int] = [:]
        for index in kernels.indices where kernels[index].isConfigured {
            counts[health(ofKernel: index).state, default: 0] += 1
        }
        return counts
    }

    func health(ofKernel index: Int) -> KernelHealth {
        let kernel = kernels[index]
        let members = groups[kernel.group].slots.map { slots[$0.index] }
            .filter { $0.lifecycle.isWanted || $0.lifecycle.incarnation != nil }
        let since = members.map(\.stateSince).max() ?? startedAt
        func state(
            _ state: HealthState,
            _ reason: HealthReason,
            _ why: String,
            _ next: KernelHealth.Next? = nil
        ) -> KernelHealth {
            KernelHealth(state: state, reason: reason, why: why, since: since, next: next)
        }
        switch phase {
        case .draining, .stopping, .ended:
            return state(.down, .stopping, "the daemon is ending")
        case .starting, .serving: break
        }
        if !kernel.problem.isEmpty {
            // What failed, and the first thing that the compiler says about it.
            let lines = kernel.problem.split(separator: "\n").prefix(2)
            return state(.down, .buildFailed, lines.joined(separator: "; "))
        }
        guard let worst = members.max(by: { $0.trouble < $1.trouble }) else {
            return state(.down, .noWorker, "no worker is configured")
        }
        let ready = members.filter(\.lifecycle.isReady).count
        if ready == members.count {
            return KernelHealth(state: .healthy, reason: nil, why: "", since: since, next: nil)
        }
        let (reason, why, next) = explain(worst)
        if ready > 0 {
            let text = "\(ready) of \(members.count) slots; \(why)"
            return state(.degraded, .partlyReady, text, next)
        }
        let best = members.min { $0.trouble < $1.trouble } ?? worst
        let (bestReason, bestWhy, bestNext) = explain(best)
        switch best.lifecycle.state {
        case .starting where !best.hasBeenReady && best.lifecycle.lastEnd == nil:
            return state(.unknown, .starting, bestWhy, bestNext)
        case .starting, .parting, .asked, .terminated, .killed, .backoff:
            return state(.degraded, bestReason, bestWhy, bestNext)
        case .stopped, .ready, .stuck, .quarantined, .failed:
            return state(.down, reason, why, next)
        }
    }

    private func explain(_ slot: Slot) -> (HealthReason, String, KernelHealth.Next?) {
        let name = "worker '\(slot.name)'"
        let ended = slot.lifecycle.lastEnd.map { "\(name) \($0.phrase)" } ?? "\(name) ended"
        switch slot.lifecycle.state {
        case .starting where slot.lifecycle.lastEnd == nil:
            return (.starting, "\(name) is starting", .init(action: "ready", at: nil))
        case .starting:
            return (.restarting, "\(ended); restarting", .init(action: "ready", at: nil))
        case .backoff(let until):
            return (.restarting, ended, .init(action: "start", at: until))
        case .parting:
            let why = "\(name) closed its channel"
            return (.restarting, why, .init(action: "start", at: nil))
        case .asked, .terminated:
            return (.restarting, "\(name) is being replaced", .init(action: "start", at: nil))
        case .killed(_, let cause, _):
            return (.restarting, "\(name) \(cause.phrase)", .init(action: "start", at: nil))
        case .quarantined(let until):
            let why = "\(ended) and restarted too often"
            return (.restartLoop, why, .init(action: "start", at: until))
        case .failed: return (.workerUnusable, ended, nil)
        case .stuck: return (.workerStuck, "\(name) does not end by SIGKILL", nil)
        case .stopped: return (.noWorker, "\(name) is stopped", nil)
        case .ready: return (.partlyReady, "\(name) is ready", nil)
        }
    }
}

extension Slot {
    /// How far the slot is from serving; orders slots from best to worst.
    var trouble: Int {
        switch lifecycle.state {
        case .ready: 0
        case .starting: 1
        case .parting, .asked, .terminated: 2
        case .killed: 3
        case .backoff: 4
        case .quarantined: 5
        case .stuck: 6
        case .failed: 7
        case .stopped: 8
        }
    }
}
