internal import SupervisionKit

/// Tells the core what happened: the one place that makes events.
extension World {
    /// One turn of the daemon: an event in, its effects carried out.
    private mutating func turn(_ event: Event, isCallsOnly: Bool, _ atHand: AtHand = AtHand()) {
        guard !hasExited else { return }
        let due = supervisor.nextDeadline
        let given = given
        if skewedTurns > 0 { skewedTurns -= 1 }
        let lastSeen = seen
        seen = max(seen, given)
        turns += 1
        self.atHand = atHand
        let late = due.map { seen.since($0) } ?? .zero
        observe(.core(.turnBegan(late: late, silence: seen.since(lastSeen))))
        effects.removeAll(keepingCapacity: true)
        supervisor.handle(event, at: given, into: &effects)
        let asked = effects
        var isWorthALook = !isCallsOnly
        for effect in asked where perform(effect) { isWorthALook = true }
        if let arrival = atHand.arrival, calls[arrival].isOpen, calls[arrival].id == nil {
            observe(.call(.answeredNobody("call \(arrival) was neither taken nor answered")))
        }
        if let leaver = atHand.leaver { abandonCalls(of: leaver) }
        // What it answered on its way out came before.
        if hasExited { observe(.core(.exited)) }
        self.atHand = AtHand()
        if isWorthALook { lookAtSlots() }
        observe(.core(.turnEnded(isConsistent: supervisor.isConsistent)))
    }

    // MARK: - Time and people

    mutating func timePasses() { turn(.timePassed, isCallsOnly: true) }

    mutating func configure() {
        var atHand = AtHand()
        atHand.isConfiguring = true
        turn(.configured(configuration.withStandIns), isCallsOnly: false, atHand)
        kernelIDs.removeAll()
    }

    mutating func startReload() { turn(.reloadStarted, isCallsOnly: false) }

    mutating func refuseReload() {
        turn(.reloadRefused(errors: ["made up: no such key"]), isCallsOnly: false)
    }

    mutating func overrideBreaker(of kernel: String, _ word: BreakerOverride?) {
        turn(.breakerOverridden(kernel: kernel, word), isCallsOnly: false)
    }

    mutating func acknowledgeAlert(of group: String) {
        turn(.alertAcknowledged(group: group), isCallsOnly: false)
    }

    mutating func requestStop() { turn(.stopRequested, isCallsOnly: false) }

    // MARK: - Callers

    mutating func arrive(_ number: Int, _ kernel: KernelID, deadline: Instant?, _ call: Step.Call) {
        var arrival = CallArrival(
            caller: calls[number].sent.caller,
            callerCall: calls[number].callerCall,
            kernel: kernel,
            deadline: deadline ?? .zero,
            isIdempotent: call.isIdempotent,
            mayRetry: call.mayRetry,
            key: call.key
        )
        arrival.parent = calls[number].sent.parent.flatMap { calls[$0].id }
        turn(.callArrived(arrival), isCallsOnly: true, AtHand(arrival: number))
    }

    mutating func reject(_ number: Int, _ error: CallError, _ message: String) {
        let call = calls[number]
        let event = Event.callRejected(
            call.sent.caller,
            callerCall: call.callerCall,
            error,
            message: message
        )
        turn(event, isCallsOnly: true, AtHand(arrival: number))
    }

    mutating func cancel(_ number: Int) {
        let call = calls[number]
        let event = Event.callCancelled(call.sent.caller, callerCall: call.callerCall)
        turn(event, isCallsOnly: true)
    }

    mutating func closeConnection(_ client: ClientID) {
        turn(.clientClosed(client), isCallsOnly: true, AtHand(leaver: .client(client)))
    }

    // MARK: - Workers

    mutating func greet(_ worker: WorkerID, concurrency: Int) {
        turn(.workerGreeted(worker, concurrency: concurrency), isCallsOnly: false)
    }

    mutating func declareReady(_ worker: WorkerID, problem: String) {
        let group = supervisor.groupName(of: worker.slot)
        var kernels = configuration.withStandIns.kernels.filter { $0.group == group }
            .map { $0.callee ?? $0.name }
            .map { WorkerDeclaration.Kernel(name: $0, isIdempotent: declares($0)) }
        if !kernels.isEmpty { kernels[0].problem = problem }
        let declaration = WorkerDeclaration(device: device(of: group), kernels: kernels)
        turn(.workerReady(worker, declaration), isCallsOnly: false)
    }

    /// Groups share two devices.
    func device(of group: String) -> String {
        (group.utf8.first ?? 0).isMultiple(of: 2) ? "device 0" : "device 1"
    }

    /// What a worker says about whether a kernel is idempotent: always the same.
    func declares(_ kernel: String) -> Bool { kernel.utf8.count.isMultiple(of: 2) }

    mutating func beat(_ worker: WorkerID, _ number: Int, progress: UInt64) {
        guard let id = calls[number].id else { return }
        turn(.workerHeartbeat(worker, running: id, progress: progress), isCallsOnly: true)
    }

    mutating func reply(_ worker: WorkerID, _ number: Int, _ reply: WorkerReply) {
        guard let id = calls[number].id else { return }
        observeNow(.call(.replied(number, by: worker, reply.error, reply.execution)))
        turn(.workerReplied(worker, id, reply), isCallsOnly: true, AtHand(reply: (number, reply)))
    }

    /// An answer to a call that never was.
    mutating func replyWrongly(_ worker: WorkerID) {
        let id = CallID(rawValue: 0x7FFF_FFFF_0000_0000)
        turn(.workerReplied(worker, id, WorkerReply()), isCallsOnly: false)
    }

    mutating func answerProbe(_ worker: WorkerID, _ number: UInt32, _ state: Process.State) {
        let result: ProbeResult =
            switch state {
            case .well: .ok
            case .busy: .busy
            case .slow: .degraded("made up: the device is hot")
            case .sick: .failed("made up: the device gives wrong results")
            }
        turn(.workerProbed(worker, number: number, result), isCallsOnly: false)
    }

    mutating func misbehave(_ worker: WorkerID, _ what: String) {
        turn(.workerMisbehaved(worker, what), isCallsOnly: false)
    }

    mutating func loseChannel(_ worker: WorkerID) {
        turn(.workerChannelClosed(worker), isCallsOnly: false)
    }

    mutating func reportEnd(_ worker: WorkerID, _ end: WorkerEnd) {
        turn(.workerEnded(worker, end), isCallsOnly: false, AtHand(leaver: .worker(worker)))
    }
}
