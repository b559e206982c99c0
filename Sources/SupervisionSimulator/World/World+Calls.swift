internal import SupervisionKit

/// Clients and kernels that call.
extension World {
    var allKernels: [String] { configuration.kernels.map(\.name) + absentKernels.keys.sorted() }

    func kernelName(_ pick: UInt32) -> String? {
        let names = allKernels
        return names.isEmpty ? nil : names[Int(pick) % names.count]
    }

    /// Mostly one that is configured.
    private func calledKernel(_ pick: UInt32) -> String? {
        let names = configuration.kernels
        if names.isEmpty || pick.isMultiple(of: 16) { return kernelName(pick / 16) }
        return names[Int(pick) % names.count].name
    }

    /// Sends it to the kernel that its number picks, unless one is named.
    mutating func send(
        _ call: Step.Call,
        of kernel: String? = nil,
        by caller: CallerID,
        parent: Int? = nil,
        callerCall: UInt64? = nil
    ) {
        guard !hasExited, let name = kernel ?? calledKernel(call.kernel) else { return }
        let number = calls.count
        if parent == nil, number.isMultiple(of: 4) { look(at: name) }
        let deadline = call.timeout.map { instant + $0 }
        let latest = self.latest(name, deadline, parent)
        var sent = SentCall(caller: caller, kernel: name, deadline: latest)
        sent.parent = parent
        sent.isRepeatable = call.mayRetry && (call.isIdempotent || isIdempotent(name))
        sent.limit = configuration.limits.maxCallsPerClient
        sent.totalLimit = configuration.limits.maxCalls
        let group = configuration.kernels.first { $0.name == name }?.group ?? ""
        sent.group = group
        sent.findsIdleGroup = isIdle(group, name)
        calls.append(
            Call(
                sent: sent,
                callerCall: callerCall ?? UInt64(number),
                group: group,
                work: call.work
            )
        )
        observeNow(.call(.sent(number, sent)))
        guard let kernel = kernelID(name) else {
            return reject(number, .unknownKernel, "no kernel '\(name)' is configured")
        }
        arrive(number, kernel, deadline: deadline, call)
    }

    private func isIdempotent(_ kernel: String) -> Bool {
        let configured = configuration.kernels.first { $0.name == kernel }
        return configured?.isIdempotent ?? declares(kernel)
    }

    /// The latest instant for an answer that the policies allow.
    private func latest(_ kernel: String, _ deadline: Instant?, _ parent: Int?) -> Instant {
        let configured = configuration.kernels.first { $0.name == kernel } ?? absentKernels[kernel]
        let timeout = configured?.timeout ?? TimeoutPolicy()
        var latest = instant + timeout.maxTimeout
        if let deadline {
            latest = min(latest, deadline)
        } else if timeout.includeQueueTime {
            latest = min(latest, instant + timeout.defaultTimeout)
        }
        if timeout.propagateDeadline, let parent {
            latest = min(latest, calls[parent].sent.deadline)
        }
        return latest
    }

    private mutating func kernelID(_ name: String) -> KernelID? {
        if let id = kernelIDs[name] { return id }
        let bytes = Array(name.utf8)
        let id = supervisor.kernel(named: bytes.span)
        kernelIDs[name] = id
        return id
    }

    /// Every worker of the group is ready and has nothing to do, and nothing waits.
    private func isIdle(_ group: String, _ kernel: String) -> Bool {
        if let next = supervisor.nextDeadline, next <= instant { return false }
        guard let configured = configuration.kernels.first(where: { $0.name == kernel }),
            configured.bulkhead.maxQueued > 0
        else { return false }
        var hasWorker = false
        for case let process? in processes
        where supervisor.groupName(of: process.worker.slot)
            == group
        {
            guard process.isReady, !process.isAsked, !process.isSilent, !process.isKilled,
                !process.isHung, process.tasks.isEmpty
            else { return false }
            hasWorker = true
        }
        return hasWorker && !openCalls.contains { calls[$0].group == group && !isHeld($0) }
    }

    /// Some worker has the call.
    private func isHeld(_ number: Int) -> Bool {
        guard let holder = calls[number].holder else { return false }
        return process(holder)?.task(of: number) != nil
    }

    /// Notes what the status says of the kernel at this very instant.
    private mutating func look(at kernel: String) {
        if let next = supervisor.nextDeadline, next <= given { timePasses() }
        guard supervisor.nextDeadline.map({ $0 > instant }) ?? true,
            let shown = supervisor.snapshot.kernels.first(where: { $0.name == kernel })
        else { return }
        observeNow(.core(.showedKernel(kernel, shown.health.state)))
    }

    /// Something that happens before the daemon's turn, at its instant.
    mutating func observeNow(_ fact: Fact) {
        observers.observe(Moment(at: instant, fact))
    }

    mutating func cancelSomeCall(_ pick: UInt32) {
        guard !openCalls.isEmpty else { return }
        let number = openCalls[Int(pick) % openCalls.count]
        observeNow(.call(.cancelled(number)))
        cancel(number)
    }

    mutating func repeatSomeID(_ pick: UInt32) {
        guard !openCalls.isEmpty else { return }
        let number = openCalls[Int(pick) % openCalls.count]
        let call = Step.Call(client: 0, kernel: pick, work: Work(.milliseconds(5)))
        guard case .client = calls[number].sent.caller else { return }
        send(call, by: calls[number].sent.caller, callerCall: calls[number].callerCall)
    }

    mutating func sendBadFrame(_ client: Int) {
        let number = calls.count
        let caller = CallerID.client(self.client(client))
        let sent = SentCall(caller: caller, kernel: "?", deadline: .distantFuture)
        let call = Call(
            sent: sent,
            callerCall: UInt64(number),
            group: "",
            work: Work(.zero)
        )
        calls.append(call)
        observeNow(.call(.sent(number, sent)))
        reject(number, .malformedFrame, "made up: the frame ends in the middle of a tensor")
    }

    func client(_ index: Int) -> ClientID {
        let index = index % clients.count
        return ClientID(index: index, generation: clients[index])
    }

    mutating func leaves(_ client: ClientID) {
        guard clients[client.index] == client.generation, !hasExited else { return }
        clients[client.index] += 1
        observeNow(.outside(.clientLeft(client)))
        closeConnection(client)
    }

    /// Nobody waits for these answers any more.
    mutating func abandonCalls(of caller: CallerID) {
        for number in openCalls where calls[number].sent.caller == caller {
            observe(.call(.abandoned(number)))
            forget(number)
        }
    }
}
