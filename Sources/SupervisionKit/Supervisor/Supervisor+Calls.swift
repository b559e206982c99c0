/// The way of a call: in at the door, through the queue to a worker, and out again exactly once.
extension Supervisor {
    // MARK: - In

    mutating func arrive(_ arrival: CallArrival, into effects: inout [Effect]) {
        let kernel = arrival.kernel.index
        guard kernel < kernels.count else { return }
        if let refusal = refusal(of: arrival) { return refuse(refusal, kernel, into: &effects) }
        if groups[kernels[kernel].group].ladder.rung == nil || kernels[kernel].standIns.isEmpty {
            guard let refusal = take(arrival, at: kernel, into: &effects) else { return }
            guard !kernels[kernel].standIns.isEmpty else {
                return refuse(refusal, kernel, into: &effects)
            }
        }
        arriveSomewhere(arrival, into: &effects)
    }

    /// Tries the kernel's places in turn; when none takes the call, the first one's reason is told.
    private mutating func arriveSomewhere(
        _ arrival: CallArrival,
        into effects: inout [Effect]
    ) {
        let asked = arrival.kernel.index
        var reason: Answer?
        for place in places(for: asked) where place == asked || canServe(place) {
            if arrival.isFromDaemon, standIn(place, of: asked)?.rung == .failover { continue }
            guard let refusal = take(arrival, at: place, into: &effects) else { return }
            if place == asked || reason == nil { reason = refusal }
        }
        if let reason { refuse(reason, asked, into: &effects) }
    }

    /// Takes the call in at one place.
    ///
    /// - Returns: why that place does not take it; nil when it did.
    private mutating func take(
        _ arrival: CallArrival,
        at kernel: Int,
        into effects: inout [Effect]
    ) -> Answer? {
        if let problem = problem(at: kernel) { return answer(problem, to: arrival) }
        // A call behind others waits its turn even when a worker has just come free.
        let slot =
            groups[kernels[kernel].group].queue.count == 0 ? freeSlot(for: kernel) : nil
        if slot == nil, let lack = hopelessness(of: arrival, at: kernel) {
            return answer(lack, to: arrival)
        }
        let index = insert(arrival, at: kernel)
        if let slot {
            if calls[index].mayRepeat { keep(index, into: &effects) }
            handOver(index, to: slot, into: &effects)
        } else {
            keep(index, into: &effects)
            enterQueue(index, atFront: false)
            setDeadline(ofCall: index)
        }
        return nil
    }

    private mutating func refuse(
        _ refusal: Answer,
        _ kernel: Int,
        into effects: inout [Effect]
    ) {
        kernels[kernel].counters.refused += 1
        if refusal.error == .circuitOpen { kernels[kernel].counters.refusedByBreaker += 1 }
        effects.append(.answer(refusal))
    }

    private mutating func insert(_ arrival: CallArrival, at place: Int) -> Int {
        let kernel = arrival.kernel.index
        let parent = parent(of: arrival)
        let index = calls.insert(
            CallRecord(
                caller: arrival.caller,
                callerCall: arrival.callerCall,
                kernel: KernelID(index: place),
                asked: arrival.kernel,
                mayRepeat: (arrival.isIdempotent || kernels[kernel].isIdempotent)
                    && arrival.mayRetry,
                isOnce: !arrival.mayRetry,
                deadline: deadline(of: arrival),
                arrived: now,
                handedOver: now,
                earlierAttempts: max(arrival.attempt, 1) - 1,
                key: arrival.key,
                isFromDaemon: arrival.isFromDaemon,
                hasDefaultTimeout: arrival.deadline == .zero
            )
        )
        if let parent { link(index, below: parent) }
        kernels[kernel].counters.accepted += 1
        callers.add(arrival.callerCall, index, of: arrival.caller)
        return index
    }

    // MARK: - Out

    mutating func replied(
        _ worker: WorkerID,
        _ id: CallID,
        _ reply: WorkerReply,
        into effects: inout [Effect]
    ) {
        let slot = worker.slot.index
        // A worker that was condemned is no longer believed.
        guard isCurrent(worker), slots[slot].lifecycle.isHeard else { return }
        guard let index = calls.index(of: id), slots[slot].calls.contains(index) else {
            // Its call may be with another worker by now: it was on its way as this one died.
            if slots[slot].lifecycle.isParting { return }
            return kill(
                worker,
                .misbehaved("it answered a call that it does not have"),
                into: &effects
            )
        }
        leaveWorker(index, slot)
        if case .dispatched = calls[index].phase {
            take(reply, of: index, from: slot, into: &effects)
        } else {
            settle(index, calls[index].verdictOfCancel, into: &effects)
            forget(index, into: &effects)
        }
        afterCall(slot, into: &effects)
    }

    private mutating func take(
        _ reply: WorkerReply,
        of index: Int,
        from slot: Int,
        into effects: inout [Effect]
    ) {
        let verdict = reply.verdict
        let kernel = calls[index].asked.index
        if reply.error == nil {
            groups[slots[slot].group].serviceTime.record(now.since(calls[index].handedOver))
        }
        groups[slots[slot].group].usedAt = now
        // What a stand-in survives may still kill the kernel's own workers.
        if calls[index].kernel.index == kernel { poison.survived(calls[index].key) }
        settle(index, verdict, into: &effects)
        if case .fault(let fault) = verdict,
            retriesReply(index, fault, reply, from: slot, into: &effects)
        {
            return endChildren(of: index, into: &effects)
        }
        if reply.error == nil {
            kernels[kernel].counters.ok += 1
        } else {
            kernels[kernel].counters.failed += 1
        }
        if calls[index].kernel.index != kernel, let remark = remark(on: index) {
            kernels[kernel].counters.standIn += 1
            effects.append(.mark(remark))
        }
        let call = calls[index]
        effects.append(
            .deliver(
                to: call.caller,
                callerCall: call.callerCall,
                attempts: call.attempts,
                queued: call.handedOver.since(call.arrived)
            )
        )
        callers.remove(call.callerCall, of: call.caller)
        release(index, into: &effects)
        forget(index, into: &effects)
    }

    /// The worker has a place free: for a waiting call, or for its own orderly end.
    private mutating func afterCall(_ slot: Int, into effects: inout [Effect]) {
        let group = slots[slot].group
        if groups[group].queue.count > 0 { serveQueue(of: group, into: &effects) }
        if case .draining = phase, calls.count == 0 { endDrain(into: &effects) }
    }

    mutating func cancel(
        _ caller: CallerID,
        _ callerCall: UInt64,
        into effects: inout [Effect]
    ) {
        // A cancel that crosses the answer on its way names a call that has ended.
        guard let index = callers.call(callerCall, of: caller) else { return }
        calls[index].verdictOfCancel = .neutral(.cancelled)
        end(index, .cancelled, "the caller cancelled", into: &effects)
    }

    /// The caller is gone, and its calls with it.
    mutating func close(_ caller: CallerID, into effects: inout [Effect]) {
        // The end of one may have ended another: a chain can come back to the worker that began it.
        for index in callers.removeAll(of: caller)
        where calls.isLive(index) && calls[index].isAnswerable {
            kernels[calls[index].asked.index].counters.failed += 1
            calls[index].verdictOfCancel = .neutral(.abandoned)
            detach(index, into: &effects)
        }
    }

    mutating func reject(
        _ caller: CallerID,
        _ callerCall: UInt64,
        _ error: CallError,
        _ message: String,
        into effects: inout [Effect]
    ) {
        badInput[error, default: 0] += 1
        effects.append(
            .answer(
                Answer(
                    caller: caller,
                    callerCall: callerCall,
                    error: error,
                    execution: .notRun,
                    message: message,
                    retryAfter: .zero,
                    attempts: 0,
                    queued: .zero,
                    incarnation: nil,
                    worker: ""
                )
            )
        )
    }

    /// Answers a call with an error, now, whatever its worker does about it later.
    mutating func end(
        _ index: Int,
        _ error: CallError,
        _ message: String,
        retryAfter: Duration = .zero,
        by worker: WorkerID? = nil,
        into effects: inout [Effect]
    ) {
        let call = calls[index]
        var worker = worker
        if case .dispatched(let current) = call.phase { worker = worker ?? current }
        kernels[call.asked.index].counters.failed += 1
        callers.remove(call.callerCall, of: call.caller)
        let reached = call.attempts > 0 ? call.handedOver : now
        effects.append(
            .answer(
                Answer(
                    caller: call.caller,
                    callerCall: call.callerCall,
                    error: error,
                    execution: call.execution,
                    message: message,
                    retryAfter: retryAfter,
                    attempts: call.attempts,
                    queued: reached.since(call.arrived),
                    incarnation: worker?.incarnation,
                    worker: worker.map { slots[$0.slot.index].name } ?? ""
                )
            )
        )
        detach(index, into: &effects)
    }

    /// Nobody waits for the call any more: it leaves the queue, or its worker is told.
    private mutating func detach(_ index: Int, into effects: inout [Effect]) {
        release(index, into: &effects)
        switch calls[index].phase {
        case .queued:
            giveBackRetry(index)
            leaveQueue(index)
            forget(index, into: &effects)
        case .waiting:
            giveBackRetry(index)
            waitingCalls -= 1
            forget(index, into: &effects)
        case .dispatched(let worker):
            calls[index].phase = .cancelling(worker)
            let timeout = kernels[calls[index].kernel.index].configuration.timeout.cancelTimeout
            deadlines.set(Self.key(.call, index), to: now + timeout)
            effects.append(.cancel(calls.id(at: index), at: worker))
            return leaveChain(index, into: &effects)
        case .cancelling: return
        }
        if case .draining = phase, calls.count == 0 { endDrain(into: &effects) }
    }

    private mutating func keep(_ index: Int, into effects: inout [Effect]) {
        calls[index].isKept = true
        effects.append(.keep(calls.id(at: index)))
    }

    private mutating func release(_ index: Int, into effects: inout [Effect]) {
        guard calls[index].isKept else { return }
        calls[index].isKept = false
        effects.append(.release(calls.id(at: index)))
    }

    private mutating func leaveWorker(_ index: Int, _ slot: Int) {
        guard let place = slots[slot].calls.firstIndex(of: index) else { return }
        slots[slot].calls.remove(at: place)
    }

    mutating func forget(_ index: Int, into effects: inout [Effect]) {
        deadlines.remove(Self.key(.call, index))
        if calls[index].parent >= 0 || calls[index].firstChild >= 0 {
            leaveChain(index, into: &effects)
        }
        calls.remove(at: index)
    }

    // MARK: - Time

    /// What happens to the call next if nothing happens before.
    mutating func setDeadline(ofCall index: Int) {
        var deadline = calls[index].deadline
        switch calls[index].phase {
        case .queued: break
        case .waiting(let until): deadline = min(deadline, until)
        case .dispatched:
            guard let permit = calls[index].permit else { break }
            let breaker = Int(calls[index].breaker)
            if let slow = breakers[breaker].breaker.slowDeadline(of: permit) {
                deadline = min(deadline, slow)
            }
        case .cancelling: return
        }
        deadlines.set(Self.key(.call, index), to: deadline)
    }

    private func hang(of worker: WorkerID, in index: Int) -> Hang? {
        // From another daemon come no heartbeats.
        guard !isConnection(worker.slot.index) else { return nil }
        let kernel = kernels[calls[index].kernel.index].configuration
        return Hang(
            of: slots[worker.slot.index].heartbeat,
            handedOver: calls[index].handedOver,
            recalled: now + (.zero - kernel.timeout.cancelTimeout),
            at: now
        )
    }

    mutating func passDeadline(call index: Int, into effects: inout [Effect]) {
        switch calls[index].phase {
        case .cancelling(let worker):
            return kill(worker, .hung(hang(of: worker, in: index)), into: &effects)
        case .queued where calls[index].deadline <= now:
            return expire(index, "the deadline passed in the queue", into: &effects)
        case .queued: break
        case .waiting where calls[index].deadline <= now:
            return expire(index, "the deadline passed before the next try", into: &effects)
        case .waiting:
            waitingCalls -= 1
            enterQueue(index, atFront: true)
            setDeadline(ofCall: index)
            let group = kernels[calls[index].kernel.index].group
            serveQueue(of: group, into: &effects)
            return refuseIfDown(group, into: &effects)
        case .dispatched where calls[index].deadline <= now:
            let kernel = calls[index].kernel.index
            let full = kernels[kernel].configuration.timeout.defaultTimeout
            if now.since(calls[index].handedOver) >= full {
                settle(index, .fault(.timedOut), into: &effects)
            } else {
                calls[index].verdictOfCancel = .neutral(.callerDeadline)
            }
            return expire(index, "the deadline passed while the call ran", into: &effects)
        case .dispatched: becameSlow(index, into: &effects)
        }
        setDeadline(ofCall: index)
    }

    private mutating func expire(
        _ index: Int,
        _ message: String,
        into effects: inout [Effect]
    ) {
        end(index, .deadlineExceeded, message, into: &effects)
    }
}
