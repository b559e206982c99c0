/// After a failed attempt: again, or the answer.
extension Supervisor {
    // MARK: - A worker answered with a fault

    /// Whether the call is tried again instead of the reply being delivered.
    mutating func retriesReply(
        _ index: Int,
        _ fault: Fault,
        _ reply: WorkerReply,
        from slot: Int,
        into effects: inout [Effect]
    ) -> Bool {
        // Without its frame it can't be sent again.
        guard calls[index].isKept else { return false }
        let kernel = calls[index].kernel.index
        let other = slotBeside(slot, for: kernel)
        guard other != nil || openBreaker(of: kernel) == nil else { return false }
        let failure = FailedAttempt(
            fault: fault,
            attempt: Int(calls[index].earlierAttempts &+ calls[index].attempts),
            isRepeatable: calls[index].mayRepeat,
            hasStarted: reply.execution != .notRun,
            workersLost: calls[index].workersLost,
            deadline: calls[index].deadline,
            hint: reply.retryAfter > .zero ? reply.retryAfter : nil,
            needsWait: other == nil,
            hasHadFreeTry: calls[index].hasHadFreeTry
        )
        switch decide(failure, kernel) {
        case .giveUp: return false
        case .retry(let at, let isFree):
            if isFree { calls[index].hasHadFreeTry = true } else { calls[index].retryTakenAt = now }
            calls[index].avoidedSlot = Int32(slot)
            let what = "worker '\(slots[slot].name)' answered \(reply.error?.name ?? "")"
            logRetry(of: index, what, &effects)
            wait(index, until: at)
            serveIfMoved(index, from: slot, into: &effects)
            return true
        }
    }

    /// The call ends before its retry has begun: another may have it.
    mutating func giveBackRetry(_ index: Int) {
        guard calls[index].retryTakenAt != .zero else { return }
        kernels[calls[index].kernel.index].budget.giveBack(takenAt: calls[index].retryTakenAt)
    }

    private mutating func decide(_ failure: FailedAttempt, _ kernel: Int) -> RetryDecision {
        kernels[kernel].configuration.retry.decide(
            failure,
            at: now,
            budget: &kernels[kernel].budget,
            using: &random
        )
    }

    /// In the queue's front at once, or later.
    private mutating func wait(_ index: Int, until instant: Instant) {
        if instant <= now {
            enterQueue(index, atFront: true)
        } else {
            calls[index].phase = .waiting(until: instant)
            waitingCalls += 1
        }
        setDeadline(ofCall: index)
    }

    /// The call waits in another group than it was handed over in: its kernel has moved there, and
    /// nothing else in this turn looks at that queue.
    private mutating func serveIfMoved(
        _ index: Int,
        from slot: Int,
        into effects: inout [Effect]
    ) {
        guard calls.isLive(index), calls[index].phase == .queued else { return }
        let group = kernels[calls[index].kernel.index].group
        if group != slots[slot].group { serveQueue(of: group, into: &effects) }
    }

    // MARK: - A worker is gone

    /// The worker answers nothing any more: what may run twice goes to others now.
    ///
    /// A process that is killed closes its channel first, and may take long to let go of a device.
    /// What must not run twice, or is not tried again, waits for the news of how it ended.
    mutating func moveCalls(of worker: WorkerID, into effects: inout [Effect]) {
        let slot = worker.slot.index
        let verdict = Verdict.fault(.connectionLost)
        let culprit = culprit(in: slot)
        slots[slot].culprit = culprit
        var moved: [Int] = []
        for index in slots[slot].calls.reversed() {
            guard case .dispatched = calls[index].phase, calls[index].mayRepeat else { continue }
            let isCulprit = calls[index].kernel.index == culprit
            let own = isCulprit ? verdict : .neutral(.superseded)
            guard case .retry(let at, let isFree) = decide(index, own) else { continue }
            slots[slot].calls.removeAll { $0 == index }
            // Out of the worker before anything else looks at it.
            calls[index].phase = .waiting(until: now)
            waitingCalls += 1
            if isCulprit { countDeath(by: index) }
            settle(index, own, into: &effects)
            endChildren(of: index, into: &effects)
            let what = "worker '\(slots[slot].name)' is dying"
            logRetry(of: index, what, &effects)
            tryAgain(index, avoiding: slot, at: at, isFree: isFree)
            moved.append(index)
        }
        for index in moved { serveIfMoved(index, from: slot, into: &effects) }
        if !moved.isEmpty { serveQueue(of: slots[slot].group, into: &effects) }
    }

    /// Every call that the dead worker had is tried again or answered, in this turn.
    ///
    /// The death is evidence in the matter of the kernel that ran; calls of the group's other
    /// kernels were in the wrong place.
    mutating func recoverCalls(
        of worker: WorkerID,
        brokenBy culprit: Int?,
        _ verdict: Verdict,
        _ error: CallError,
        _ phrase: String,
        into effects: inout [Effect]
    ) {
        let slot = worker.slot.index
        let lost = slots[slot].calls
        slots[slot].calls.removeAll(keepingCapacity: true)
        // The last one first, because each goes to the front of the queue.
        for index in lost.reversed() {
            let isCulprit = calls[index].kernel.index == culprit
            guard case .dispatched = calls[index].phase else {
                let own = isCulprit ? verdict : calls[index].verdictOfCancel
                settle(index, own, into: &effects)
                forget(index, into: &effects)
                continue
            }
            let own = isCulprit ? verdict : .neutral(.superseded)
            // Out of the worker before anything else looks at it.
            calls[index].phase = .waiting(until: now)
            waitingCalls += 1
            settle(index, own, into: &effects)
            endChildren(of: index, into: &effects)
            recover(index, of: worker, own, error, phrase, into: &effects)
        }
        for index in lost { serveIfMoved(index, from: slot, into: &effects) }
    }

    private mutating func recover(
        _ index: Int,
        of worker: WorkerID,
        _ verdict: Verdict,
        _ error: CallError,
        _ phrase: String,
        into effects: inout [Effect]
    ) {
        let slot = worker.slot.index
        let decision = decide(index, verdict)
        if case .fault = verdict { countDeath(by: index) }
        switch decision {
        case .retry(let at, let isFree):
            logRetry(of: index, "worker '\(slots[slot].name)' \(phrase)", &effects)
            tryAgain(index, avoiding: slot, at: at, isFree: isFree)
        case .giveUp(let reason):
            let name = slots[slot].name
            let isOnce = reason == .mayHaveRun && calls[index].isOnce
            let why = isOnce ? "its caller allows no second try" : reason.phrase
            let message = "worker '\(name)' \(phrase) while it had the call; \(why)"
            log(.warning, .callLost, "call ended: \(message)", callFields(index), &effects)
            end(index, error, message, by: worker, into: &effects)
        }
    }

    /// A call that waits because its worker is gone.
    private mutating func tryAgain(
        _ index: Int,
        avoiding slot: Int,
        at instant: Instant,
        isFree: Bool
    ) {
        if !isFree { calls[index].retryTakenAt = now }
        calls[index].avoidedSlot = Int32(slot)
        waitingCalls -= 1
        wait(index, until: instant)
    }

    private mutating func logRetry(of index: Int, _ why: String, _ effects: inout [Effect]) {
        let message = "call is tried again: \(why)"
        log(.notice, .callRetried, message, callFields(index), &effects)
    }

    /// The call's worker died of it, as far as can be known.
    private mutating func countDeath(by index: Int) {
        calls[index].workersLost += 1
        poison.add(calls[index].key, at: now)
    }

    /// What becomes of a call whose worker is gone; the death is counted by the caller.
    private mutating func decide(_ index: Int, _ verdict: Verdict) -> RetryDecision {
        let kernel = calls[index].kernel.index
        guard case .fault(let fault) = verdict else {
            // It was not its fault: nothing is drawn from the budget.
            guard calls[index].mayRepeat else { return .giveUp(.mayHaveRun) }
            return calls[index].deadline > now ? .retry(at: now, isFree: true) : .giveUp(.deadline)
        }
        let failure = FailedAttempt(
            fault: fault,
            attempt: Int(calls[index].earlierAttempts &+ calls[index].attempts),
            isRepeatable: calls[index].mayRepeat,
            hasStarted: true,
            workersLost: calls[index].workersLost + 1,
            deadline: calls[index].deadline,
            // The next worker is another one or a new one; a restart waits for itself.
            needsWait: false,
            hasHadFreeTry: calls[index].hasHadFreeTry
        )
        return decide(failure, kernel)
    }

    /// The kernel whose call brings the worker down, as far as can be known: the one whose cancel
    /// was not acknowledged, else the one that the last heartbeat named, else the oldest.
    func culprit(in slot: Int) -> Int? {
        if let known = slots[slot].culprit { return known }
        let held = slots[slot].calls
        switch slots[slot].lifecycle.state {
        case .killed(_, .hung, _), .stuck(_, .hung):
            if let hung = held.first(where: { !calls[$0].isAnswerable }) {
                return calls[hung].kernel.index
            }
        default: break
        }
        if let running = slots[slot].heartbeat?.running, let index = calls.index(of: running),
            held.contains(index)
        {
            return calls[index].kernel.index
        }
        let oldest = held.min { calls[$0].handedOver < calls[$1].handedOver }
        return oldest.map { calls[$0].kernel.index }
    }

    private func callFields(_ index: Int) -> [LogRecord.Field] {
        [
            .init("KERNEL", kernels[calls[index].asked.index].configuration.name),
            .init("ATTEMPTS", "\(calls[index].attempts)"),
        ]
    }
}

extension WorkerReply {
    /// What the reply says about the worker that sent it.
    var verdict: Verdict {
        switch error {
        case nil: .ok
        case .overloaded: .fault(.busy)
        case .deviceFailed: .fault(.device)
        case .kernelFailed: .fault(.failed)
        case .deadlineExceeded: .neutral(.callerDeadline)
        case .cancelled: .neutral(.cancelled)
        case .unknownKernel, .invalidArgument, .malformedFrame, .unsupportedVersion, .buildFailed:
            .neutral(.invalidRequest)
        // What a kernel that it called has answered.
        case .unavailable, .workerDied, .workerHung, .workerMisbehaved, .shuttingDown,
            .connectionLost, .circuitOpen, .chainRefused, .poisoned:
            .neutral(.shed)
        }
    }
}
