/// Who serves a kernel that its own workers can't: its degraded profile, then its backup.
///
/// Both are kernels with workers of their own, which start on demand, are probed, restarted and
/// refused like any others; a backup's only worker is a connection to another daemon. So a rung of
/// the ladder is a place that calls go to, and needs no second way for them.
extension Supervisor {
    struct StandIn: Hashable, Sendable {
        var rung: RecoveryStrategy
        /// Index of the kernel that stands in.
        var kernel: Int
    }

    /// How a kernel is for those who would call it from another daemon.
    ///
    /// One that is served by its own backup serves nobody else: two daemons would wait for each
    /// other. What is told is what is wrong at home, so that they don't quote each other either.
    public func fitness(ofKernel name: String) -> ProbeResult {
        guard
            let kernel = kernels.indices.first(where: {
                isListed($0) && kernels[$0].configuration.name == name
            })
        else { return .failed("no kernel '\(name)' is configured") }
        let health = health(ofKernel: kernel)
        switch health.state {
        case .healthy: return .ok
        case .degraded where health.reason != .failedOver: return .degraded(health.why)
        case .degraded, .down, .unknown: return .failed(healthAtHome(ofKernel: kernel).why)
        }
    }

    /// What the reply says of who has served the call; nil for the kernel's own workers.
    ///
    /// It costs more than the rest of the reply, and changes only when the kernel's health does.
    mutating func remark(on index: Int) -> String? {
        let asked = calls[index].asked.index
        let served = calls[index].kernel.index
        guard served != asked else { return nil }
        // What changed in this very turn has not been looked at yet.
        let isFresh = staleGroups.isEmpty && !isStatusStale
        if isFresh, let last = kernels[asked].remark, last.served == served { return last.text }
        let text = makeRemark(onCallsOf: asked, servedBy: served)
        kernels[asked].remark = isFresh ? .init(served: served, text: text) : nil
        return text
    }

    private func makeRemark(onCallsOf asked: Int, servedBy served: Int) -> String {
        let home = healthAtHome(ofKernel: asked)
        let why = home.why.isEmpty ? "its own workers are coming back" : home.why
        return "served by \(phrase(ofStandIn: served, for: asked)): \(why)"
    }

    /// A reload may have taken it from the kernel while a call ran in it.
    func phrase(ofStandIn served: Int, for asked: Int) -> String {
        "the \(word(forStandIn: served)) of \(kernels[asked].configuration.name)"
    }

    /// The slot's worker is a connection to another daemon.
    func isConnection(_ slot: Int) -> Bool {
        groups[slots[slot].group].configuration.role == .backup
    }

    func phrase(of cause: KillCause, in slot: Int) -> String {
        cause.phrase(ofConnection: isConnection(slot))
    }

    func word(forStandIn kernel: Int) -> String {
        groups[kernels[kernel].group].configuration.role == .backup ? "backup" : "degraded profile"
    }

    func standIn(_ kernel: Int, of asked: Int) -> StandIn? {
        kernels[asked].standIns.first { $0.kernel == kernel }
    }

    /// Says who serves the kernels of groups that have changed, where it is another than before.
    mutating func tellWhoServes(into effects: inout [Effect]) {
        guard phase == .starting || phase == .serving else { return }
        for group in staleGroups {
            for kernel in groups[group].kernels {
                guard isListed(kernel) else {
                    kernels[kernel].servedBy = nil
                    continue
                }
                let place = servesInstead(of: kernel, healthAtHome(ofKernel: kernel))
                let former = kernels[kernel].servedBy
                guard place != former else { continue }
                kernels[kernel].servedBy = place
                let name = kernels[kernel].configuration.name
                let message =
                    if let place {
                        "calls of \(name) are served by its \(word(forStandIn: place))"
                    } else if canServe(kernel) {
                        "calls of \(name) go to its own workers again"
                    } else {
                        "calls of \(name) are not served by another any more"
                    }
                log(.notice, .recovery, message, [.init("KERNEL", name)], &effects)
            }
        }
    }

    /// The stand-in that the kernel's next call goes to now, and is served.
    func servesInstead(of kernel: Int, _ home: @autoclosure () -> KernelHealth) -> Int? {
        guard !kernels[kernel].standIns.isEmpty, phase == .starting || phase == .serving,
            let place = servingPlace(of: kernel), place != kernel, prospect(at: place) == .served,
            home().state == .down || places(for: kernel).first == place
        else { return nil }
        return place
    }

    // MARK: - Ladder

    /// Whether anything stands in for kernels of the group on this rung, and takes calls.
    func standIn(for group: Int, on rung: RecoveryStrategy) -> RecoveryLadder.Means.StandIn {
        var best = RecoveryLadder.Means.StandIn.none
        for kernel in groups[group].kernels where kernels[kernel].isConfigured {
            for standIn in kernels[kernel].standIns where standIn.rung == rung {
                guard !canServe(standIn.kernel) else { return .serving }
                best = .notServing
            }
        }
        return best
    }

    /// The groups whose kernels this group's kernels stand in for look at their ladders again.
    mutating func standInChanged(_ group: Int, into effects: inout [Effect]) {
        for home in groups[group].standsInFor { descendLadder(of: home, into: &effects) }
    }

    /// The ladder stands on a rung where others serve: they start now, and not with the next call.
    mutating func wakeStandIns(
        of group: Int,
        on rung: RecoveryStrategy,
        into effects: inout [Effect]
    ) {
        for kernel in groups[group].kernels where kernels[kernel].isConfigured {
            let name = kernels[kernel].configuration.name
            for standIn in kernels[kernel].standIns where standIn.rung == rung {
                wake(
                    kernels[standIn.kernel].group,
                    "\(name) can't be served at home",
                    into: &effects
                )
            }
        }
    }

    // MARK: - Configuration

    /// Finds the kernels that stand in by their names.
    mutating func linkStandIns() {
        for group in groups.indices { groups[group].standsInFor = [] }
        for kernel in kernels.indices {
            let former = kernels[kernel].standIns
            kernels[kernel].standIns = kernels[kernel].isConfigured ? standIns(of: kernel) : []
            for standIn in kernels[kernel].standIns {
                let group = kernels[standIn.kernel].group
                let home = kernels[kernel].group
                guard !groups[group].standsInFor.contains(home), group != home else { continue }
                groups[group].standsInFor.append(home)
            }
            if former != kernels[kernel].standIns { staleGroups.append(kernels[kernel].group) }
        }
    }

    private func standIns(of kernel: Int) -> [StandIn] {
        let configuration = kernels[kernel].configuration
        return groups[kernels[kernel].group].configuration.recovery.rungs.compactMap { rung in
            let name: String? =
                switch rung {
                case .degrade: configuration.degraded
                case .failover: configuration.backup
                case .restartKernel, .useReplica, .notifyOperator: nil
                }
            guard let name,
                let other = kernels.firstIndex(where: {
                    $0.isConfigured && $0.configuration.name == name
                }), other != kernel
            else { return nil }
            return StandIn(rung: rung, kernel: other)
        }
    }
}
