/// Health is derived from the state that acts; what is counted beside it is only how many kernels
/// are in each state, brought up to date at the end of each turn in which something changed.
extension Supervisor {
    /// One line for the service manager: worst first.
    var statusLine: String {
        let total = healthCounts.reduce(0) { $0 + $1.value }
        guard total > 0 else { return "no kernels configured" }
        var parts: [String] = []
        for (state, word) in [
            (HealthState.down, "down"), (.degraded, "degraded"), (.unknown, "starting"),
            (.healthy, "healthy"),
        ] {
            if let count = healthCounts[state], count > 0 { parts.append("\(count) \(word)") }
        }
        let line = "\(counted(total, "kernel")): " + parts.joined(separator: ", ")
        switch phase {
        case .starting, .serving: return line
        case .draining: return "draining, \(calls.count) calls in flight; \(line)"
        case .stopping, .ended: return "stopping"
        }
    }

    /// Looks again at the kernels of the groups in which something has changed.
    mutating func refreshHealth() {
        while healthStates.count < kernels.count { healthStates.append(nil) }
        // Who stands in for a kernel is a matter of its health.
        for group in staleGroups { staleGroups += groups[group].standsInFor }
        for group in staleGroups {
            for kernel in groups[group].kernels {
                kernels[kernel].remark = nil
                if let former = healthStates[kernel] { healthCounts[former, default: 0] -= 1 }
                healthStates[kernel] =
                    isListed(kernel) ? health(ofKernel: kernel).state : nil
                if let state = healthStates[kernel] { healthCounts[state, default: 0] += 1 }
            }
        }
        staleGroups.removeAll(keepingCapacity: true)
    }

    func health(ofKernel index: Int) -> KernelHealth {
        let home = healthAtHome(ofKernel: index)
        guard !kernels[index].standIns.isEmpty, phase == .starting || phase == .serving else {
            return home
        }
        guard let place = servingPlace(of: index), let standIn = standIn(place, of: index),
            home.state == .down || places(for: index).first == place
        else { return home.state == .down ? healthUnserved(index, home) : home }
        let name = phrase(ofStandIn: place, for: index)
        guard prospect(at: place) == .served else {
            let other = healthAtHome(ofKernel: place)
            let isRestarting = other.state == .degraded
            return health(
                isRestarting ? .degraded : .unknown,
                (isRestarting ? other.reason : nil) ?? .starting,
                "calls wait for \(name): \(other.why); \(home.why)",
                since: other.since,
                other.next
            )
        }
        let why = home.why.isEmpty ? "its own workers are back and are watched" : home.why
        return health(
            .degraded,
            standIn.rung == .failover ? .failedOver : .degradedProfile,
            "calls are served by \(name): \(why)",
            since: home.since,
            home.next
        )
    }

    /// Down, with what keeps those who might stand in from it.
    private func healthUnserved(_ kernel: Int, _ home: KernelHealth) -> KernelHealth {
        var health = home
        for standIn in kernels[kernel].standIns where prospect(at: standIn.kernel) == .none {
            let why = healthAtHome(ofKernel: standIn.kernel).why
            health.why += "; its \(word(forStandIn: standIn.kernel)) can't serve: \(why)"
        }
        return health
    }

    /// What the kernel's own workers are good for.
    func healthAtHome(ofKernel index: Int) -> KernelHealth {
        switch phase {
        case .draining, .stopping, .ended:
            return health(.down, .stopping, "the daemon is ending", since: now)
        case .starting, .serving: break
        }
        let kernel = kernels[index]
        let members = groups[kernel.group].active.map { slots[$0.index] }.filter(\.isUsed)
        let since = members.map(\.stateSince).max() ?? startedAt
        if !kernel.problem.isEmpty, !isAsleep(kernel.group) {
            // What failed, and the first thing that the compiler says about it.
            let lines = kernel.problem.split(separator: "\n").prefix(2)
            return health(.down, .buildFailed, lines.joined(separator: "; "), since: since)
        }
        if isAsleep(kernel.group) {
            let places = groups[kernel.group].active.map { slots[$0.index] }
            if openBreaker(of: index) != nil, let open = healthByBreakers(index, places) {
                return open
            }
            let why = "no worker runs; the next call starts one"
            let stopped = places.map(\.stateSince).max() ?? since
            return health(.healthy, .onDemand, why, since: stopped)
        }
        guard let worst = members.max(by: { $0.trouble < $1.trouble }) else {
            return health(.down, .noWorker, "no worker is configured", since: since)
        }
        if let open = healthByBreakers(index, members) { return open }
        let serving = members.filter { $0.lifecycle.isReady && !$0.isUnready }.count
        if serving == members.count {
            return healthOfStandbys(of: kernel.group)
                ?? KernelHealth(state: .healthy, reason: nil, why: "", since: since, next: nil)
        }
        let (reason, why, next) = explain(worst)
        if serving > 0 {
            let text = "\(serving) of \(members.count) slots; \(why)"
            return health(.degraded, .partlyReady, text, since: since, next)
        }
        // A standby that is on its way takes the place of an active one as soon as it is ready.
        let all = groups[kernel.group].slots.map { slots[$0.index] }.filter(\.isUsed)
        let best = all.min { $0.trouble < $1.trouble } ?? worst
        let (bestReason, bestWhy, bestNext) = explain(best)
        switch best.lifecycle.state {
        case .starting where best.isWoken && isOnItsWay(kernel.group),
            .waiting where best.isWoken && isOnItsWay(kernel.group):
            return health(.healthy, .onDemand, bestWhy, since: since, bestNext)
        case .starting where !best.hasBeenReady && best.lifecycle.lastEnd == nil,
            .waiting where !best.hasBeenReady && best.lifecycle.lastEnd == nil:
            return health(.unknown, .starting, bestWhy, since: since, bestNext)
        case .waiting, .starting, .ready, .parting, .asked, .terminated, .killed, .backoff:
            return health(.degraded, bestReason, bestWhy, since: since, bestNext)
        case .stopped, .stuck, .quarantined, .failed:
            return health(.down, reason, why, since: since, next)
        }
    }

    /// Degraded while a standby can't come back by itself soon; one that restarts is no news.
    private func healthOfStandbys(of group: Int) -> KernelHealth? {
        let standbys = groups[group].slots.map { slots[$0.index] }.filter { slot in
            guard slot.isStandby, slot.isUsed else { return false }
            switch slot.lifecycle.state {
            case .quarantined, .stuck, .failed: return true
            case .stopped, .waiting, .starting, .ready, .parting, .asked, .terminated, .killed,
                .backoff:
                return false
            }
        }
        guard let worst = standbys.max(by: { $0.trouble < $1.trouble }) else { return nil }
        let (_, why, next) = explain(worst)
        let text = "calls are served, a standby is missing: \(why)"
        return health(.degraded, .partlyReady, text, since: worst.stateSince, next)
    }

    private func health(
        _ state: HealthState,
        _ reason: HealthReason,
        _ why: String,
        since: Instant,
        _ next: KernelHealth.Next? = nil
    ) -> KernelHealth {
        KernelHealth(state: state, reason: reason, why: why, since: since, next: next)
    }

    /// Down while the breakers of all workers refuse, degraded while those of some do.
    private func healthByBreakers(_ kernel: Int, _ members: [Slot]) -> KernelHealth? {
        let refused = members.compactMap { slot -> (BreakerStatistics, CircuitBreaker.Refusal)? in
            let breaker = breakers[kernels[kernel].breakers[slot.replica]].breaker
            return breaker.refusal(at: now).map { (breaker.statistics(at: now), $0) }
        }
        guard let first = refused.min(by: { $0.1.retryAfter < $1.1.retryAfter }) else { return nil }
        let next = KernelHealth.Next(
            action: "trial",
            at: first.1.reason == .forcedOpen ? nil : now + first.1.retryAfter
        )
        let since = first.0.since
        let why: String
        switch first.1.reason {
        case .forcedOpen: why = "its circuit breaker is held open by an operator's word"
        case .open: why = "its circuit breaker is open"
        case .trialsInFlight: why = "its circuit breaker is half-open"
        }
        if openBreaker(of: kernel) != nil {
            return health(.down, .circuitOpen, "\(why): calls are refused", since: since, next)
        }
        let text = "\(why) in \(refused.count) of \(members.count) slots"
        return health(.degraded, .circuitOpen, text, since: since, next)
    }

    private func explain(_ slot: Slot) -> (HealthReason, String, KernelHealth.Next?) {
        let name = "worker '\(slot.name)'"
        let ended = slot.lifecycle.lastEnd.map { "\(name) \($0.phrase)" } ?? "\(name) ended"
        switch slot.lifecycle.state {
        case .waiting where slot.isWoken:
            let why = "\(name) waits for its turn to start"
            return (.starting, why, .init(action: "start", at: nil))
        case .waiting where devices.state(of: slot.device, at: now) != .trusted:
            let why = "\(ended), as others of its device did; one worker is tried first"
            return (.deviceFault, why, .init(action: "start", at: nil))
        case .waiting:
            let why = "\(ended); waits for its turn to start"
            return (.restarting, why, .init(action: "start", at: nil))
        case .starting where slot.isWoken:
            return (.starting, "\(name) is starting", .init(action: "ready", at: nil))
        case .starting:
            return (.restarting, "\(ended); restarting", .init(action: "ready", at: nil))
        case .backoff(let until):
            return (.restarting, ended, .init(action: "start", at: until))
        case .parting:
            let why = "\(name) is dying, or has let go of its channel"
            return (.restarting, why, .init(action: "start", at: nil))
        case .asked, .terminated:
            return (.restarting, "\(name) is being replaced", .init(action: "start", at: nil))
        case .killed(_, let cause, _):
            let phrase = cause.phrase(
                ofConnection: groups[slot.group].configuration.role == .backup
            )
            return (.restarting, "\(name) \(phrase)", .init(action: "start", at: nil))
        case .quarantined(let until):
            let why = "\(ended) and \(restartsSpent(slot.group))"
            return (.restartLoop, why, .init(action: "start", at: until))
        case .failed:
            let meaning = slot.lifecycle.lastEnd?.end.meaning.map { ": \($0)" } ?? ""
            return (.workerUnusable, ended + meaning, nil)
        case .stuck: return (.workerStuck, "\(name) does not end by SIGKILL", nil)
        case .stopped: return (.noWorker, "\(name) is stopped", nil)
        case .ready:
            guard case .unhealthy(let why) = slot.probe.status else {
                return (.partlyReady, "\(name) is ready", nil)
            }
            let text = "\(name) fails its probes: \(why)"
            return (.unready, text, .init(action: "probe", at: slot.probe.deadline))
        }
    }
}

extension Slot {
    /// How far the slot is from serving; orders slots from best to worst.
    var trouble: Int {
        switch lifecycle.state {
        case .ready: isUnready ? 3 : 0
        case .starting: 1
        case .waiting, .parting, .asked, .terminated: 2
        case .killed: 3
        case .backoff: 4
        case .quarantined: 5
        case .stuck: 6
        case .failed: 7
        case .stopped: 8
        }
    }
}
