internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// What workers leave behind: processes in other sessions, which no signal to a group reaches.
///
/// With control groups a worker's group ends whole. Without them the daemon adopts whatever loses
/// its parent and knows by the environment, which a child inherits, whose it was.
extension Daemon {
    static let markName = "KERNELSUP_WORKER"
    /// How long the end of the daemon waits for what it has killed.
    private static let lastPatience = Duration.seconds(1)

    /// By which a process is known as the worker's own, or as one that it has started.
    func mark(of worker: WorkerID) -> String {
        "\(core.name(of: worker.slot))/\(worker.incarnation.number)"
    }

    /// Before the first worker starts.
    func prepareForRemains() throws(SystemError) {
        try ProcessTable.adoptOrphans()
        remains.strangers = Set(ProcessTable.children())
        // The first process of a container is given what others there have left, too.
        remains.adoptsWorkersOnly = remains.strangers.isEmpty && getpid() != 1
        let source = try loop.signal(SIGCHLD, priority: .orphans) { [self] in
            assumeIsolated { $0.lookForOrphans() }
        }
        signalSources.append(Kept(source))
        remains.turns = try StartTurns(on: loop) { [self] in assumeIsolated { $0.startNext() } }
        do {
            let groups = try WorkerGroups.takeOver()
            workerGroups = groups
            let memory =
                groups.limitMemory
                ? "" : "; without the controller of memory, `memory` limits each process alone"
            let message = "workers get control groups below \(groups.base.path)\(memory)"
            log.write(LogRecord(.info, .configured, message))
        } catch {
            let message =
                "workers get no control groups: \(error.reason); what they leave in other "
                + "sessions is found by its environment, and `memory` limits each process alone"
            log.write(LogRecord(.notice, .configured, message))
        }
    }

    // MARK: - Control groups

    /// Ends all that is left in the group of a worker whose first process has ended.
    func endGroup(of connection: WorkerConnection) {
        guard let group = connection.controlGroup else { return }
        do {
            try group.kill()
            let left = Remains.Group(group, try ControlGroupEvents(of: group))
            guard try left.events.isPopulated() else { return try group.remove() }
            let slot = connection.worker.slot
            left.source = try loop.watch(left.events.rawDescriptor, .urgent, priority: .normal) {
                [self] _ in assumeIsolated { $0.groupChanged(slot) }
            }
            remains.groups[slot] = left
        } catch {
            report("what \(mark(of: connection.worker)) left could not be ended: \(error)")
        }
    }

    private func groupChanged(_ slot: SlotID) {
        guard let left = remains.groups[slot] else { return }
        do {
            guard try !left.events.isPopulated() else { return }
            try left.group.remove()
        } catch {
            report("\(left.group.path) could not be removed: \(error)")
        }
        remains.groups[slot] = nil
        remainsEnded(in: slot)
    }

    // MARK: - Orphans

    /// Takes in what has lost its parent since the last look: reaps what has ended, and ends what
    /// an ended worker has left.
    ///
    /// Workers and the operator's command are left to their own handles, so no end of theirs is
    /// taken here.
    func lookForOrphans() {
        remains.isLookDue = false
        var own = Set(workers.compactMap { $0?.process.pid })
        if let noticeRun { own.insert(noticeRun.process.pid) }
        for pid in ProcessTable.children() where !own.contains(pid) && remains.orphans[pid] == nil {
            // A child keeps its number until it is reaped, which nobody else does.
            guard let process = try? ProcessHandle.open(pid: pid) else { continue }
            adopt(process)
        }
    }

    private func adopt(_ process: consuming ProcessHandle) {
        let pid = process.pid
        guard (try? process.reap()) == nil else {
            remains.strangers.remove(pid)
            return
        }
        guard !remains.strangers.contains(pid) else { return }
        if let number = ProcessTable.variable(NoticeRun.markName, of: pid) {
            // What a running command has set free is still its own, as with workers.
            if noticeRun.map({ "\($0.number)" }) != number {
                end(process, leftBy: "the operator's command", in: nil)
            }
            return
        }
        guard let mark = ProcessTable.variable(Self.markName, of: pid), let slot = slot(of: mark)
        else {
            // On its way out it has no environment any more, and needs nobody to end it.
            guard !ProcessTable.isEnding(pid) else {
                try? watchEnd(of: process, in: nil)
                return
            }
            remains.strangers.insert(pid)
            guard workerGroups?.hold(pid) != true else { return }
            let what = ProcessSituation(of: pid).map { " (\($0))" } ?? ""
            let follows =
                remains.adoptsWorkersOnly ? "it is ended with the daemon" : "it is left alone"
            report("process \(pid)\(what) was left by an unknown worker; \(follows)")
            return
        }
        // What a living worker has set free is still its own.
        let worker = workers[slot.index]?.worker
        guard worker.map({ self.mark(of: $0) }) != mark else { return }
        end(process, leftBy: "worker \(mark)", in: slot)
    }

    /// The slot in "NAME/NUMBER"; nil for what no worker was ever given.
    private func slot(of mark: String) -> SlotID? {
        guard let slash = mark.lastIndex(of: "/") else { return nil }
        let name = mark[..<slash]
        return workers.indices.map { SlotID(index: $0) }.first { core.name(of: $0) == name }
    }

    private func end(
        _ process: consuming ProcessHandle,
        leftBy owner: String,
        in slot: SlotID?
    ) {
        let pid = process.pid
        do {
            try process.signal(SIGKILL)
            try watchEnd(of: process, in: slot)
            let message = "process \(pid), left by \(owner), is ended"
            log.write(LogRecord(.info, .workerEnded, message))
        } catch {
            report("process \(pid), left by \(owner), could not be ended: \(error)")
        }
    }

    private func watchEnd(
        of process: consuming ProcessHandle,
        in slot: SlotID?
    ) throws(SystemError) {
        let pid = process.pid
        let orphan = Remains.Orphan(process, of: slot)
        orphan.source = try loop.watch(
            orphan.process.rawDescriptor,
            .readable,
            priority: .normal
        ) { [self] _ in assumeIsolated { $0.orphanEnded(pid) } }
        remains.orphans[pid] = orphan
    }

    private func orphanEnded(_ pid: Int32) {
        guard let orphan = remains.orphans[pid], (try? orphan.process.reap()) != nil else { return }
        remains.orphans[pid] = nil
        // Its own children are the daemon's now.
        lookForOrphans()
        remainsEnded(in: orphan.slot)
    }

    // MARK: - What waits

    /// Puts a start off while the slot is not free, or not known to be.
    func holds(_ worker: WorkerID) -> Bool {
        guard remains.isLookDue || !remains.isFree(worker.slot) else { return false }
        remains.held[worker.slot] = worker
        if remains.isLookDue { remains.turns?.append(worker.slot) }
        return true
    }

    /// A look is a turn of its own: an answer that comes meanwhile goes before the start.
    private func startNext() {
        guard !remains.isLookDue else { return lookForOrphans() }
        guard let slot = remains.turns?.next() else { return }
        startHeld(in: slot)
    }

    private func startHeld(in slot: SlotID) {
        guard remains.isFree(slot), let worker = remains.held.removeValue(forKey: slot) else {
            return
        }
        spawn(worker)
        handlePending()
    }

    /// Gives a start up that still waits.
    ///
    /// - Returns: whether there was one.
    func dropHeld(_ worker: WorkerID) -> Bool {
        guard remains.held[worker.slot] == worker else { return false }
        remains.held[worker.slot] = nil
        let left = remains.processes(in: worker.slot).prefix(8).map { pid in
            "process \(pid)" + (ProcessSituation(of: pid).map { " (\($0))" } ?? "")
        }
        let text =
            left.isEmpty
            ? "it was given up before its turn came"
            : "what the former worker left has not ended: \(left.joined(separator: ", "))"
        pending.append(.workerEnded(worker, .notStarted(.init(text: text, isPermanent: false))))
        return true
    }

    private func remainsEnded(in slot: SlotID?) {
        if let slot { startHeld(in: slot) }
        if remains.isAwaited, remains.isEmpty { loop.exit(code: 0) }
    }

    /// Ends the loop when nothing is left, or after a moment.
    func exitWithoutRemains() {
        if remains.isLookDue { lookForOrphans() }
        if remains.adoptsWorkersOnly {
            for pid in remains.strangers {
                guard let process = try? ProcessHandle.open(pid: pid) else { continue }
                end(process, leftBy: "a worker of unknown name", in: nil)
            }
        }
        guard !remains.isEmpty else { return loop.exit(code: 0) }
        remains.isAwaited = true
        do {
            let timer = try loop.timer { [self] in assumeIsolated { $0.giveUpRemains() } }
            let until = Instant(nanoseconds: Clock.now()) + Self.lastPatience
            timer.arm(at: until.nanoseconds)
            signalSources.append(Kept(timer))
        } catch {
            giveUpRemains()
        }
    }

    private func giveUpRemains() {
        let left = remains.orphans.keys.sorted() + remains.groups.values.flatMap(\.group.processes)
        let words = left.prefix(8).map { pid in
            "\(pid)" + (ProcessSituation(of: pid).map { " (\($0))" } ?? "")
        }
        report("processes of workers outlive the daemon: \(words.joined(separator: ", "))")
        loop.exit(code: 0)
    }
}
