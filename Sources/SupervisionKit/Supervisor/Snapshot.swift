/// The state that acts, copied for those who ask.
public struct Snapshot: Sendable {
    public struct Kernel: Sendable {
        public var name: String
        public var group: String
        public var isIdempotent: Bool
        public var problem: String
        public var health: KernelHealth
        public var counters: CallCounters
        public var inFlight: Int
        public var queued: Int
        public var slots: [WorkerSlot]
        /// One for each slot, in the same order.
        public var breakers: [BreakerStatistics]
        /// Retries that the budget allows right now.
        public var retriesLeft: Int
        /// How the group came to stand where it does on its ladder; empty when nothing is wrong.
        public var recovery: String
        public var alert: RecoveryLadder.Alert
        /// Those that stand in for it and for nothing else, in the order of the rungs.
        public var standIns: [StandIn]
    }

    /// A degraded profile or a backup.
    public struct StandIn: Sendable {
        /// As in `Snapshot.standIns`.
        public var name: String
        public var group: String
        /// "backup".
        public var word: String
        /// A call would be served by it, or wait for it.
        public var canServe: Bool
        /// What happens next where it can't.
        public var next: KernelHealth.Next?
    }

    public struct WorkerSlot: Sendable {
        public var id: SlotID
        public var name: String
        public var state: String
        public var role: SlotRole
        public var incarnation: Incarnation?
        public var since: Instant
        public var restarts: Int
        public var lastEnd: String?
        /// It is not started again for an exit code that its group's policy alone calls permanent.
        public var isEndPermanentByPolicy: Bool
        public var device: String
        /// Since when the oldest call in it runs.
        public var runningSince: Instant?
        /// When it last said that it is alive; workers do while a call runs.
        public var heartbeatAt: Instant?
        public var progress: UInt64?
        /// What its probes say.
        public var probes: HealthStatus
    }

    public var kernels: [Kernel]
    /// Kernels that only stand in for others; nobody calls them by their names.
    public var standIns: [Kernel]
    /// The core's books agree.
    public var isLive: Bool
    /// Every eager worker has become ready or shown that it can't, once at least.
    public var isStarted: Bool
    public var isReady: Bool
    public var isDraining: Bool
    public var startedAt: Instant
    public var configuredAt: Instant
    public var reloadErrors: [String]
    public var totals: CallCounters
    public var inFlight: Int
    public var queued: Int
    public var badInput: [CallError: Int]
}

/// What a slot is there for.
public enum SlotRole: String, Codable, CaseIterable, Hashable, Sendable {
    /// It takes calls.
    case active
    /// It waits, warm, to take the place of an active slot.
    case standby
    /// It serves a kernel that its own workers can't.
    case degraded
    /// A connection to another daemon, which serves a kernel that nothing here can.
    case backup
}

extension Supervisor {
    public var snapshot: Snapshot {
        let configured = kernels.indices.filter { isListed($0) }
        var totals = CallCounters()
        for kernel in kernels { totals += kernel.counters }
        return Snapshot(
            kernels: configured.map(snapshot(ofKernel:)),
            standIns: kernels.indices
                .filter { kernels[$0].isConfigured && kernels[$0].configuration.isHidden }
                .map(snapshot(ofKernel:)),
            isLive: isConsistent,
            isStarted: phase != .starting,
            isReady: phase == .serving,
            isDraining: phase != .serving && phase != .starting,
            startedAt: startedAt,
            configuredAt: configuredAt,
            reloadErrors: reloadErrors,
            totals: totals,
            inFlight: slots.reduce(0) { $0 + $1.calls.count },
            queued: groups.reduce(waitingCalls) { $0 + $1.queue.count },
            badInput: badInput
        )
    }

    /// Names of the configured kernels, in the order of their configuration.
    public var kernelNames: [String] {
        kernels.indices.filter(isListed).map { kernels[$0].configuration.name }
    }

    private func isEndPermanentByPolicy(_ slot: Slot) -> Bool {
        guard case .failed = slot.lifecycle.state, let end = slot.lifecycle.lastEnd?.end else {
            return false
        }
        return !end.isPermanent && end.isPermanent(with: groups[slot.group].configuration.recovery)
    }

    /// What has become of the alert of a group, by name.
    public func alert(ofGroup name: String) -> RecoveryLadder.Alert {
        groups.first { $0.configuration.name == name }?.ladder.alert ?? .none
    }

    public func name(of slot: SlotID) -> String { slots[slot.index].name }

    /// The group of a slot, by name.
    public func groupName(of slot: SlotID) -> String {
        groups[slots[slot.index].group].configuration.name
    }

    /// The group of a configured kernel, by name; nil for any other kernel.
    public func groupName(ofKernel name: String) -> String? {
        kernels.first { $0.isConfigured && $0.configuration.name == name }?.configuration.group
    }

    /// Whether this worker is the one that its slot has now.
    public func isAlive(_ worker: WorkerID) -> Bool { isCurrent(worker) }

    /// How the last worker of a slot ended, in words; nil when it was another one.
    public func end(of worker: WorkerID) -> String? {
        let last = slots[worker.slot.index].lifecycle.lastEnd
        return last?.incarnation == worker.incarnation ? last?.phrase : nil
    }

    /// Calls of the client that have not been answered.
    public func callCount(of client: ClientID) -> Int { callers.count(of: .client(client)) }

    /// Whether the worker has this call.
    public func has(_ call: CallID, at worker: WorkerID) -> Bool {
        guard isCurrent(worker), let index = calls.index(of: call) else { return false }
        return slots[worker.slot.index].calls.contains(index)
    }

    /// Calls that the worker has.
    public func callCount(of worker: WorkerID) -> Int {
        isCurrent(worker) ? slots[worker.slot.index].calls.count : 0
    }

    /// The state of each slot, also of those whose group is no longer configured.
    public func forEachSlotState(_ body: (SlotID, String) -> Void) {
        for index in slots.indices {
            let id = SlotID(index: index)
            body(id, stateWord(of: id))
        }
    }

    private func stateWord(of id: SlotID) -> String {
        slots[id.index].isUnready ? "unready" : slots[id.index].lifecycle.state.word
    }

    /// Those that only stand in are shown where they do.
    private func shownSlots(of kernel: Int) -> [SlotID] {
        let own = groups[kernels[kernel].group].slots
        guard !kernels[kernel].standIns.isEmpty else { return own }
        return own + hiddenStandIns(of: kernel).flatMap { groups[kernels[$0].group].slots }
    }

    private func hiddenStandIns(of kernel: Int) -> [Int] {
        kernels[kernel].standIns.map(\.kernel).filter { kernels[$0].configuration.isHidden }
    }

    func isListed(_ kernel: Int) -> Bool {
        kernels[kernel].isConfigured && !kernels[kernel].configuration.isHidden
    }

    private func snapshot(ofKernel index: Int) -> Snapshot.Kernel {
        let kernel = kernels[index]
        let group = groups[kernel.group]
        let hidden = hiddenStandIns(of: index)
        let members = shownSlots(of: index)
        let running = members.flatMap { slots[$0.index].calls }
            .filter { calls[$0].asked.index == index }
        return Snapshot.Kernel(
            name: kernel.configuration.name,
            group: kernel.configuration.group,
            isIdempotent: kernel.isIdempotent,
            problem: kernel.problem,
            health: health(ofKernel: index),
            counters: kernel.counters,
            inFlight: running.count,
            queued: hidden.reduce(kernel.queued) { $0 + kernels[$1].queued },
            slots: members.map(snapshot(ofSlot:)),
            breakers: (kernel.breakers + hidden.flatMap { kernels[$0].breakers }).map {
                breakers[$0].breaker.statistics(at: now)
            },
            retriesLeft: kernel.budget.available(at: now, policy: kernel.configuration.retry),
            recovery: group.ladder.explanation(policy: group.configuration.recovery),
            alert: group.ladder.alert,
            standIns: hidden.map { standIn in
                Snapshot.StandIn(
                    name: kernels[standIn].configuration.name,
                    group: kernels[standIn].configuration.group,
                    word: word(forStandIn: standIn),
                    canServe: canServe(standIn),
                    next: healthAtHome(ofKernel: standIn).next
                )
            }
        )
    }

    private func snapshot(ofSlot id: SlotID) -> Snapshot.WorkerSlot {
        let slot = slots[id.index]
        return Snapshot.WorkerSlot(
            id: id,
            name: slot.name,
            state: stateWord(of: id),
            role: slot.isStandby ? .standby : groups[slot.group].configuration.role,
            incarnation: slot.lifecycle.incarnation,
            since: slot.stateSince,
            restarts: slot.restarts,
            lastEnd: slot.lifecycle.lastEnd?.phrase,
            isEndPermanentByPolicy: isEndPermanentByPolicy(slot),
            device: slot.device,
            runningSince: slot.calls.map { calls[$0].handedOver }.min(),
            heartbeatAt: slot.heartbeat?.at,
            progress: slot.heartbeat?.progress,
            probes: slot.probe.status
        )
    }
}

extension WorkerLifecycle.State {
    /// The state in one word, for output.
    public var word: String {
        switch self {
        case .stopped: "stopped"
        case .waiting: "waiting"
        case .starting: "starting"
        case .ready: "ready"
        case .parting, .asked, .terminated: "stopping"
        case .killed: "killed"
        case .stuck: "stuck"
        case .backoff: "backoff"
        case .quarantined: "quarantined"
        case .failed: "failed"
        }
    }
}
