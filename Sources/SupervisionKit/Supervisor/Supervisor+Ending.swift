/// Ready, draining and the end.
extension Supervisor {
    mutating func stop(into effects: inout [Effect]) {
        switch phase {
        case .starting, .serving:
            phase = .draining(until: now + Self.drainTimeout)
            deadlines.set(Self.drainKey, to: now + Self.drainTimeout)
            isStatusStale = true
            effects.append(.notify(.stopping))
            let message = "draining: \(counted(calls.count, "call")) may end, no new ones are taken"
            log(.notice, .draining, message, [], &effects)
            if calls.count == 0 { endDrain(into: &effects) }
        case .draining: endDrain(into: &effects)
        case .stopping, .ended: break
        }
    }

    /// Answers what is left and stops the workers.
    mutating func endDrain(into effects: inout [Effect]) {
        guard case .draining = phase else { return }
        phase = .stopping
        deadlines.remove(Self.drainKey)
        isStatusStale = true
        for index in calls.liveIndices where calls.isLive(index) {
            switch calls[index].phase {
            case .queued, .waiting:
                end(index, .shuttingDown, "the daemon ended before the call's turn", into: &effects)
            case .dispatched, .cancelling: break
            }
        }
        for slot in slots.indices {
            for index in slots[slot].calls {
                guard case .dispatched = calls[index].phase else { continue }
                end(index, .shuttingDown, "the daemon ended while the call ran", into: &effects)
            }
            stopSlot(slot, into: &effects)
        }
    }

    /// A worker is gone: go on with what waited for that.
    mutating func afterEnd(_ slot: Int, into effects: inout [Effect]) {
        replaceNext(of: slots[slot].group, into: &effects)
        if case .draining = phase, calls.count == 0 { endDrain(into: &effects) }
    }

    /// The end of a turn in which something visible changed: readiness, status line, the very end.
    mutating func settle(into effects: inout [Effect]) {
        if isStatusStale { staleGroups = Array(groups.indices) }
        isStatusStale = false
        followStandIns(into: &effects)
        for group in staleGroups {
            if groups[group].queue.count > 0 { wake(group, "a call has come", into: &effects) }
            replaceNext(of: group, into: &effects)
        }
        tellWhoServes(into: &effects)
        refreshHealth()
        if phase == .starting, isSettled {
            phase = .serving
            effects.append(.notify(.ready))
            log(.notice, .ready, "ready: \(statusLine)", [], &effects)
        }
        let line = statusLine
        if line != lastStatus {
            lastStatus = line
            effects.append(.notify(.status(line)))
        }
        if phase == .stopping, slots.allSatisfy({ isGone($0) }) {
            phase = .ended
            log(.notice, .stopped, "stopped", [], &effects)
            effects.append(.exit)
        }
    }

    /// Every wanted worker has become ready once, or has shown that it does not at once.
    private var isSettled: Bool {
        slots.allSatisfy { slot in
            slot.hasBeenReady || slot.lifecycle.lastEnd != nil || !slot.lifecycle.isWanted
        }
    }

    /// A stuck process is left to the operating system: nothing more can be done about it.
    private func isGone(_ slot: Slot) -> Bool {
        switch slot.lifecycle.state {
        case .stopped, .waiting, .stuck, .failed, .backoff, .quarantined: true
        case .starting, .ready, .parting, .asked, .terminated, .killed: false
        }
    }
}
