/// At the door: which calls are taken, and what the others are told.
extension Supervisor {
    // What each call goes through is inlined: to call a function that only reads, the compiler
    // copies the whole supervisor, which is hundreds of bytes.

    /// Why a call is not taken, whatever the workers do.
    @inline(__always)
    func refusal(of arrival: CallArrival) -> Answer? {
        let kernel = arrival.kernel.index
        // Its parts are read in place: a copy of the whole costs a count for each text in it.
        var name: String { kernels[kernel].configuration.name }
        let refusal = Refusal(arrival)
        if callers.call(arrival.callerCall, of: arrival.caller) != nil {
            let message = "the id \(arrival.callerCall) names a call in flight already"
            return refusal.answer(.malformedFrame, message)
        }
        guard kernels[kernel].isConfigured else {
            return refusal.answer(.unknownKernel, "no kernel '\(name)' is configured any more")
        }
        guard takesCalls(from: arrival.caller) else {
            return refusal.answer(.shuttingDown, "the daemon is ending and takes no calls")
        }
        guard arrival.deadline == .zero || arrival.deadline > now else {
            let message = "the deadline had passed when the call arrived"
            return refusal.answer(.deadlineExceeded, message)
        }
        if case .worker = arrival.caller, let reason = whyNotInChain(arrival) {
            return refusal.answer(.chainRefused, "the call of \(name) is refused: \(reason)")
        }
        if let left = poison.refusal(of: arrival.key, at: now) {
            let message =
                "calls with this content have killed \(RetryPolicy.maxWorkersLost) workers; more "
                + "of them, so also this one of \(name), are refused for \(left.inWords)"
            return refusal.answer(.poisoned, message, retryAfter: left)
        }
        guard callers.count(of: arrival.caller) < limits.maxCallsPerClient,
            calls.count < limits.maxCalls
        else {
            let message =
                "too many calls in flight: at most \(limits.maxCallsPerClient) of one client "
                + "and \(limits.maxCalls) of all"
            return refusal.answer(.overloaded, message, retryAfter: .milliseconds(100))
        }
        return nil
    }

    /// Why the kernel can't be called, whatever its workers do.
    @inline(__always)
    func problem(at kernel: Int) -> Lack? {
        guard !kernels[kernel].problem.isEmpty else { return nil }
        // The next worker looks anew.
        guard !isAsleep(kernels[kernel].group) else { return nil }
        let message =
            "\(kernels[kernel].configuration.name) can't be called: \(kernels[kernel].problem)"
        return Lack(error: .buildFailed, message: message)
    }

    /// Why a call that no worker can take right now need not wait for one.
    func hopelessness(of arrival: CallArrival, at kernel: Int) -> Lack? {
        let deadline = deadline(of: arrival)
        return lackOfWorkers(kernel, before: deadline) ?? breakerRefusal(kernel)
            ?? lackOfRoom(kernel, before: deadline)
    }

    /// Why a call need not wait for the kernel's own workers, whoever else waits for them; nil
    /// while they take calls, or will before the deadline if there is one.
    func lack(at kernel: Int, before deadline: Instant? = nil) -> Lack? {
        problem(at: kernel) ?? lackOfWorkers(kernel, before: deadline) ?? breakerRefusal(kernel)
    }

    func answer(_ lack: Lack, to arrival: CallArrival) -> Answer {
        Refusal(arrival).answer(lack.error, lack.message, retryAfter: lack.retryAfter)
    }

    /// While the daemon drains, what runs may still call what it needs.
    private func takesCalls(from caller: CallerID) -> Bool {
        switch (phase, caller) {
        case (.starting, _), (.serving, _), (.draining, .worker): true
        case (.draining, .client), (.stopping, _), (.ended, _): false
        }
    }

    private func lackOfWorkers(_ kernel: Int, before deadline: Instant?) -> Lack? {
        var name: String { kernels[kernel].configuration.name }
        switch availability(of: kernels[kernel].group) {
        case .soon: return nil
        case .never(let why):
            return Lack(error: .unavailable, message: "\(name) has no worker: \(why)")
        case .refusedUntil(let instant, let why):
            let message = "\(name) is refused: \(why)"
            return Lack(error: .unavailable, message: message, retryAfter: instant.since(now))
        case .from(let instant):
            guard let deadline, instant >= deadline else { return nil }
            let message = "\(name) has no worker before the deadline; the next one starts later"
            return Lack(error: .unavailable, message: message, retryAfter: instant.since(now))
        }
    }

    private func breakerRefusal(_ kernel: Int) -> Lack? {
        guard let refusal = openBreaker(of: kernel) else { return nil }
        return Lack(
            error: .circuitOpen,
            message: circuitText(of: kernel, refusal),
            retryAfter: refusal.retryAfter
        )
    }

    /// The queue is full, or so long that the call's turn would come after its deadline.
    private func lackOfRoom(_ kernel: Int, before deadline: Instant) -> Lack? {
        if let lack = lackOfQueue(kernel) { return lack }
        let group = kernels[kernel].group
        guard groups[group].queue.count > 0 || !hasRoom(group) else { return nil }
        var name: String { kernels[kernel].configuration.name }
        guard let wait = estimatedWait(in: group), now + wait >= deadline else { return nil }
        let message =
            "\(name) would be reached after the deadline: \(groups[group].queue.count) calls wait "
            + "for about \(wait.inWords)"
        return Lack(error: .overloaded, message: message, retryAfter: wait)
    }

    /// As many calls wait as may.
    func lackOfQueue(_ kernel: Int) -> Lack? {
        let group = kernels[kernel].group
        guard groups[group].queue.count > 0 || !hasRoom(group) else { return nil }
        // One may wait for a worker that nothing but a call starts.
        let least = isOnItsWay(group) ? 1 : 0
        let limit = max(least, kernels[kernel].configuration.bulkhead.maxQueued)
        guard kernels[kernel].queued >= limit else { return nil }
        let wait = estimatedWait(in: group) ?? .milliseconds(100)
        let name = kernels[kernel].configuration.name
        let message = "the queue of \(name) is full: \(limit) calls wait"
        return Lack(error: .overloaded, message: message, retryAfter: wait)
    }

    private func hasRoom(_ group: Int) -> Bool {
        groups[group].active.contains { slots[$0.index].isFree }
    }

    /// How long a call that comes now waits for a place; nil while too little is known.
    private func estimatedWait(in group: Int) -> Duration? {
        var capacity = 0
        for slot in groups[group].active where slots[slot.index].isServing {
            capacity += slots[slot.index].concurrency
        }
        guard capacity > 0 else { return nil }
        return groups[group].serviceTime.wait(
            queued: groups[group].queue.count + 1,
            capacity: capacity
        )
    }

    /// The latest instant for an answer to the call.
    @inline(__always)
    func deadline(of arrival: CallArrival) -> Instant {
        let timeout = kernels[arrival.kernel.index].configuration.timeout
        var deadline = now + timeout.maxTimeout
        if arrival.deadline != .zero {
            deadline = min(deadline, arrival.deadline)
        } else if timeout.includeQueueTime {
            deadline = min(deadline, now + timeout.defaultTimeout)
        }
        if timeout.propagateDeadline, let parent = parent(of: arrival) {
            deadline = min(deadline, calls[parent].deadline)
        }
        return deadline
    }
}

/// Why a kernel takes no call.
struct Lack {
    var error: CallError
    /// Names the kernel.
    var message: String
    var retryAfter: Duration = .zero
}

/// Makes the answers to one call that is not taken.
private struct Refusal {
    let arrival: CallArrival

    init(_ arrival: CallArrival) {
        self.arrival = arrival
    }

    func answer(
        _ error: CallError,
        _ message: String,
        retryAfter: Duration = .zero
    ) -> Answer {
        Answer(
            caller: arrival.caller,
            callerCall: arrival.callerCall,
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
}
