/// Workers that run only while somebody calls their kernels.
extension Supervisor {
    /// No worker of the group is wanted before the next call.
    func isAsleep(_ group: Int) -> Bool {
        guard groups[group].configuration.lifecycle.start == .onDemand else { return false }
        return groups[group].slots.allSatisfy { !slots[$0.index].lifecycle.isWanted }
    }

    /// A call starts the group's workers, or has done so and none of them is ready yet.
    func isOnItsWay(_ group: Int) -> Bool {
        groups[group].configuration.lifecycle.start == .onDemand
            && groups[group].active.allSatisfy { !slots[$0.index].lifecycle.isReady }
    }

    /// The group's workers are wanted, if they sleep.
    mutating func wake(_ group: Int, _ why: String, into effects: inout [Effect]) {
        switch phase {
        case .stopping, .ended: return
        case .starting, .serving, .draining: break
        }
        guard groups[group].isConfigured, isAsleep(group) else { return }
        let name = groups[group].configuration.name
        let message = "workers of '\(name)' start: \(why)"
        log(.info, .recovery, message, [.init("GROUP", name)], &effects)
        for slot in groups[group].slots.prefix(groups[group].configuration.slotCount) {
            change(slot.index, into: &effects) { lifecycle, turn in
                lifecycle.wake(next: turn.next, at: turn.now, policy: turn.lifecycle)
            }
        }
        groups[group].usedAt = now
        watchIdleness(of: group)
    }

    /// Starts what is configured and not wanted yet.
    mutating func startAll(of group: Int, into effects: inout [Effect]) {
        for slot in groups[group].slots.prefix(groups[group].configuration.slotCount) {
            change(slot.index, into: &effects) { lifecycle, turn in
                guard !lifecycle.isWanted else { return .none }
                return lifecycle.start(next: turn.next, at: turn.now, policy: turn.lifecycle)
            }
        }
    }

    /// Sets or removes the group's next look at whether anybody uses it.
    mutating func watchIdleness(of group: Int) {
        let policy = groups[group].configuration.lifecycle
        let isWatched =
            policy.start == .onDemand && groups[group].isConfigured && !isAsleep(group)
        let due = groups[group].usedAt + policy.idleStop
        deadlines.set(Self.key(.idle, group), to: isWatched ? due : nil)
    }

    mutating func passDeadline(idleOf group: Int, into effects: inout [Effect]) {
        let policy = groups[group].configuration.lifecycle
        let idleSince = groups[group].usedAt + policy.idleStop
        let isAtRest =
            groups[group].queue.count == 0 && !isNeeded(group)
            && groups[group].slots.allSatisfy { slots[$0.index].isAtRest }
        guard isAtRest, idleSince <= now else {
            if !isAtRest { groups[group].usedAt = now }
            return watchIdleness(of: group)
        }
        let name = groups[group].configuration.name
        let message = "workers of '\(name)' stop: no call for \(policy.idleStop.inWords)"
        log(.info, .recovery, message, [.init("GROUP", name)], &effects)
        for slot in groups[group].slots {
            slots[slot.index].followsOrder = true
            stopSlot(slot.index, into: &effects)
        }
        // The next worker looks anew: what could not be started or built may have been mended.
        for kernel in groups[group].kernels { kernels[kernel].problem = "" }
    }
}
