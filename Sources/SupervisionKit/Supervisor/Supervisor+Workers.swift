/// Workers: what each slot's machine asks for is passed on, and calls follow.
extension Supervisor {
    /// What a call for a group can hope for, best first.
    enum Availability {
        /// A worker is ready, or on its way without a set time.
        case soon
        /// The next start is then.
        case from(Instant)
        /// Calls are refused until a trial start then.
        case refusedUntil(Instant, why: String)
        case never(why: String)
    }

    /// When to ask again while a trial start is under way.
    static let trialHint: Duration = .seconds(1)

    @inline(__always)
    func isCurrent(_ worker: WorkerID) -> Bool {
        guard worker.slot.index < slots.count else { return false }
        return slots[worker.slot.index].lifecycle.incarnation == worker.incarnation
    }

    func availability(of group: Int) -> Availability {
        if isAsleep(group) { return .soon }
        for slot in groups[group].slots where slots[slot.index].lifecycle.isReady { return .soon }
        var best = Availability.never(why: "none is configured")
        for slot in groups[group].slots {
            let lifecycle = slots[slot.index].lifecycle
            switch lifecycle.state {
            case .waiting where !lifecycle.isOnTrial, .starting where !lifecycle.isOnTrial, .ready:
                return .soon
            case .parting, .asked, .terminated, .killed:
                if lifecycle.isWanted { return .soon }
            case .backoff(let until):
                if case .from(let other) = best, other <= until { continue }
                best = .from(until)
            case .waiting:
                if case .never = best {
                    best = .refusedUntil(now, why: "its worker \(restartsSpent(group))")
                }
            case .starting(_, let until), .quarantined(let until):
                // How a trial start ends is known long before its time is over.
                let isStarting = lifecycle.isStarting
                let until = isStarting ? min(until, now + Self.trialHint) : until
                switch best {
                case .from: continue
                case .refusedUntil(let other, _) where other <= until: continue
                case .soon, .refusedUntil, .never:
                    best = .refusedUntil(until, why: "its worker \(restartsSpent(group))")
                }
            case .failed:
                if case .never = best {
                    best = .never(why: "it " + (lifecycle.lastEnd?.phrase ?? "can't be started"))
                }
            case .stuck:
                if case .never = best {
                    best = .never(why: "it is stuck in the operating system")
                }
            case .stopped: continue
            }
        }
        return best
    }

    // MARK: - What processes report

    mutating func greeted(
        _ worker: WorkerID,
        concurrency: Int,
        into effects: inout [Effect]
    ) {
        guard isCurrent(worker) else { return }
        guard !slots[worker.slot.index].isGreeted else {
            return kill(worker, .misbehaved("it said hello twice"), into: &effects)
        }
        guard slots[worker.slot.index].lifecycle.isStarting else { return }
        slots[worker.slot.index].isGreeted = true
        slots[worker.slot.index].concurrency = max(1, concurrency)
        effects.append(.welcome(worker))
    }

    mutating func ready(
        _ worker: WorkerID,
        _ declaration: WorkerDeclaration,
        into effects: inout [Effect]
    ) {
        let slot = worker.slot.index
        guard isCurrent(worker) else { return }
        guard case .starting = slots[slot].lifecycle.state else {
            if slots[slot].lifecycle.isReady {
                kill(worker, .misbehaved("it said twice that it is ready"), into: &effects)
            }
            return
        }
        guard slots[slot].isGreeted else {
            return kill(worker, .misbehaved("it was ready without a hello"), into: &effects)
        }
        slots[slot].device = declaration.device
        slots[slot].hasBeenReady = true
        declare(declaration, of: slot, into: &effects)
        tellOfClaims(declaration, of: worker, into: &effects)
        change(slot, into: &effects) { lifecycle, turn in
            lifecycle.reportedReady(at: turn.now)
        }
        log(
            .info,
            .workerReady,
            "worker '\(slots[slot].name)' is ready",
            workerFields(worker) + [.init("DEVICE", declaration.device)],
            &effects
        )
        trustDevice(of: slot, into: &effects)
        startProbes(of: slot, into: &effects)
        descendLadder(of: slots[slot].group, into: &effects)
        standInChanged(slots[slot].group, into: &effects)
        serveQueue(of: slots[slot].group, into: &effects)
    }

    private mutating func declare(
        _ declaration: WorkerDeclaration,
        of slot: Int,
        into effects: inout [Effect]
    ) {
        slots[slot].served = []
        for index in groups[slots[slot].group].kernels {
            let name = kernels[index].configuration.callee ?? kernels[index].configuration.name
            let declared = declaration.kernels.first { $0.name == name }
            if declared != nil { slots[slot].served.append(index) }
            let problem =
                declared?.problem ?? "worker '\(slots[slot].name)' does not serve such a kernel"
            if !problem.isEmpty, problem != kernels[index].problem {
                log(
                    .error,
                    .kernelProblem,
                    "\(name): \(problem)",
                    [.init("KERNEL", name)],
                    &effects
                )
            }
            kernels[index].problem = problem
            kernels[index].isDeclared = true
            kernels[index].isIdempotent =
                kernels[index].configuration.isIdempotent ?? declared?.isIdempotent ?? false
            if !problem.isEmpty { refuseQueued(kernel: index, problem, into: &effects) }
        }
    }

    /// It speaks for kernels that others serve, which counts nowhere.
    ///
    /// Kernels that nobody has configured are no news: a program may have more than is wanted.
    private mutating func tellOfClaims(
        _ declaration: WorkerDeclaration,
        of worker: WorkerID,
        into effects: inout [Effect]
    ) {
        let slot = worker.slot.index
        let own = groups[slots[slot].group].kernels.map { index in
            kernels[index].configuration.callee ?? kernels[index].configuration.name
        }
        let claimed = declaration.kernels.map(\.name).filter { name in
            !own.contains(name) && kernel(named: Array(name.utf8).span) != nil
        }
        guard !claimed.isEmpty else { return }
        let names = claimed.prefix(3).joined(separator: ", ") + (claimed.count > 3 ? ", …" : "")
        let message =
            "worker '\(slots[slot].name)' says that it serves "
            + "\(counted(claimed.count, "kernel")) of other groups: \(names); it gets no calls "
            + "of them"
        log(.info, .kernelProblem, message, workerFields(worker), &effects)
    }

    private mutating func refuseQueued(
        kernel: Int,
        _ problem: String,
        into effects: inout [Effect]
    ) {
        for index in queuedCalls(of: kernels[kernel].group)
        where calls.isLive(index) && calls[index].kernel.index == kernel {
            if passOn(index, into: &effects) { continue }
            let name = kernels[kernel].configuration.name
            let message = "\(name) can't be called: \(problem)"
            endUnserved(index, Lack(error: .buildFailed, message: message), into: &effects)
        }
    }

    /// The worker's end of the channel is gone.
    ///
    /// A process that dies closes it on its way out, so nothing is done to it before there was time
    /// to see how it ended.
    mutating func channelClosed(_ worker: WorkerID, into effects: inout [Effect]) {
        guard isCurrent(worker) else { return }
        let slot = worker.slot.index
        let wasReady = slots[slot].lifecycle.isReady
        change(slot, into: &effects) { lifecycle, turn in
            lifecycle.channelClosed(at: turn.now)
        }
        if wasReady { moveCalls(of: worker, into: &effects) }
    }

    mutating func heartbeat(_ worker: WorkerID, _ running: CallID, _ progress: UInt64) {
        guard isCurrent(worker) else { return }
        // The first of a call says how far it is, and not when it came there.
        var progressedAt: Instant?
        if let former = slots[worker.slot.index].heartbeat, former.running == running {
            progressedAt = former.progress == progress ? former.progressedAt : now
        }
        slots[worker.slot.index].heartbeat = Slot.Heartbeat(
            at: now,
            running: running,
            progress: progress,
            progressedAt: progressedAt
        )
    }

    mutating func kill(_ worker: WorkerID, _ cause: KillCause, into effects: inout [Effect]) {
        guard isCurrent(worker) else { return }
        let slot = worker.slot.index
        let before = slots[slot].lifecycle.state
        change(slot, into: &effects) { lifecycle, turn in
            lifecycle.kill(cause, at: turn.now, policy: turn.lifecycle)
        }
        guard slots[slot].lifecycle.state != before else { return }
        let message = "worker '\(slots[slot].name)' \(phrase(of: cause, in: slot))"
        log(.warning, .workerKilled, message, workerFields(worker), &effects)
    }

    mutating func ended(_ worker: WorkerID, _ end: WorkerEnd, into effects: inout [Effect]) {
        guard isCurrent(worker) else { return }
        let slot = worker.slot.index
        let wasOrderly = slots[slot].lifecycle.isEndingInOrder
        // Before the next one starts in its place.
        slots[slot].followsOrder = wasOrderly && end.isInOrder
        let culprit = culprit(in: slot)
        if !wasOrderly, !end.isPermanent { suspectDevice(of: slot, into: &effects) }
        change(slot, into: &effects) { lifecycle, turn in
            lifecycle.ended(
                end,
                next: turn.next,
                at: turn.now,
                lifecycle: turn.lifecycle,
                recovery: turn.recovery
            )
        }
        let (verdict, error, phrase) = verdict(of: slot, wasOrderly: wasOrderly)
        logEnd(of: worker, running: culprit, into: &effects)
        // What its kernels called has nobody left to answer to.
        close(.worker(worker), into: &effects)
        recoverCalls(of: worker, brokenBy: culprit, verdict, error, phrase, into: &effects)
        if !wasOrderly { climbLadder(of: slots[slot].group, into: &effects) }
        standInChanged(slots[slot].group, into: &effects)
        refuseIfDown(slots[slot].group, into: &effects)
        serveQueue(of: slots[slot].group, into: &effects)
        afterEnd(slot, into: &effects)
    }

    /// What the end says of the worker, and what callers are told.
    private func verdict(of slot: Int, wasOrderly: Bool) -> (Verdict, CallError, String) {
        guard let record = slots[slot].lifecycle.lastEnd else {
            return (.fault(.crashed), .workerDied, "ended")
        }
        switch record.cause {
        case .hung: return (.fault(.hung), .workerHung, record.phrase)
        case .misbehaved:
            return (.fault(.protocolViolation), .workerMisbehaved, record.phrase)
        case .channelClosed: return (.fault(.connectionLost), .workerDied, record.phrase)
        case .probesFailed: return (.fault(.probeFailed), .workerDied, record.phrase)
        case .stopTimedOut: return (.neutral(.drained), .workerDied, record.phrase)
        case nil where wasOrderly && record.end.isInOrder:
            return (.neutral(.drained), .workerDied, record.phrase)
        case .startTimedOut: return (.fault(.crashed), .workerDied, record.phrase)
        case nil: return (.fault(record.end.fault), .workerDied, record.phrase)
        }
    }

    // MARK: - Time

    mutating func passDeadline(slot: Int, into effects: inout [Effect]) {
        let before = slots[slot].lifecycle.state
        change(slot, into: &effects) { lifecycle, turn in
            lifecycle.deadlinePassed(next: turn.next, at: turn.now, policy: turn.lifecycle)
        }
        guard case .killed(let incarnation, let cause, _) = slots[slot].lifecycle.state else {
            if case .stuck(let incarnation, _) = slots[slot].lifecycle.state {
                reportStuck(WorkerID(slot: SlotID(index: slot), incarnation: incarnation), &effects)
            }
            return
        }
        if slots[slot].lifecycle.state != before {
            let worker = WorkerID(slot: SlotID(index: slot), incarnation: incarnation)
            let message = "worker '\(slots[slot].name)' \(phrase(of: cause, in: slot))"
            log(.warning, .workerKilled, message, workerFields(worker), &effects)
        }
    }

    /// The process can't be ended.
    ///
    /// Its calls end now: nothing waits for the operating system.
    private mutating func reportStuck(_ worker: WorkerID, _ effects: inout [Effect]) {
        let slot = worker.slot.index
        let message = "worker '\(slots[slot].name)' is stuck: SIGKILL did not end it"
        log(.error, .workerStuck, message, workerFields(worker), &effects)
        close(.worker(worker), into: &effects)
        recoverCalls(
            of: worker,
            brokenBy: culprit(in: slot),
            .fault(.hung),
            .workerHung,
            "is stuck",
            into: &effects
        )
        climbLadder(of: slots[slot].group, into: &effects)
        standInChanged(slots[slot].group, into: &effects)
        refuseIfDown(slots[slot].group, into: &effects)
        afterEnd(slot, into: &effects)
    }

    // MARK: - Carrying out

    /// What a transition of a slot's machine is given.
    struct Turn {
        let now: Instant
        /// The incarnation to use if the transition spawns.
        let next: Incarnation
        let lifecycle: LifecyclePolicy
        let recovery: RecoveryPolicy
    }

    /// Runs one transition of a slot's machine, performs what it asks for, sets its deadline.
    mutating func change(
        _ slot: Int,
        into effects: inout [Effect],
        _ transition: (inout WorkerLifecycle, Turn) -> WorkerLifecycle.Action
    ) {
        let configuration = groups[slots[slot].group].configuration
        let before = slots[slot].lifecycle.state
        let turn = Turn(
            now: now,
            next: Incarnation(number: nextIncarnation),
            lifecycle: configuration.lifecycle,
            recovery: configuration.recovery
        )
        let action = transition(&slots[slot].lifecycle, turn)
        guard slots[slot].lifecycle.state != before else { return }
        slots[slot].stateSince = now
        staleGroups.append(slots[slot].group)
        if before.isServed { stopProbes(of: slot, into: &effects) }
        promoteStandbys(of: slots[slot].group, into: &effects)
        perform(action, slot, into: &effects)
        deadlines.set(Self.key(.slot, slot), to: slots[slot].lifecycle.deadline)
        followStart(of: slot, after: before, into: &effects)
    }

    private mutating func perform(
        _ action: WorkerLifecycle.Action,
        _ slot: Int,
        into effects: inout [Effect]
    ) {
        let id = SlotID(index: slot)
        switch action {
        case .none: break
        case .spawn(let incarnation):
            guard mayStart(slot) else { return slots[slot].lifecycle.putOff() }
            nextIncarnation += 1
            slots[slot].isOutdated = false
            slots[slot].concurrency = 1
            slots[slot].isGreeted = false
            slots[slot].heartbeat = nil
            slots[slot].culprit = nil
            if slots[slot].lifecycle.lastEnd != nil, !slots[slot].followsOrder {
                slots[slot].restarts += 1
            }
            effects.append(.spawn(WorkerID(slot: id, incarnation: incarnation)))
        case .askToStop(let incarnation):
            effects.append(.askToStop(WorkerID(slot: id, incarnation: incarnation)))
        case .terminate(let incarnation):
            effects.append(.terminate(WorkerID(slot: id, incarnation: incarnation)))
        case .kill(let incarnation):
            effects.append(.kill(WorkerID(slot: id, incarnation: incarnation)))
        }
    }

    /// Calls that wait for a group that can't serve them are answered now, not at their deadline.
    mutating func refuseIfDown(_ group: Int, into effects: inout [Effect]) {
        let retryAfter: Duration
        let reason: String
        moveOn(from: group, into: &effects)
        switch availability(of: group) {
        case .soon, .from: return
        case .refusedUntil(let instant, let why): (retryAfter, reason) = (instant.since(now), why)
        case .never(let why): (retryAfter, reason) = (.zero, why)
        }
        for index in queuedCalls(of: group) where calls.isLive(index) {
            if passOn(index, into: &effects) { continue }
            let name = kernels[calls[index].kernel.index].configuration.name
            let lack = Lack(
                error: .unavailable,
                message: "\(name) has no worker: \(reason)",
                retryAfter: retryAfter
            )
            endUnserved(index, lack, into: &effects)
        }
    }

    // MARK: - Records

    func workerFields(_ worker: WorkerID) -> [LogRecord.Field] {
        [
            .init("WORKER", slots[worker.slot.index].name),
            .init("INCARNATION", "\(worker.incarnation.number)"),
        ]
    }

    mutating func log(
        _ level: LogRecord.Level,
        _ kind: LogRecord.Kind,
        _ message: String,
        _ fields: [LogRecord.Field],
        _ effects: inout [Effect]
    ) {
        effects.append(.log(LogRecord(level, kind, message, fields)))
    }

    private mutating func logEnd(
        of worker: WorkerID,
        running culprit: Int?,
        into effects: inout [Effect]
    ) {
        let slot = slots[worker.slot.index]
        guard let record = slot.lifecycle.lastEnd else { return }
        var said = "worker '\(slot.name)' \(record.phrase)"
        var fields = workerFields(worker)
        if let culprit, !record.wasInOrder {
            let kernel = kernels[culprit].configuration.name
            said += " while it ran \(kernel)"
            fields.append(.init("KERNEL", kernel))
        }
        let level = record.wasInOrder ? LogRecord.Level.info : .warning
        switch slot.lifecycle.state {
        case .stopped:
            log(.info, .workerEnded, "worker '\(slot.name)' stopped", fields, &effects)
        case .starting:
            log(level, .workerEnded, "\(said); the next one starts now", fields, &effects)
        case .backoff(let until):
            let wait = until.since(now).inWords
            log(
                .warning,
                .workerBackoff,
                "\(said); the next one starts in \(wait)",
                fields,
                &effects
            )
        case .quarantined(let until):
            let wait = until.since(now).inWords
            let spent = restartsSpent(slot.group)
            let more = "it \(spent) and is quarantined; a trial start comes in \(wait)"
            log(.error, .workerQuarantined, "\(said); \(more)", fields, &effects)
        case .failed:
            let policy = groups[slot.group].configuration.lifecycle
            let more =
                policy.start == .onDemand && groups[slot.group].configuration.role == .active
                ? "it is not started again before a call that comes after "
                    + "\(policy.idleStop.inWords) without one"
                : "it is not started again until its configuration or files are changed"
            log(.error, .workerFailed, "\(said); \(more)", fields, &effects)
        case .waiting:
            let more = "the next one starts when its turn comes"
            log(level, .workerEnded, "\(said); \(more)", fields, &effects)
        case .ready, .parting, .asked, .terminated, .killed, .stuck: break
        }
    }
}
