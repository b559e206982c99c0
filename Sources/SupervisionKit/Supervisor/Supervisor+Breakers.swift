/// Breakers, one per kernel and slot: who may pass, what each attempt said, and what follows.
extension Supervisor {
    // MARK: - Who may pass

    /// Why this slot takes no call of the kernel; nil when it does.
    @inline(__always)
    func breakerRefusal(_ kernel: Int, _ slot: Int) -> CircuitBreaker.Refusal? {
        let index = kernels[kernel].breakers[slots[slot].replica]
        guard breakers[index].breaker.mayRefuse else { return nil }
        return breakers[index].breaker.refusal(at: now)
    }

    /// The kernel's refusal as a whole: every worker that could serve it is down by its breaker.
    ///
    /// The refusal that ends first is returned. Workers that are merely slow still get calls.
    func openBreaker(of kernel: Int) -> CircuitBreaker.Refusal? {
        let group = kernels[kernel].group
        if groups[group].active.count == 1 {
            let slot = groups[group].active[0].index
            guard let refusal = breakerRefusal(kernel, slot) else { return nil }
            return isMerelySlow(kernel, slot, refusal) ? nil : refusal
        }
        let members = groups[group].active
        guard case .failFast = ejection(of: kernel) else { return nil }
        return members.lazy
            .filter { self.slots[$0.index].isUsed }
            .compactMap { self.breakerRefusal(kernel, $0.index) }
            .min { $0.retryAfter < $1.retryAfter }
    }

    /// Replicas that get calls although their breakers refuse: too many are refused at
    /// once, or all are and are merely slow.
    func passedOver(_ kernel: Int) -> Ejection.ReplicaSet {
        let members = groups[kernels[kernel].group].active
        guard members.contains(where: { breakerRefusal(kernel, $0.index) != nil }) else {
            return []
        }
        switch ejection(of: kernel) {
        case .serve, .failFast, .noneUp: return []
        case .panic(_, let passed), .letPass(let passed): return passed
        }
    }

    private func ejection(of kernel: Int) -> Ejection.Decision {
        let group = groups[kernels[kernel].group]
        return Ejection.decide(
            group.active.lazy.map { member in
                let refusal = self.breakerRefusal(kernel, member.index)
                return Ejection.Replica(
                    isUp: self.slots[member.index].isUsed,
                    isRefused: refusal != nil,
                    isMerelySlow: refusal.map {
                        self.isMerelySlow(kernel, member.index, $0)
                    } ?? false
                )
            },
            maxEjected: Ejection.limit(
                of: group.active.count { slots[$0.index].isUsed },
                share: group.configuration.maxEjected
            )
        )
    }

    private func isMerelySlow(
        _ kernel: Int,
        _ slot: Int,
        _ refusal: CircuitBreaker.Refusal
    ) -> Bool {
        switch refusal.reason {
        case .forcedOpen: false
        case .open, .trialsInFlight:
            breakers[kernels[kernel].breakers[slots[slot].replica]].breaker.isTrippedBySlowness
        }
    }

    func circuitText(of kernel: Int, _ refusal: CircuitBreaker.Refusal) -> String {
        let name = kernels[kernel].configuration.name
        switch refusal.reason {
        case .open:
            let wait = refusal.retryAfter.inWords
            return "\(name) refused the call: circuit open, a trial in \(wait)"
        case .trialsInFlight: return "\(name) refused the call: circuit half-open, a trial runs"
        case .forcedOpen: return "\(name) refused the call: circuit open by an operator's word"
        }
    }

    // MARK: - What attempts say

    /// The call is about to be handed over: its attempt takes a permit where one is given.
    mutating func takePermit(_ index: Int, _ slot: Int) {
        let kernel = calls[index].kernel.index
        let lease = kernels[kernel].configuration.timeout.defaultTimeout
        let breaker = kernels[kernel].breakers[slots[slot].replica]
        switch breakers[breaker].breaker.admit(at: now, lease: lease) {
        case .admitted(let permit): calls[index].hold(permit, of: breaker)
        // Passed over the breaker's head: it says nothing to it either.
        case .refused: calls[index].hold(nil, of: breaker)
        }
        // A breaker that is closed and stays so has no deadline.
        if breakers[breaker].breaker.mayRefuse { setDeadline(ofBreaker: breaker) }
    }

    /// The attempt under way has said what it says about its worker.
    mutating func settle(
        _ index: Int,
        _ verdict: Verdict,
        into effects: inout [Effect]
    ) {
        guard let permit = calls[index].permit else { return }
        calls[index].permit = nil
        let breaker = Int(calls[index].breaker)
        let transition = breakers[breaker].breaker.settle(
            permit,
            verdict,
            at: now,
            using: &random
        )
        changed(breaker, transition, into: &effects)
    }

    /// A call in flight has become slow.
    mutating func becameSlow(_ index: Int, into effects: inout [Effect]) {
        guard var permit = calls[index].permit else { return }
        let breaker = Int(calls[index].breaker)
        let transition = breakers[breaker].breaker.becameSlow(&permit, at: now, using: &random)
        calls[index].permit = permit
        changed(breaker, transition, into: &effects)
    }

    /// Trials out are trials held: each by a call that a worker has, or by a probe in flight.
    var areTrialsHeld: Bool {
        var held = Array(repeating: 0, count: breakers.count)
        func count(_ permit: CircuitBreaker.Permit, _ index: Int) {
            guard permit.isTrial, permit.generation == breakers[index].breaker.generation else {
                return
            }
            held[index] += 1
        }
        for slot in slots {
            if let trial = slot.trial { count(trial.permit, trial.breaker) }
            for index in slot.calls {
                if let permit = calls[index].permit { count(permit, Int(calls[index].breaker)) }
            }
        }
        return breakers.indices.allSatisfy { held[$0] == breakers[$0].breaker.trials.count }
    }

    // MARK: - Changes

    mutating func passDeadline(breaker index: Int, into effects: inout [Effect]) {
        let transition = breakers[index].breaker.deadlinePassed(at: now, using: &random)
        changed(index, transition, into: &effects)
    }

    /// A fresh worker is no reason to believe it, but one to try it now.
    mutating func bringBreakersForward(of slot: Int, into effects: inout [Effect]) {
        for index in slots[slot].breakers {
            let transition = breakers[index].breaker.bringForward(at: now)
            changed(index, transition, into: &effects)
        }
    }

    mutating func override(
        _ name: String,
        _ word: BreakerOverride?,
        into effects: inout [Effect]
    ) {
        guard let kernel = kernels.firstIndex(where: { $0.configuration.name == name }),
            kernels[kernel].overriddenBreaker != word
        else { return }
        kernels[kernel].overriddenBreaker = word
        effects.append(.keepOverride(kernel: name, word))
        configureBreakers(of: kernel)
        let text = word.map { "set to \($0.rawValue)" } ?? "left to the configuration"
        let message = "breaker of \(name) was \(text) by an operator"
        log(.notice, .breakerOverridden, message, [.init("KERNEL", name)], &effects)
        refuseIfOpen(kernel, into: &effects)
        serveQueue(of: kernels[kernel].group, into: &effects)
        staleGroups.append(kernels[kernel].group)
    }

    mutating func configureBreakers(of kernel: Int) {
        for index in kernels[kernel].breakers {
            breakers[index].breaker.configure(kernels[kernel].breakerPolicy, at: now)
            setDeadline(ofBreaker: index)
        }
    }

    mutating func setDeadline(ofBreaker index: Int) {
        deadlines.set(Self.key(.breaker, index), to: breakers[index].breaker.deadline)
    }

    mutating func changed(
        _ index: Int,
        _ transition: CircuitBreaker.Transition?,
        into effects: inout [Effect]
    ) {
        guard let transition else {
            if breakers[index].breaker.mayRefuse { setDeadline(ofBreaker: index) }
            return
        }
        setDeadline(ofBreaker: index)
        staleGroups.append(slots[breakers[index].slot].group)
        let kernel = breakers[index].kernel
        logBreaker(index, transition, into: &effects)
        switch transition {
        case .opened: refuseIfOpen(kernel, into: &effects)
        case .halfOpened: tryBreakers(of: breakers[index].slot, into: &effects)
        case .closed: serveQueue(of: kernels[kernel].group, into: &effects)
        }
    }

    private mutating func logBreaker(
        _ index: Int,
        _ transition: CircuitBreaker.Transition,
        into effects: inout [Effect]
    ) {
        let name = kernels[breakers[index].kernel].configuration.name
        let slot = slots[breakers[index].slot].name
        let fields = [LogRecord.Field("KERNEL", name), .init("WORKER", slot)]
        let subject = "breaker of \(name) in '\(slot)'"
        switch transition {
        case .opened(let cause, let until):
            let wait = until.since(now).inWords
            let message = "\(subject) opened: \(cause.phrase); a trial comes in \(wait)"
            log(.warning, .breakerOpened, message, fields, &effects)
        case .halfOpened:
            log(.notice, .breakerHalfOpen, "\(subject) is half-open", fields, &effects)
        case .closed: log(.notice, .breakerClosed, "\(subject) closed", fields, &effects)
        }
    }

    /// Calls that wait for a kernel which is refused now are answered now.
    private mutating func refuseIfOpen(_ kernel: Int, into effects: inout [Effect]) {
        guard kernels[kernel].queued > 0, let refusal = openBreaker(of: kernel) else { return }
        for index in queuedCalls(of: kernels[kernel].group)
        where calls[index].kernel.index == kernel && calls[index].phase == .queued {
            if !passOn(index, into: &effects) { endRefused(index, refusal, into: &effects) }
        }
    }

    mutating func endRefused(
        _ index: Int,
        _ refusal: CircuitBreaker.Refusal,
        into effects: inout [Effect]
    ) {
        let lack = Lack(
            error: .circuitOpen,
            message: circuitText(of: calls[index].kernel.index, refusal),
            retryAfter: refusal.retryAfter
        )
        endUnserved(index, lack, into: &effects)
    }
}
