internal import SupervisionKit

/// The run from its first instant to its last.
extension World {
    /// Simulated time after which faults that have ended must have left no trace.
    static let patience: Duration = .seconds(6 * 3600)
    /// Turns after which a run that should have come to rest counts as one that never does.
    static let maxRestlessTurns = 60_000

    mutating func run() {
        observeNow(
            .outside(
                .configured(
                    kernels: configuration.kernels.count,
                    changed: Set(configuration.groups.map(\.name)),
                    why: "the daemon starts"
                )
            )
        )
        configure()
        for step in plan.steps {
            pass(until: Self.start + step.at)
            guard goesOn else { break }
            take(step.action)
        }
        guard goesOn || hasExited else { return }
        endFaults()
        settle()
    }

    var goesOn: Bool { !hasExited && observers.violation == nil }

    private enum Cause { case deadline, happening }

    /// What comes next, and when.
    private var next: (at: Instant, cause: Cause)? {
        switch (supervisor.nextDeadline, agenda.earliest) {
        case (nil, nil): nil
        case (let deadline?, nil): (deadline, .deadline)
        case (nil, let happening?): (happening, .happening)
        case (let deadline?, let happening?):
            deadline <= happening ? (deadline, .deadline) : (happening, .happening)
        }
    }

    private mutating func pass(until instant: Instant) {
        while goesOn, let next, next.at <= max(instant, clock) { passOne() }
        clock = max(clock, instant)
    }

    /// - Returns: false when nothing is left that could happen.
    @discardableResult
    private mutating func passOne() -> Bool {
        guard let next else { return false }
        clock = max(clock, next.at)
        switch next.cause {
        case .deadline: timePasses()
        case .happening:
            if let happening = agenda.removeFirst() { happens(happening) }
        }
        return true
    }

    // MARK: - Fair weather

    private mutating func endFaults() {
        observeNow(.outside(.faultsEnded))
        hasWeather = false
        skewedTurns = 0
        for index in processes.indices {
            processes[index]?.nature.ignoresTerm = false
            processes[index]?.sickUntil = .zero
            processes[index]?.nature.ignoresRequests = false
        }
        guard stopAsked == nil else { return }
        for kernel in overridden.sorted() { overrideBreaker(of: kernel, nil) }
    }

    /// What no restart can mend, the operator does.
    private mutating func mendFiles() {
        guard stopAsked == nil, !spoilt.isEmpty else { return }
        let before = configuration
        for index in configuration.groups.indices
        where spoilt.contains(configuration.groups[index].name) {
            configuration.groups[index].launchFingerprint += 1
        }
        spoilt.removeAll()
        apply(since: before, why: "the operator mends the files")
    }

    private mutating func settle() {
        let begin = (turn: turns, at: clock)
        var aftermath = Aftermath()
        var hasServed = false
        while goesOn {
            mendFiles()
            guard turns - begin.turn < Self.maxRestlessTurns,
                clock < begin.at + Self.patience
            else {
                aftermath.complaints = complaints + ["it has not come to rest"]
                break
            }
            if stopAsked == nil, openCalls.isEmpty, complaints.isEmpty {
                guard !hasServed else {
                    aftermath.complaints = rest()
                    break
                }
                hasServed = true
                for name in configuration.kernels.filter(hasReplicas).map(\.name)
                where !serves(name) {
                    hasServed = false
                    clock = clock + .seconds(1)
                }
            } else if !passOne() {
                aftermath.complaints = complaints + ["nothing would ever happen any more"]
                break
            }
        }
        observe(.core(.settled(aftermath)))
    }

    /// Calls of the kernel, made now, get their results, more than a worker takes at once.
    private mutating func serves(_ kernel: String) -> Bool {
        var call = Step.Call(client: plan.scenario.clients, kernel: 0, work: Work(.zero))
        call.work.duration = .milliseconds(1)
        let first = calls.count
        for _ in 0..<Self.callsAtOnce {
            send(call, of: kernel, by: .client(client(plan.scenario.clients)))
        }
        while goesOn, calls[first...].contains(where: \.isOpen), passOne() {}
        let own = calls[first..<min(first + Self.callsAtOnce, calls.count)]
        return own.contains(where: \.hasResult) && own.allSatisfy { $0.hasResult || $0.isShed }
    }

    private static let callsAtOnce = 6

    /// Nobody calls any more: who runs only for calls goes, when what troubles it is over.
    private mutating func rest() -> [String] {
        let lifecycles = configuration.withStandIns.groups.map(\.lifecycle)
            .filter { $0.start == .onDemand }
        guard let longest = lifecycles.map(\.idleStop).max() else { return [] }
        let end = clock + Self.patience
        while goesOn, clock < end, processes.contains(where: isOnDemand) {
            pass(until: clock + longest)
        }
        return processes.compactMap { process in
            guard let process, isOnDemand(process) else { return nil }
            return "'\(supervisor.name(of: process.worker.slot))' runs, and nobody calls"
        }
    }

    private func isOnDemand(_ process: Process?) -> Bool {
        guard let process else { return false }
        let name = supervisor.groupName(of: process.worker.slot)
        return !isNeeded(name)
            && configuration.withStandIns.groups.contains {
                $0.name == name && $0.lifecycle.start == .onDemand
            }
    }

    /// The group stands in for a kernel that has no workers of its own, and is there for its calls.
    private func isNeeded(_ group: String) -> Bool {
        configuration.kernels.contains { kernel in
            [kernel.degraded, kernel.backup].contains(group) && !hasReplicas(kernel)
        }
    }

    /// What is configured to have no worker has none.
    private func hasReplicas(_ kernel: KernelConfiguration) -> Bool {
        configuration.groups.contains { $0.name == kernel.group && $0.replicas > 0 }
    }

    /// Breakers of workers that are ready and well, and that are not closed.
    private func refusals(of kernel: Snapshot.Kernel) -> [String] {
        zip(kernel.slots, kernel.breakers).compactMap { slot, breaker in
            if case .closed = breaker.state { return nil }
            guard slot.state == "ready" else { return nil }
            return "the breaker of \(kernel.name) in '\(slot.name)' is not closed"
        }
    }

    /// What is not as it should be.
    private var complaints: [String] {
        var complaints = openCalls.map { "call \($0) has no end" }
        guard stopAsked == nil, complaints.isEmpty else { return complaints }
        let snapshot = supervisor.snapshot
        for kernel in snapshot.kernels where kernel.health.state != .healthy {
            guard
                configuration.kernels.contains(where: {
                    $0.name == kernel.name && hasReplicas($0)
                })
            else { continue }
            complaints.append("\(kernel.name) is \(kernel.health.state): \(kernel.health.why)")
        }
        complaints += snapshot.kernels.flatMap(refusals)
        if snapshot.queued > 0 { complaints.append("\(snapshot.queued) calls wait") }
        return complaints
    }
}
