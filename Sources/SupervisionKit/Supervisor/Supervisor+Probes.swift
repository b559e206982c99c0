/// Probes: how workers are, asked by the daemon itself, so that recovery needs no traffic.
extension Supervisor {
    private func healthPolicy(of slot: Int) -> HealthPolicy {
        groups[slots[slot].group].configuration.health
    }

    /// How far apart the probes of each worker are where all of them share the highest rate.
    private var probeSpacing: Duration { .seconds(probedWorkers) / max(1, maxProbeRate) }

    /// More workers than can be asked at their interval: says so once a configuration.
    mutating func tellSpacing(_ configuration: Configuration, into effects: inout [Effect]) {
        let workers = configuration.groups.reduce(0) { $0 + $1.slotCount }
        let spacing = Duration.seconds(workers) / max(1, maxProbeRate)
        guard configuration.groups.contains(where: { $0.health.interval < spacing }) else { return }
        let message =
            "\(workers) workers share \(maxProbeRate) probes a second (max_probe_rate): "
            + "one that is well is asked about every \(spacing.inWords)"
        log(.info, .configured, message, [], &effects)
    }

    /// The worker became ready: probes begin, and breakers that wait for a trial get theirs.
    mutating func startProbes(of slot: Int, into effects: inout [Effect]) {
        if slots[slot].probe.state == .stopped { probedWorkers += 1 }
        slots[slot].probe.started(policy: healthPolicy(of: slot), at: now, using: &random)
        setDeadline(ofProbe: slot)
        bringBreakersForward(of: slot, into: &effects)
        tryBreakers(of: slot, into: &effects)
    }

    /// The worker is no longer one to ask.
    mutating func stopProbes(of slot: Int, into effects: inout [Effect]) {
        if slots[slot].probe.state != .stopped { probedWorkers -= 1 }
        slots[slot].probe.stopped()
        setDeadline(ofProbe: slot)
        settleTrial(of: slot, .neutral(.abandoned), into: &effects)
    }

    mutating func passDeadline(probeOf slot: Int, into effects: inout [Effect]) {
        let policy = healthPolicy(of: slot)
        let hadProbe = slots[slot].probe.numberInFlight
        if let hadProbe, !slots[slot].calls.isEmpty {
            return passOver(probe: hadProbe, slot, into: &effects)
        }
        let action = slots[slot].probe.deadlinePassed(policy: policy, at: now, using: &random)
        setDeadline(ofProbe: slot)
        if hadProbe != nil, slots[slot].probe.numberInFlight != hadProbe {
            settleTrial(of: slot, .fault(.probeFailed), into: &effects)
        }
        perform(action, slot, into: &effects)
    }

    /// A worker with one thread says nothing while it computes: the call's own deadline is what
    /// finds it hung, and no probe kills what works.
    private mutating func passOver(
        probe number: UInt32,
        _ slot: Int,
        into effects: inout [Effect]
    ) {
        let action = slots[slot].probe.answered(
            number: number,
            .busy,
            spacing: probeSpacing,
            policy: healthPolicy(of: slot),
            at: now,
            using: &random
        )
        setDeadline(ofProbe: slot)
        settleTrial(of: slot, .neutral(.abandoned), into: &effects)
        perform(action, slot, into: &effects)
    }

    mutating func probed(
        _ worker: WorkerID,
        number: UInt32,
        _ result: ProbeResult,
        into effects: inout [Effect]
    ) {
        let slot = worker.slot.index
        guard isCurrent(worker), slots[slot].lifecycle.isReady,
            slots[slot].probe.numberInFlight == number
        else { return }
        let verdict: Verdict =
            switch result {
            case .ok, .degraded: .ok
            case .failed: .fault(.probeFailed)
            case .busy: .neutral(.abandoned)
            }
        let wasUnready = slots[slot].isUnready
        let action = slots[slot].probe.answered(
            number: number,
            result,
            spacing: probeSpacing,
            policy: healthPolicy(of: slot),
            at: now,
            using: &random
        )
        setDeadline(ofProbe: slot)
        settleTrial(of: slot, verdict, into: &effects)
        perform(action, slot, wasUnready: wasUnready, into: &effects)
        if case .busy = result { return }
        tryBreakers(of: slot, into: &effects)
    }

    /// Sends a probe at once when a breaker of the slot waits for its first trial.
    ///
    /// The trials after it are calls, or probes at their usual times: a worker that answers probes
    /// and fails at every call would otherwise have its breaker closed as soon as it opens.
    mutating func tryBreakers(of slot: Int, into effects: inout [Effect]) {
        guard slots[slot].lifecycle.isReady, slots[slot].trial == nil,
            let breaker = breakerToTry(slot), breakers[breaker].breaker.wantsFirstTrial
        else { return }
        let policy = healthPolicy(of: slot)
        let action = slots[slot].probe.probeNow(policy: policy, at: now)
        setDeadline(ofProbe: slot)
        perform(action, slot, into: &effects)
    }

    private func breakerToTry(_ slot: Int) -> Int? {
        let waiting = slots[slot].breakers.filter {
            breakers[$0].breaker.wantsTrial && kernels[breakers[$0].kernel].isConfigured
        }
        return waiting.first { breakers[$0].breaker.wantsFirstTrial } ?? waiting.first
    }

    private mutating func perform(
        _ action: HealthProbe.Action,
        _ slot: Int,
        wasUnready: Bool = false,
        into effects: inout [Effect]
    ) {
        guard let incarnation = slots[slot].lifecycle.incarnation else { return }
        let worker = WorkerID(slot: SlotID(index: slot), incarnation: incarnation)
        switch action {
        case .none: break
        case .probe(let number): send(probe: number, to: worker, into: &effects)
        case .becameHealthy where !wasUnready: break
        case .becameHealthy:
            slots[slot].stateSince = now
            staleGroups.append(slots[slot].group)
            let message = "worker '\(slots[slot].name)' answers its probes again"
            log(.notice, .workerReady, message, workerFields(worker), &effects)
            promoteStandbys(of: slots[slot].group, into: &effects)
            serveQueue(of: slots[slot].group, into: &effects)
        case .becameUnhealthy(let why):
            slots[slot].stateSince = now
            staleGroups.append(slots[slot].group)
            let message = "worker '\(slots[slot].name)' gets no new calls: \(why)"
            log(.warning, .workerUnready, message, workerFields(worker), &effects)
            promoteStandbys(of: slots[slot].group, into: &effects)
            serveQueue(of: slots[slot].group, into: &effects)
        case .condemned(let why): kill(worker, .probesFailed(why), into: &effects)
        }
    }

    /// The probe is also the trial of a breaker that waits for one.
    private mutating func send(
        probe number: UInt32,
        to worker: WorkerID,
        into effects: inout [Effect]
    ) {
        let slot = worker.slot.index
        var name = ""
        if let breaker = breakerToTry(slot) {
            let lease = healthPolicy(of: slot).timeout
            if case .admitted(let permit) = breakers[breaker].breaker.admit(at: now, lease: lease) {
                name = kernels[breakers[breaker].kernel].configuration.name
                slots[slot].trial = Slot.Trial(number: number, breaker: breaker, permit: permit)
                setDeadline(ofBreaker: breaker)
            }
        }
        effects.append(.probe(worker, number: number, kernel: name))
    }

    private mutating func settleTrial(
        of slot: Int,
        _ verdict: Verdict,
        into effects: inout [Effect]
    ) {
        guard let trial = slots[slot].trial else { return }
        slots[slot].trial = nil
        let transition = breakers[trial.breaker].breaker.settle(
            trial.permit,
            verdict,
            at: now,
            using: &random
        )
        changed(trial.breaker, transition, into: &effects)
        // The next trial may be a call that waits.
        if transition == nil { serveQueue(of: slots[slot].group, into: &effects) }
    }

    private mutating func setDeadline(ofProbe slot: Int) {
        deadlines.set(Self.key(.probe, slot), to: slots[slot].probe.deadline)
    }
}
