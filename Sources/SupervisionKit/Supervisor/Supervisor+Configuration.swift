/// Start and reload: what is configured is compared with what is there, by name.
///
/// Kernels, groups and slots keep their index for the daemon's life, so that a call in flight never
/// names another kernel after a reload; what is no longer configured stays as an empty place that
/// the same name takes again.
extension Supervisor {
    /// The service manager pairs this with the `ready` that follows when the files have been read.
    func startReload(into effects: inout [Effect]) {
        guard phase == .serving else { return }
        effects.append(.notify(.reloading))
    }

    private func endReload(into effects: inout [Effect]) {
        guard phase == .serving else { return }
        effects.append(.notify(.ready))
    }

    mutating func configure(_ configuration: Configuration, into effects: inout [Effect]) {
        limits = configuration.limits
        governor.limit = configuration.maxStarting
        maxProbeRate = configuration.maxProbeRate
        poison.time = configuration.poisonTime
        reloadErrors = []
        configuredAt = now
        isStatusStale = true
        let missing = markMissing(configuration)
        for group in configuration.groups { adopt(group, into: &effects) }
        for kernel in configuration.kernels { adopt(kernel, into: &effects) }
        for kernel in missing.kernels {
            leave(kernel: kernel, "it is no longer configured", into: &effects)
        }
        for group in missing.groups {
            for slot in groups[group].slots { stopSlot(slot.index, into: &effects) }
        }
        linkStandIns()
        let message =
            "configuration in force: "
            + "\(counted(configuration.kernels.count { !$0.isHidden }, "kernel")) in "
            + counted(configuration.groups.count { $0.role == .active }, "group")
        log(.notice, .configured, message, [], &effects)
        tellSpacing(configuration, into: &effects)
        endReload(into: &effects)
    }

    mutating func refuseReload(_ errors: [String], into effects: inout [Effect]) {
        reloadErrors = errors
        isStatusStale = true
        let message =
            "reload refused, the running configuration is unchanged: \(errors.count) error(s)"
        log(.error, .reloadRefused, message, [], &effects)
        for error in errors.prefix(20) { log(.error, .reloadRefused, error, [], &effects) }
        endReload(into: &effects)
    }

    private mutating func adopt(_ configuration: GroupConfiguration, into effects: inout [Effect]) {
        var group = groups.firstIndex { $0.configuration.name == configuration.name }
        var isChanged = false
        if let group {
            isChanged =
                groups[group].configuration.launchFingerprint != configuration.launchFingerprint
            groups[group].configuration = configuration
            groups[group].isConfigured = true
        } else {
            groups.append(Group(configuration: configuration))
            group = groups.count - 1
        }
        guard let group, phase == .starting || phase == .serving else { return }
        for number in 0..<configuration.slotCount { addSlot(number, to: group) }
        assignParts(of: group)
        // Also of those that are no longer configured: a call of theirs may still run.
        for kernel in groups[group].kernels { addBreakers(of: kernel) }
        if isChanged {
            for slot in groups[group].slots { slots[slot.index].isOutdated = true }
        }
        for slot in groups[group].slots.dropFirst(configuration.slotCount) {
            stopSlot(slot.index, into: &effects)
        }
        if !isAsleep(group) { startAll(of: group, into: &effects) }
        groups[group].usedAt = now
        watchIdleness(of: group)
        promoteStandbys(of: group, into: &effects)
        replaceNext(of: group, into: &effects)
        descendLadder(of: group, into: &effects)
    }

    private mutating func addSlot(_ replica: Int, to group: Int) {
        guard replica >= groups[group].slots.count else { return }
        let name = "\(groups[group].configuration.name)/\(replica)"
        slots.append(Slot(group: group, replica: replica, name: name, stateSince: now))
        groups[group].slots.append(SlotID(index: slots.count - 1))
    }

    /// The kernel goes to other workers: what its breakers knew is about workers that it had.
    private mutating func leaveBreakers(of kernel: Int) {
        for index in kernels[kernel].breakers {
            slots[breakers[index].slot].breakers.removeAll { $0 == index }
            deadlines.remove(Self.key(.breaker, index))
        }
        kernels[kernel].breakers = []
    }

    /// A breaker for each kernel in each slot that it can be served by.
    private mutating func addBreakers(of kernel: Int) {
        let members = groups[kernels[kernel].group].slots
        for slot in members.dropFirst(kernels[kernel].breakers.count) {
            let breaker = CircuitBreaker(policy: kernels[kernel].breakerPolicy, at: now)
            breakers.append(BreakerPlace(breaker: breaker, kernel: kernel, slot: slot.index))
            kernels[kernel].breakers.append(breakers.count - 1)
            slots[slot.index].breakers.append(breakers.count - 1)
        }
    }

    private mutating func adopt(_ configuration: KernelConfiguration, into effects: inout [Effect])
    {
        guard let group = groups.firstIndex(where: { $0.configuration.name == configuration.group })
        else { return }
        let known = kernels.firstIndex { $0.configuration.name == configuration.name }
        guard let known else {
            directory.add(configuration.name)
            kernels.append(KernelState(group: group, configuration: configuration))
            kernels[kernels.count - 1].isIdempotent = configuration.isIdempotent ?? false
            groups[group].kernels.append(kernels.count - 1)
            return addBreakers(of: kernels.count - 1)
        }
        if kernels[known].group != group || !kernels[known].isConfigured {
            leave(kernel: known, "its workers have changed", into: &effects)
            if kernels[known].group != group {
                leaveBreakers(of: known)
                groups[kernels[known].group].kernels.removeAll { $0 == known }
                groups[group].kernels.append(known)
            }
            kernels[known].group = group
            kernels[known].isDeclared = false
            kernels[known].problem = ""
        }
        kernels[known].configuration = configuration
        kernels[known].isConfigured = true
        addBreakers(of: known)
        configureBreakers(of: known)
        if let isIdempotent = configuration.isIdempotent {
            kernels[known].isIdempotent = isIdempotent
        }
    }

    /// What is no longer configured: known before anything is done, so that nothing of it is
    /// started by what is freed or fails meanwhile.
    private mutating func markMissing(
        _ configuration: Configuration
    ) -> (kernels: [Int], groups: [Int]) {
        let kernelNames = Set(configuration.kernels.map(\.name))
        let groupNames = Set(configuration.groups.map(\.name))
        let missingKernels = kernels.indices.filter {
            kernels[$0].isConfigured && !kernelNames.contains(kernels[$0].configuration.name)
        }
        let missingGroups = groups.indices.filter {
            groups[$0].isConfigured && !groupNames.contains(groups[$0].configuration.name)
        }
        for index in missingKernels { kernels[index].isConfigured = false }
        for index in missingGroups { groups[index].isConfigured = false }
        return (missingKernels, missingGroups)
    }

    /// Waiting calls of a kernel that goes away are answered; those with a worker may end.
    private mutating func leave(kernel: Int, _ why: String, into effects: inout [Effect]) {
        for index in calls.liveIndices
        where calls.isLive(index) && calls[index].kernel.index == kernel {
            switch calls[index].phase {
            case .queued where passOn(index, into: &effects): break
            case .queued, .waiting:
                let message = "\(kernels[calls[index].asked.index].configuration.name): \(why)"
                end(index, .unavailable, message, into: &effects)
            case .dispatched, .cancelling: break
            }
        }
    }

    mutating func stopSlot(_ slot: Int, into effects: inout [Effect]) {
        change(slot, into: &effects) { lifecycle, turn in
            lifecycle.stop(at: turn.now, policy: turn.lifecycle)
        }
    }

    // MARK: - One at a time

    /// Replaces outdated workers one after another: the next only when the one before is back.
    ///
    /// Where the new ones don't come up, those that still serve go on as they are.
    mutating func replaceNext(of group: Int, into effects: inout [Effect]) {
        let outdated = groups[group].slots.filter { slots[$0.index].isOutdated }
        guard !outdated.isEmpty else { return groups[group].isHeld = false }
        for slot in outdated where !slots[slot.index].lifecycle.isReady { replace(slot, &effects) }
        let away = groups[group].slots.filter { isAway(slots[$0.index]) }
        let kept = outdated.filter { slots[$0.index].lifecycle.isReady }
        guard away.isEmpty else {
            return tellOfHold(group, away, kept: kept.count, into: &effects)
        }
        groups[group].isHeld = false
        // Standbys first: the new ones then stand in for each active worker while it is away.
        if let next = kept.first(where: { slots[$0.index].isStandby }) ?? kept.first {
            replace(next, &effects)
        }
    }

    private mutating func replace(_ slot: SlotID, _ effects: inout [Effect]) {
        change(slot.index, into: &effects) { lifecycle, turn in
            lifecycle.replace(next: turn.next, at: turn.now, policy: turn.lifecycle)
        }
    }

    /// Another must not be taken away while this one is.
    private func isAway(_ slot: Slot) -> Bool {
        switch slot.lifecycle.state {
        case .waiting, .parting, .asked, .terminated, .killed, .starting: true
        // What failed before the change is replaced by it, or can't be.
        case .stuck, .backoff, .quarantined, .failed: !slot.isOutdated
        case .stopped, .ready: false
        }
    }

    /// Says once that a change has stopped half way, because the workers that it brings fail.
    private mutating func tellOfHold(
        _ group: Int,
        _ away: [SlotID],
        kept: Int,
        into effects: inout [Effect]
    ) {
        let failed = away.map { slots[$0.index] }.first { slot in
            switch slot.lifecycle.state {
            case .stuck, .quarantined, .failed: true
            case .stopped, .waiting, .starting, .ready, .parting, .asked, .terminated, .killed,
                .backoff:
                false
            }
        }
        guard kept > 0, let failed, !groups[group].isHeld else { return }
        groups[group].isHeld = true
        let name = groups[group].configuration.name
        let how = failed.lifecycle.lastEnd?.phrase ?? "does not start"
        let message =
            "the change of '\(name)' is held: its new worker '\(failed.name)' \(how); "
            + "\(counted(kept, "worker")) of before \(kept == 1 ? "goes" : "go") on until "
            + "it is ready"
        log(.error, .recovery, message, [.init("GROUP", name)], &effects)
    }
}
