/// The way of a call: in at the door, through the queue to a worker, and out again exactly once.
extension Supervisor {
    // MARK: - In

    mutating func arrive(_ arrival: CallArrival, into effects: inout [Effect]) {
        let kernel = arrival.kernel.index
        if let refusal = refusal(of: arrival) {
            kernels[kernel].counters.refused += 1
            return effects.append(.answer(refusal))
        }
        let timeout = kernels[kernel].configuration.timeout
        let deadline =
            arrival.deadline == .zero
            ? now + timeout.defaultTimeout : min(arrival.deadline, now + timeout.maxTimeout)
        let isIdempotent = arrival.isIdempotent || kernels[kernel].isIdempotent
        let index = calls.insert(
            CallRecord(
                client: arrival.client,
                clientCall: arrival.clientCall,
                kernel: arrival.kernel,
                mayRepeat: isIdempotent && arrival.mayRetry,
                deadline: deadline,
                arrived: now,
                handedOver: now,
                attempts: 0,
                earlierAttempts: max(arrival.attempt, 1) - 1
            )
        )
        kernels[kernel].counters.accepted += 1
        clients.add(arrival.clientCall, index, of: arrival.client)
        deadlines.set(Self.key(call: index), to: deadline)
        let group = kernels[kernel].group
        // A call behind others waits its turn even when a worker has just come free.
        if groups[group].queue.count == 0, let slot = freeSlot(in: group) {
            if calls[index].mayRepeat { keep(index, into: &effects) }
            handOver(index, to: slot, into: &effects)
        } else {
            keep(index, into: &effects)
            groups[group].queue.append(index, in: &calls)
            kernels[kernel].queued += 1
        }
    }

    /// Why a call is not taken, if it isn't.
    private func refusal(of arrival: CallArrival) -> Answer? {
        // Its parts are read in place: a copy of the whole costs a count for each text in it.
        let kernel = arrival.kernel.index
        var name: String { kernels[kernel].configuration.name }
        func no(_ error: CallError, _ message: String, retryAfter: Duration = .zero) -> Answer {
            Answer(
                client: arrival.client,
                clientCall: arrival.clientCall,
                error: error,
                execution: .notRun,
                message: message,
                retryAfter: retryAfter,
                attempts: 0,
                queued: .zero,
                incarnation: nil,
                worker: ""
            )
        }
        if clients.call(arrival.clientCall, of: arrival.client) != nil {
            return no(
                .malformedFrame,
                "the id \(arrival.clientCall) names a call in flight already"
            )
        }
        guard kernels[kernel].isConfigured else {
            return no(.unknownKernel, "no kernel '\(name)' is configured any more")
        }
        switch phase {
        case .draining, .stopping, .ended:
            return no(.shuttingDown, "the daemon is ending and takes no calls")
        case .starting, .serving: break
        }
        guard arrival.deadline == .zero || arrival.deadline > now else {
            return no(.deadlineExceeded, "the deadline had passed when the call arrived")
        }
        guard kernels[kernel].problem.isEmpty else {
            return no(.buildFailed, "\(name) can't be called: \(kernels[kernel].problem)")
        }
        guard clients.count(of: arrival.client) < limits.maxCallsPerClient,
            calls.count < limits.maxCalls
        else {
            return no(
                .overloaded,
                "too many calls in flight: at most \(limits.maxCallsPerClient) of one client "
                    + "and \(limits.maxCalls) of all",
                retryAfter: .milliseconds(100)
            )
        }
        return unavailability(of: arrival, no)
    }

    private func unavailability(
        of arrival: CallArrival,
        _ no: (CallError, String, Duration) -> Answer
    ) -> Answer? {
        let kernel = arrival.kernel.index
        let group = kernels[kernel].group
        var name: String { kernels[kernel].configuration.name }
        switch availability(of: group) {
        case .never(let why):
            return no(.unavailable, "\(name) has no worker: \(why)", .zero)
        case .refusedUntil(let instant, let why):
            return no(.unavailable, "\(name) is refused: \(why)", instant.since(now))
        case .from(let instant):
            let wanted =
                arrival.deadline == .zero
                ? now + kernels[kernel].configuration.timeout.defaultTimeout : arrival.deadline
            guard instant < wanted else {
                return no(
                    .unavailable,
                    "\(name) has no worker before the deadline; the next one starts later",
                    instant.since(now)
                )
            }
        case .soon: break
        }
        let limit = kernels[kernel].configuration.bulkhead.maxQueued
        guard kernels[kernel].queued < limit || hasRoom(group) else {
            return no(
                .overloaded,
                "the queue of \(name) is full: \(limit) calls wait",
                .milliseconds(100)
            )
        }
        return nil
    }

    private func hasRoom(_ group: Int) -> Bool {
        groups[group].queue.count == 0 && groups[group].slots.contains { slots[$0.index].isFree }
    }

    // MARK: - To a worker

    /// The least loaded of two ready slots taken at random; of one or two, the less loaded.
    mutating func freeSlot(in group: Int) -> Int? {
        let candidates = groups[group].slots
        guard candidates.count > 1 else {
            return candidates.first.flatMap { slots[$0.index].isFree ? $0.index : nil }
        }
        let first = Int.random(in: candidates.indices, using: &random)
        let second = Int.random(in: candidates.indices, using: &random)
        let pair = [candidates[first].index, candidates[second].index]
            .filter { slots[$0].isFree }
        if let best = pair.min(by: { slots[$0].calls.count < slots[$1].calls.count }) {
            return best
        }
        return candidates.lazy.map(\.index).first { slots[$0].isFree }
    }

    private mutating func handOver(_ index: Int, to slot: Int, into effects: inout [Effect]) {
        guard let incarnation = slots[slot].lifecycle.incarnation else { return }
        let worker = WorkerID(slot: SlotID(index: slot), incarnation: incarnation)
        calls[index].phase = .dispatched(worker)
        calls[index].attempts += 1
        calls[index].handedOver = now
        if calls[index].attempts > 1 {
            kernels[calls[index].kernel.index].counters.retried += 1
        }
        slots[slot].calls.append(index)
        effects.append(
            .forward(
                calls.id(at: index),
                to: worker,
                deadline: calls[index].deadline,
                attempt: calls[index].earlierAttempts &+ calls[index].attempts
            )
        )
    }

    /// Gives waiting calls to workers that have room, first come first served.
    mutating func serveQueue(of group: Int, into effects: inout [Effect]) {
        while let index = groups[group].queue.first, let slot = freeSlot(in: group) {
            leaveQueue(index)
            handOver(index, to: slot, into: &effects)
        }
    }

    private mutating func leaveQueue(_ index: Int) {
        let kernel = calls[index].kernel.index
        groups[kernels[kernel].group].queue.remove(index, in: &calls)
        kernels[kernel].queued -= 1
    }

    // MARK: - Out

    mutating func replied(
        _ worker: WorkerID,
        _ id: CallID,
        _ error: CallError?,
        into effects: inout [Effect]
    ) {
        // A worker that was condemned is no longer believed.
        guard isCurrent(worker), slots[worker.slot.index].lifecycle.isHeard else { return }
        guard let index = calls.index(of: id), slots[worker.slot.index].calls.contains(index) else {
            return kill(
                worker,
                .misbehaved("it answered a call that it does not have"),
                into: &effects
            )
        }
        if case .dispatched = calls[index].phase {
            let call = calls[index]
            if error == nil {
                kernels[call.kernel.index].counters.ok += 1
            } else {
                kernels[call.kernel.index].counters.failed += 1
            }
            effects.append(
                .deliver(
                    to: call.client,
                    clientCall: call.clientCall,
                    attempts: call.attempts,
                    queued: call.handedOver.since(call.arrived)
                )
            )
            clients.remove(call.clientCall, of: call.client)
            release(index, into: &effects)
        }
        leaveWorker(index, worker.slot.index)
        forget(index)
        afterCall(worker.slot.index, into: &effects)
    }

    /// The worker has a place free: for a waiting call, or for its own orderly end.
    private mutating func afterCall(_ slot: Int, into effects: inout [Effect]) {
        let group = slots[slot].group
        if groups[group].queue.count > 0 { serveQueue(of: group, into: &effects) }
        if case .draining = phase, calls.count == 0 { endDrain(into: &effects) }
    }

    /// A call's deadline, or the time for its cancel to be acknowledged, has come.
    mutating func expire(call index: Int, into effects: inout [Effect]) {
        let message: String
        switch calls[index].phase {
        case .queued: message = "the deadline passed in the queue"
        case .dispatched: message = "the deadline passed while the call ran"
        case .cancelling(let worker):
            return kill(worker, .hung, into: &effects)
        }
        end(index, .deadlineExceeded, message, into: &effects)
    }

    mutating func cancel(
        _ client: ClientID,
        _ clientCall: UInt64,
        into effects: inout [Effect]
    ) {
        // A cancel that crosses the answer on its way names a call that has ended.
        guard let index = clients.call(clientCall, of: client) else { return }
        end(index, .cancelled, "the caller cancelled", into: &effects)
    }

    mutating func close(_ client: ClientID, into effects: inout [Effect]) {
        for index in clients.removeAll(of: client) {
            kernels[calls[index].kernel.index].counters.failed += 1
            detach(index, into: &effects)
        }
    }

    mutating func reject(
        _ client: ClientID,
        _ clientCall: UInt64,
        _ error: CallError,
        _ message: String,
        into effects: inout [Effect]
    ) {
        badInput[error, default: 0] += 1
        effects.append(
            .answer(
                Answer(
                    client: client,
                    clientCall: clientCall,
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
        kernels[call.kernel.index].counters.failed += 1
        clients.remove(call.clientCall, of: call.client)
        let reached = call.attempts > 0 ? call.handedOver : now
        effects.append(
            .answer(
                Answer(
                    client: call.client,
                    clientCall: call.clientCall,
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
        let id = calls.id(at: index)
        switch calls[index].phase {
        case .queued:
            leaveQueue(index)
            release(index, into: &effects)
            forget(index)
            if case .draining = phase, calls.count == 0 { endDrain(into: &effects) }
        case .dispatched(let worker):
            release(index, into: &effects)
            calls[index].phase = .cancelling(worker)
            let timeout = kernels[calls[index].kernel.index].configuration.timeout.cancelTimeout
            deadlines.set(Self.key(call: index), to: now + timeout)
            effects.append(.cancel(id, at: worker))
        case .cancelling: break
        }
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

    mutating func leaveWorker(_ index: Int, _ slot: Int) {
        guard let place = slots[slot].calls.firstIndex(of: index) else { return }
        slots[slot].calls.remove(at: place)
    }

    mutating func forget(_ index: Int) {
        deadlines.remove(Self.key(call: index))
        calls.remove(at: index)
    }

    // MARK: - When a worker is gone

    /// Every call that the dead worker had is tried again or answered, in this turn.
    mutating func recoverCalls(
        of worker: WorkerID,
        _ error: CallError,
        _ phrase: String,
        into effects: inout [Effect]
    ) {
        let slot = worker.slot.index
        let lost = slots[slot].calls
        slots[slot].calls.removeAll(keepingCapacity: true)
        // The last one first, because each goes to the front of the queue.
        for index in lost.reversed() {
            guard case .dispatched = calls[index].phase else {
                forget(index)
                continue
            }
            calls[index].workersLost += 1
            calls[index].phase = .queued
            let kernel = calls[index].kernel.index
            groups[kernels[kernel].group].queue.prepend(index, in: &calls)
            kernels[kernel].queued += 1
            if let reason = whyNotAgain(index) {
                let name = slots[slot].name
                let message = "worker '\(name)' \(phrase) while it had the call; \(reason)"
                log(.warning, .callLost, "call ended: \(message)", callFields(index), &effects)
                end(index, error, message, by: worker, into: &effects)
            } else {
                log(.notice, .callRetried, "call is tried again", callFields(index), &effects)
            }
        }
    }

    /// Why a call whose worker died is not tried again; nil when it is.
    private func whyNotAgain(_ index: Int) -> String? {
        let call = calls[index]
        let policy = kernels[call.kernel.index].configuration.retry
        guard call.mayRepeat else {
            return "it is not tried again because it is not known to be idempotent"
        }
        guard call.workersLost < RetryPolicy.maxWorkersLost else {
            return "it is the second worker that died with it, so it is not tried a third time"
        }
        guard Int(call.earlierAttempts &+ call.attempts) < policy.maxAttempts else {
            return "all \(policy.maxAttempts) attempts are used"
        }
        return nil
    }

    private func callFields(_ index: Int) -> [LogRecord.Field] {
        [
            .init("KERNEL", kernels[calls[index].kernel.index].configuration.name),
            .init("ATTEMPTS", "\(calls[index].attempts)"),
        ]
    }
}
