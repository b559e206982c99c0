internal import SupervisionKit

/// Carries out what the core asks for: the one place that reads effects.
///
/// Nothing is told to the core from here: what fails comes back through the agenda.
extension World {
    /// - Returns: whether slots may now show another state.
    mutating func perform(_ effect: Effect) -> Bool {
        switch effect {
        case .keep(let id): keep(id)
        case .forward(let id, let worker, let deadline, _, _): handOver(id, worker, deadline)
        case .release(let id): release(id)
        case .cancel(let id, let worker): recall(id, from: worker)
        case .deliver(let caller, let callerCall, let attempts, let queued):
            deliver(CallerKey(caller: caller, callerCall: callerCall), Int(attempts), queued)
        case .answer(let answer): take(answer)
        case .spawn(let worker): start(worker)
        case .welcome(let worker): welcome(worker)
        case .askToStop(let worker): askToStop(worker)
        case .terminate(let worker): terminate(worker)
        case .kill(let worker): kill(worker)
        case .probe(let worker, let number, let kernel): probe(worker, number, kernel)
        // Only a later daemon would read it, and only a person the other.
        case .keepOverride, .notifyOperator: break
        // Frames have no texts here.
        case .rename: break
        case .mark(let why): mark(why)
        case .log(let record): observe(.core(.wrote(record)))
        case .notify(let notification): observe(.core(.notified(notification)))
        case .exit: hasExited = true
        }
        switch effect {
        case .keep, .forward, .release, .cancel, .rename, .mark, .deliver, .answer, .probe,
            .welcome, .keepOverride, .notifyOperator:
            return false
        case .spawn, .askToStop, .terminate, .kill, .log, .notify, .exit: return true
        }
    }

    // MARK: - Calls

    /// The call's number; a new id is the one at hand.
    private mutating func number(of id: CallID) -> Int? {
        if let number = numbers[id] { return number }
        guard let arrival = atHand.arrival, calls[arrival].id == nil else { return nil }
        numbers[id] = arrival
        calls[arrival].id = id
        open[key(of: arrival)] = arrival
        openCalls.append(arrival)
        observe(.call(.accepted(arrival)))
        return arrival
    }

    func key(of number: Int) -> CallerKey {
        CallerKey(caller: calls[number].sent.caller, callerCall: calls[number].callerCall)
    }

    private mutating func keep(_ id: CallID) {
        guard let number = number(of: id) else {
            return observe(.call(.answeredNobody("a frame is kept that is not at hand")))
        }
        observe(.call(.kept(number)))
    }

    private mutating func release(_ id: CallID) {
        guard let number = number(of: id) else {
            return observe(.call(.answeredNobody("a frame is dropped that nobody sent")))
        }
        observe(.call(.released(number)))
    }

    private mutating func handOver(_ id: CallID, _ worker: WorkerID, _ deadline: Instant) {
        guard let number = number(of: id) else {
            return observe(.call(.answeredNobody("a call is handed over that nobody sent")))
        }
        observe(.call(.handedOver(number, to: worker, until: deadline)))
        calls[number].handOvers += 1
        calls[number].holder = worker
        calls[number].sent.deadline = min(calls[number].sent.deadline, deadline)
        give(number, to: worker)
    }

    private mutating func recall(_ id: CallID, from worker: WorkerID) {
        guard let number = number(of: id) else { return }
        let kernel =
            configuration.kernels.first { $0.name == calls[number].sent.kernel }
            ?? absentKernels[calls[number].sent.kernel]
        let time = kernel?.timeout.cancelTimeout ?? .seconds(2)
        observe(.call(.recalled(number, from: worker, until: seen + time)))
        hearRecall(number, worker)
    }

    private mutating func mark(_ why: String) {
        guard let (number, _) = atHand.reply else {
            return observe(.call(.answeredNobody("a reply is marked that is not at hand")))
        }
        observe(.call(.marked(number, why: why)))
    }

    private mutating func deliver(_ key: CallerKey, _ attempts: Int, _ queued: Duration) {
        guard let (number, reply) = atHand.reply, open[key] == number else {
            return observe(.call(.answeredNobody("a reply is passed on that is not at hand")))
        }
        var end = CallEnd(
            error: reply.error,
            execution: reply.execution,
            attempts: attempts,
            queued: queued
        )
        end.isRelayed = true
        close(number, end)
    }

    private mutating func take(_ answer: Answer) {
        var end = CallEnd(
            error: answer.error,
            execution: answer.execution,
            attempts: Int(answer.attempts),
            queued: answer.queued
        )
        end.message = answer.message
        let key = CallerKey(caller: answer.caller, callerCall: answer.callerCall)
        if let arrival = atHand.arrival, self.key(of: arrival) == key, calls[arrival].isOpen,
            open[key] == nil || answer.error == .malformedFrame
        {
            return close(arrival, end)
        }
        guard let number = open[key] else {
            return observe(.call(.answeredNobody("\(answer.error.name), \(answer.message)")))
        }
        close(number, end)
    }

    private mutating func close(_ number: Int, _ end: CallEnd) {
        observe(.call(.ended(number, end)))
        calls[number].hasResult = end.error == nil
        calls[number].isShed = end.error == .overloaded
        forget(number)
        hearAnswer(number, end)
    }

    /// The call is open no more, as far as its caller goes.
    mutating func forget(_ number: Int) {
        calls[number].isOpen = false
        guard calls[number].id != nil else { return }
        open[key(of: number)] = nil
        if let place = openCalls.firstIndex(of: number) { openCalls.remove(at: place) }
    }

    // MARK: - Slots

    /// Tells which slots show another state than before.
    mutating func lookAtSlots() {
        var news: [(SlotID, String)] = []
        supervisor.forEachSlotState { id, state in
            if states[id] != state { news.append((id, state)) }
        }
        for (id, state) in news {
            states[id] = state
            // It has been given up in order, however its process ended, also where the next one
            // waits for its turn.
            if state == "stopped", id.index < endedInOrder.count { endedInOrder[id.index] = true }
            observe(.core(.showed(slot: supervisor.name(of: id), state: state)))
            // Nobody hears what a process is answered that SIGKILL doesn't end.
            if state == "stuck", let worker = processes[id.index]?.worker {
                abandonCalls(of: .worker(worker))
            }
        }
    }
}
