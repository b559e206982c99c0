/// Warm workers that wait for an active one to fail.
extension Supervisor {
    /// A standby with a serving worker takes the place of an active slot that has none, at once.
    ///
    /// The two exchange their parts: the slot that failed becomes the standby, and its next worker
    /// waits in its turn.
    mutating func promoteStandbys(of group: Int, into effects: inout [Effect]) {
        // What is being stopped has no place to be taken.
        guard phase != .stopping, phase != .ended, groups[group].isConfigured,
            groups[group].active.count < groups[group].slots.count
        else { return }
        for place in groups[group].active.indices {
            let former = groups[group].active[place].index
            guard !slots[former].isServing else { continue }
            let standby = groups[group].slots.first {
                slots[$0.index].isStandby && slots[$0.index].isServing
            }
            guard let standby else { return }
            groups[group].active[place] = standby
            slots[standby.index].isStandby = false
            slots[former].isStandby = true
            staleGroups.append(group)
            let message =
                "standby '\(slots[standby.index].name)' takes the place of '\(slots[former].name)'"
            let fields = [LogRecord.Field("WORKER", slots[standby.index].name)]
            log(.notice, .recovery, message, fields, &effects)
        }
    }

    /// Gives every configured slot of the group its part, as it has it where that is possible.
    mutating func assignParts(of group: Int) {
        let configuration = groups[group].configuration
        let configured = groups[group].slots.prefix(configuration.slotCount)
        let former = groups[group].active.filter { configured.contains($0) }
        let others = configured.filter { !former.contains($0) }
        let active = Array((former + others).prefix(configuration.replicas))
        groups[group].active = active
        for slot in configured { slots[slot.index].isStandby = !active.contains(slot) }
        for slot in groups[group].slots.dropFirst(configuration.slotCount) {
            slots[slot.index].isStandby = false
        }
    }
}
