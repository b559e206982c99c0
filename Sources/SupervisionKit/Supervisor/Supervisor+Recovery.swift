/// Bringing workers back: whose turn it is to start, and what follows when starting does not help.
extension Supervisor {
    // MARK: - Starts

    /// Whether the slot's worker may be started now; otherwise its turn is remembered.
    mutating func mayStart(_ slot: Int) -> Bool {
        switch devices.mayStart(slot: slot, device: slots[slot].device, at: now) {
        case .yes: return governor.request(slot)
        case .waitForCanary: return false
        case .notBefore(let instant):
            deadlines.set(Self.key(.start, slot), to: instant)
            return false
        }
    }

    /// The turn of a slot that waits has come.
    ///
    /// One that goes in this very turn is passed over: the turn that it gets is another's last.
    mutating func startNow(_ slot: Int, into effects: inout [Effect]) {
        guard isCalledFor(slot) else { return }
        change(slot, into: &effects) { lifecycle, turn in
            lifecycle.startNow(next: turn.next, at: turn.now, policy: turn.lifecycle)
        }
    }

    /// The configuration has the slot and the daemon isn't stopping its workers.
    private func isCalledFor(_ slot: Int) -> Bool {
        let group = groups[slots[slot].group]
        switch phase {
        case .stopping, .ended: return false
        case .starting, .serving, .draining: break
        }
        return group.isConfigured && slots[slot].replica < group.configuration.slotCount
    }

    /// A slot's state has changed: turns are given back, and others have theirs.
    mutating func followStart(
        of slot: Int,
        after former: WorkerLifecycle.State,
        into effects: inout [Effect]
    ) {
        let state = slots[slot].lifecycle.state
        if former == .waiting, state != .waiting {
            governor.withdraw(slot)
            deadlines.remove(Self.key(.start, slot))
        }
        switch state {
        case .starting: return
        case .stopped, .quarantined, .failed:
            obey(devices.withdraw(slot: slot, device: slots[slot].device), slot, into: &effects)
        case .waiting, .ready, .parting, .asked, .terminated, .killed, .stuck, .backoff: break
        }
        governor.ended(slot)
        while let next = governor.next() {
            startNow(next, into: &effects)
            if !slots[next].lifecycle.isStarting { governor.ended(next) }
        }
    }

    // MARK: - Devices

    /// A worker died in a way that its device may have caused.
    mutating func suspectDevice(of slot: Int, into effects: inout [Effect]) {
        let action = devices.died(slot: slot, device: slots[slot].device, at: now)
        obey(action, slot, into: &effects)
    }

    mutating func trustDevice(of slot: Int, into effects: inout [Effect]) {
        let action = devices.ready(
            slot: slot,
            device: slots[slot].device,
            at: now,
            using: &random
        )
        obey(action, slot, into: &effects)
    }

    private mutating func obey(
        _ action: DeviceGuard.Action,
        _ slot: Int,
        into effects: inout [Effect]
    ) {
        let device = slots[slot].device
        let fields = [LogRecord.Field("DEVICE", device)]
        switch action {
        case .none, .canaryFailed: break
        case .suspected:
            let message =
                "several workers of device '\(device)' died at once: one is tried first, the "
                + "others wait for it"
            log(.error, .deviceFault, message, fields, &effects)
        case .needsCanary(let held):
            for slot in held { startNow(slot, into: &effects) }
        case .released(let held):
            let follows =
                switch held.count {
                case 0: ""
                case 1: ": 1 worker that waited follows"
                default: ": \(held.count) workers that waited follow"
                }
            let message = "device '\(device)' works again\(follows)"
            log(.notice, .deviceFault, message, fields, &effects)
            for slot in held { startNow(slot, into: &effects) }
        }
    }

    // MARK: - Ladder

    /// A worker of the group failed.
    mutating func climbLadder(of group: Int, into effects: inout [Effect]) {
        stayAway(group)
        let means = means(of: group)
        let policy = groups[group].configuration.recovery
        let steps = groups[group].ladder.failed(means: means, policy: policy)
        report(steps, of: group, into: &effects)
    }

    /// A worker of the group is ready, or its configuration has changed.
    mutating func descendLadder(of group: Int, into effects: inout [Effect]) {
        let used = groups[group].slots.filter { slots[$0.index].isUsed }
        guard !used.allSatisfy({ slots[$0.index].lifecycle.isReady }) else {
            guard comesHome(group) else { return }
            return report(groups[group].ladder.recovered(), of: group, into: &effects)
        }
        stayAway(group)
        let means = means(of: group)
        let policy = groups[group].configuration.recovery
        let steps = groups[group].ladder.changed(means: means, policy: policy)
        report(steps, of: group, into: &effects)
    }

    /// Whether the kernels of a group whose workers are all ready may be served by them again.
    ///
    /// Where others serve them, workers that come and go again would drag the calls to and fro.
    private mutating func comesHome(_ group: Int) -> Bool {
        switch groups[group].ladder.rung {
        case .degrade, .failover: break
        case .restartKernel, .useReplica, .notifyOperator, nil: return true
        }
        guard let rung = groups[group].ladder.rung, standIn(for: group, on: rung) == .serving else {
            stayAway(group)
            return true
        }
        let since = groups[group].homeSince ?? now
        groups[group].homeSince = since
        let due = since + groups[group].configuration.recovery.failbackAfter
        guard due > now else {
            stayAway(group)
            return true
        }
        deadlines.set(Self.key(.home, group), to: due)
        return false
    }

    private mutating func stayAway(_ group: Int) {
        groups[group].homeSince = nil
        deadlines.remove(Self.key(.home, group))
    }

    mutating func acknowledge(_ name: String, into effects: inout [Effect]) {
        guard let group = groups.firstIndex(where: { $0.configuration.name == name }),
            groups[group].ladder.alert == .raised
        else { return }
        groups[group].ladder.acknowledged()
        staleGroups.append(group)
        let fields = [LogRecord.Field("GROUP", name)]
        log(.notice, .alert, "the alert of '\(name)' was acknowledged", fields, &effects)
    }

    /// Why a worker is quarantined: "restarted too often".
    func restartsSpent(_ group: Int) -> String {
        groups[group].configuration.recovery.maxRestarts > 0
            ? "restarted too often" : "may not be restarted (max_restarts = 0)"
    }

    private func means(of group: Int) -> RecoveryLadder.Means {
        var means = RecoveryLadder.Means()
        means.degradedProfile = standIn(for: group, on: .degrade)
        means.backup = standIn(for: group, on: .failover)
        // Until they have come home, the group's own workers are nothing to go back to.
        if let rung = groups[group].ladder.rung, standIn(for: group, on: rung) == .serving {
            means.restart = .spent
            return means
        }
        for slot in groups[group].slots where slots[slot.index].lifecycle.isWanted {
            switch slots[slot.index].lifecycle.state {
            case .failed: means.restart = .permanentExit
            case .quarantined:
                if means.restart == .possible { means.restart = .spent }
            case .stuck:
                if means.restart != .permanentExit { means.restart = .stuck }
            case .ready: means.hasReadyReplica = true
            case .stopped, .waiting, .starting, .parting, .asked, .terminated, .killed, .backoff:
                break
            }
        }
        return means
    }

    private mutating func report(
        _ steps: [RecoveryLadder.Step],
        of group: Int,
        into effects: inout [Effect]
    ) {
        guard !steps.isEmpty else { return }
        staleGroups.append(group)
        let name = groups[group].configuration.name
        let fields = [LogRecord.Field("GROUP", name)]
        for step in steps {
            switch step {
            case .alerted:
                let ladder = groups[group].ladder
                let policy = groups[group].configuration.recovery
                let message =
                    "'\(name)' needs an operator: \(ladder.explanation(policy: policy))"
                log(.error, .alert, message, fields, &effects)
                effects.append(.notifyOperator(notice(of: group, message)))
            case .took(let rung):
                log(.info, .recovery, "recovery of '\(name)': \(step.phrase)", fields, &effects)
                wakeStandIns(of: group, on: rung, into: &effects)
            case .skipped, .recovered:
                log(.info, .recovery, "recovery of '\(name)': \(step.phrase)", fields, &effects)
            case .exhausted:
                log(.error, .recovery, "recovery of '\(name)': \(step.phrase)", fields, &effects)
            }
        }
    }

    private func notice(of group: Int, _ message: String) -> OperatorNotice {
        let members = groups[group].kernels.map { kernels[$0] }.filter(\.isConfigured)
        return OperatorNotice(
            group: groups[group].configuration.name,
            kernels: members.map(\.configuration.name).sorted(),
            message: message,
            since: now
        )
    }
}
