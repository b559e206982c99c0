internal import SupervisionKit

/// Processes: what the daemon does to them and what they do.
extension World {
    func process(_ worker: WorkerID) -> Process? {
        guard worker.slot.index < processes.count, let process = processes[worker.slot.index],
            process.worker == worker
        else { return nil }
        return process
    }

    mutating func change(_ worker: WorkerID, _ body: (inout Process) -> Void) {
        guard var process = process(worker) else { return }
        body(&process)
        processes[worker.slot.index] = process
    }

    mutating func soon(_ happening: Agenda.Happening, in wait: Duration = .zero) {
        agenda.add(happening, at: clock + wait)
    }

    // MARK: - What the daemon does

    mutating func start(_ worker: WorkerID) {
        let slot = worker.slot.index
        while slot >= processes.count {
            processes.append(nil)
            starts.append(0)
            endedInOrder.append(true)
        }
        let name = supervisor.name(of: worker.slot)
        let group = group(ofSlot: name)
        let recovery = group?.recovery ?? RecoveryPolicy()
        var start = WorkerStart(
            name: name,
            isWanted: isWanted(name, group),
            isRestart: isRestart(worker.slot),
            maxRestarts: recovery.maxRestarts,
            window: recovery.window
        )
        if recovery.retryQuarantined < recovery.window { start.window = .zero }
        start.group = group?.name ?? ""
        start.isStandIn = group.map { $0.role != .active } ?? false
        start.isOnDemand = group.map { $0.lifecycle.start == .onDemand } ?? false
        observe(.worker(.started(worker, start)))
        starts[slot] += 1
        var process = Process(worker)
        var dice = dice(slot, starts[slot])
        process.nature = Process.Nature(weather, using: &dice)
        processes[slot] = process
        begin(process)
    }

    /// A slot that is shown as stopped has been given up in order, however its process ended.
    private func isRestart(_ slot: SlotID) -> Bool {
        !endedInOrder[slot.index] && !atHand.isConfiguring && states[slot] != "stopped"
    }

    /// In the configuration in force.
    private func group(ofSlot name: String) -> GroupConfiguration? {
        configuration.withStandIns.groups.first { name.hasPrefix($0.name + "/") }
    }

    private func isWanted(_ name: String, _ group: GroupConfiguration?) -> Bool {
        guard let group, let replica = Int(name.dropFirst(group.name.utf8.count + 1)) else {
            return false
        }
        guard !stopUrged else { return false }
        if let stopAsked, seen >= stopAsked + .seconds(10) { return false }
        return replica < group.slotCount
    }

    private mutating func begin(_ process: Process) {
        let (worker, time) = (process.worker, process.nature.startTime)
        switch process.nature.start {
        case .good, .greetsAndStalls: soon(.greets(worker), in: time)
        case .neverGreets: break
        case .readyWithoutHello: soon(.becomesReady(worker), in: time)
        case .exits(let status): soon(.ends(worker, .exited(status), culprit: nil), in: time)
        case .impossible(let isPermanent):
            let text = isPermanent ? "execve: ENOENT" : "clone: EAGAIN"
            let failure = SpawnFailure(text: text, isPermanent: isPermanent)
            soon(.ends(worker, .notStarted(failure), culprit: nil))
        }
    }

    mutating func welcome(_ worker: WorkerID) {
        guard let process = process(worker), process.nature.start == .good else { return }
        soon(.becomesReady(worker), in: process.nature.startTime)
    }

    mutating func askToStop(_ worker: WorkerID) {
        observe(.worker(.asked(worker, isReplaced: isReplaced(worker.slot))))
        change(worker) { $0.isAsked = true }
        leaveIfDone(worker)
    }

    /// Who is asked to go here goes for another that comes: neither is the group at rest, nor the
    /// slot or the daemon at its end.
    private func isReplaced(_ slot: SlotID) -> Bool {
        let name = supervisor.name(of: slot)
        guard let group = group(ofSlot: name), group.role == .active, stopAsked == nil else {
            return false
        }
        return group.lifecycle.start == .eager && isWanted(name, group)
    }

    /// A worker that was asked to stop exits when nothing runs in it any more.
    private mutating func leaveIfDone(_ worker: WorkerID) {
        guard let process = process(worker), process.isAsked, process.tasks.isEmpty,
            !process.nature.ignoresRequests, !process.isSilent, !process.isHung
        else { return }
        soon(.ends(worker, .exited(0), culprit: nil), in: process.nature.answerTime)
    }

    mutating func terminate(_ worker: WorkerID) {
        observe(.worker(.terminated(worker)))
        change(worker) { process in
            process.isAsked = true
            process.frozenUntil = .zero
        }
        guard let process = process(worker), !process.nature.ignoresTerm else { return }
        let end = WorkerEnd.signaled(name: "SIGTERM", coreDumped: false)
        soon(.ends(worker, end, culprit: nil), in: process.nature.answerTime)
    }

    mutating func kill(_ worker: WorkerID) {
        observe(.worker(.killed(worker)))
        change(worker) { $0.isKilled = true }
        guard let process = process(worker) else { return }
        let time = hasWeather ? process.nature.dyingTime : .milliseconds(1)
        let end = WorkerEnd.signaled(name: "SIGKILL", coreDumped: false)
        soon(.ends(worker, end, culprit: nil), in: time)
    }

    mutating func probe(_ worker: WorkerID, _ number: UInt32, _ kernel: String) {
        observe(.worker(.probed(worker, kernel: kernel)))
        guard let process = process(worker), !process.isSilent else { return }
        soon(.answersProbe(worker, number), in: process.nature.answerTime)
    }

    /// The call's frame goes down the worker's channel, if it fits.
    mutating func give(_ number: Int, to worker: WorkerID) {
        guard let process = process(worker), !process.isSilent else { return }
        var dice = dice(1_000_000 + number, calls[number].handOvers)
        if dice.chance(weather.fullChannels) {
            change(worker) { $0.isSilent = true }
            return soon(.closesChannel(worker, why: "it was full"))
        }
        change(worker) { $0.tasks.append(Process.Task(call: number)) }
        let work = calls[number].work
        soon(.finishes(worker, number), in: work.duration)
        if work.calls != nil { soon(.callsOut(worker, number), in: work.duration / 2) }
        if work.duration > .seconds(1) { soon(.beats(worker, number), in: .seconds(1)) }
    }

    mutating func hearRecall(_ number: Int, _ worker: WorkerID) {
        guard let process = process(worker), let task = process.task(of: number) else { return }
        change(worker) { $0.tasks[task].isRecalled = true }
        switch doing(number, process) {
        case .hang, .deaf: break
        case .result, .error, .busy, .crash, .outOfMemory, .answerTwice, .closeChannel, .exit:
            soon(.acknowledges(worker, number), in: process.nature.answerTime)
        }
    }

    /// What the call does to this process: harm is done once, except by poison.
    private func doing(_ number: Int, _ process: Process) -> Work.Fate {
        let call = calls[number]
        return call.handOvers > 1 && !call.work.isPoison ? .result : call.work.fate
    }

    // MARK: - What processes do

    mutating func tell(_ mark: Coverage.Mark, of worker: WorkerID, _ what: String) {
        observeNow(.worker(.did(worker, mark, what)))
    }

    mutating func happens(_ happening: Agenda.Happening) {
        if let worker = happening.worker {
            guard let process = process(worker) else { return }
            if process.frozenUntil > clock, !process.isKilled {
                return agenda.add(happening, at: process.frozenUntil)
            }
        }
        switch happening {
        case .greets(let worker): greets(worker)
        case .becomesReady(let worker): becomesReady(worker)
        case .ends(let worker, let end, let culprit): ends(worker, end, culprit)
        case .beats(let worker, let number): beats(worker, number)
        case .callsOut(let worker, let number): callsOut(worker, number)
        case .finishes(let worker, let number): finishes(worker, number)
        case .acknowledges(let worker, let number): acknowledges(worker, number)
        case .answersProbe(let worker, let number): answersProbe(worker, number)
        case .closesChannel(let worker, let why): closesChannel(worker, why)
        case .closesConnection(let client): leaves(client)
        }
    }

    private mutating func greets(_ worker: WorkerID) {
        guard let process = process(worker), !process.isSilent, !process.isHung else { return }
        change(worker) { $0.hasGreeted = true }
        observeNow(.worker(.greeted(worker, concurrency: process.nature.concurrency)))
        greet(worker, concurrency: process.nature.concurrency)
    }

    private mutating func becomesReady(_ worker: WorkerID) {
        guard let process = process(worker), !process.isSilent, !process.isHung else { return }
        change(worker) { $0.isReady = true }
        observeNow(.worker(.ready(worker)))
        if !process.nature.problem.isEmpty { spoil(worker) }
        declareReady(worker, problem: process.nature.problem)
    }

    /// Only other files help this worker's group.
    private mutating func spoil(_ worker: WorkerID) {
        spoilt.insert(supervisor.groupName(of: worker.slot))
    }

    mutating func ends(_ worker: WorkerID, _ end: WorkerEnd, _ culprit: Int?) {
        guard let process = process(worker) else { return }
        let recovery = configuration.groups.first {
            $0.name == supervisor.groupName(of: worker.slot)
        }?.recovery
        if end.isPermanent { spoil(worker) }
        if case .exited(let code) = end, recovery?.permanentExitCodes.contains(code) == true {
            spoil(worker)
        }
        processes[worker.slot.index] = nil
        endedInOrder[worker.slot.index] = process.isAsked
        observeNow(.worker(.ended(worker, end, culprit: culprit)))
        reportEnd(worker, end)
    }

    private mutating func beats(_ worker: WorkerID, _ number: Int) {
        guard let process = process(worker), process.task(of: number) != nil, !process.isSilent,
            !process.isHung
        else { return }
        beat(worker, number, progress: UInt64(turns))
        soon(.beats(worker, number), in: .seconds(1))
    }

    private mutating func finishes(_ worker: WorkerID, _ number: Int) {
        guard let process = process(worker), let place = process.task(of: number),
            !process.isSilent, !process.isHung
        else { return }
        change(worker) { $0.tasks[place].isDone = true }
        guard process.tasks[place].child == nil else { return }
        let isSure = process.nature.concurrency == 1
        let signal = { (name: String) in WorkerEnd.signaled(name: name, coreDumped: false) }
        switch doing(number, process) {
        case .result, .deaf: answers(worker, number, WorkerReply())
        case .error(let error, let execution):
            answers(worker, number, WorkerReply(error: error, execution: execution))
        case .busy(let retryAfter):
            let reply = WorkerReply(
                error: .overloaded,
                execution: .notRun,
                retryAfter: retryAfter
            )
            answers(worker, number, reply)
        case .crash: die(worker, signal("SIGSEGV"), isSure ? number : nil)
        case .outOfMemory:
            die(worker, .outOfMemory(isCertain: isSure), isSure ? number : nil)
        case .exit(let status): die(worker, .exited(status), isSure ? number : nil)
        case .hang: tell(.hang, of: worker, "hangs in call \(number)")
        case .answerTwice:
            answers(worker, number, WorkerReply())
            tell(.breach, of: worker, "answers call \(number) once more")
            reply(worker, number, WorkerReply())
        case .closeChannel: soon(.closesChannel(worker, why: "the worker closed it"))
        }
    }

    /// The process dies; now and then its channel is seen to close before.
    mutating func die(_ worker: WorkerID, _ end: WorkerEnd, _ culprit: Int? = nil) {
        change(worker) { process in
            process.isSilent = true
            process.frozenUntil = .zero
        }
        var dice = dice(2_000_000 + worker.slot.index, Int(worker.incarnation.number))
        if dice.chance(50) { soon(.closesChannel(worker, why: "the worker is dying")) }
        soon(.ends(worker, end, culprit: culprit), in: dice.milliseconds(0...20))
    }

    private mutating func answers(_ worker: WorkerID, _ number: Int, _ reply: WorkerReply) {
        change(worker) { process in
            if let place = process.task(of: number) { process.tasks.remove(at: place) }
        }
        self.reply(worker, number, reply)
        leaveIfDone(worker)
    }

    private mutating func acknowledges(_ worker: WorkerID, _ number: Int) {
        guard let process = process(worker), process.task(of: number) != nil, !process.isSilent,
            !process.isHung
        else { return }
        answers(worker, number, WorkerReply(error: .cancelled, execution: .ranAndFailed))
    }

    private mutating func answersProbe(_ worker: WorkerID, _ number: UInt32) {
        guard let process = process(worker), !process.isSilent, !process.isHung else { return }
        let state = process.state(at: clock)
        observeNow(.worker(.answeredProbe(worker, state)))
        answerProbe(worker, number, state)
    }

    private mutating func closesChannel(_ worker: WorkerID, _ why: String) {
        change(worker) { $0.isSilent = true }
        observeNow(.worker(.closedChannel(worker, why: why)))
        loseChannel(worker)
    }

    private mutating func callsOut(_ worker: WorkerID, _ number: Int) {
        guard let process = process(worker), let place = process.task(of: number),
            !process.isSilent, !process.isHung, let pick = calls[number].work.calls
        else { return }
        var call = Step.Call(client: 0, kernel: pick, work: Work(calls[number].work.duration / 4))
        call.isIdempotent = pick.isMultiple(of: 2)
        // Deeper by chance; a circle now and then.
        if pick.isMultiple(of: 3) { call.work.calls = pick / 3 }
        let child = calls.count
        change(worker) { $0.tasks[place].child = child }
        send(call, by: .worker(worker), parent: number)
    }

    /// The answer to a call that a worker made: its own call goes on.
    mutating func hearAnswer(_ number: Int, _ end: CallEnd) {
        switch calls[number].sent.caller {
        case .client(let client):
            var dice = dice(3_000_000 + number, 0)
            if dice.chance(weather.deafClients) { soon(.closesConnection(client)) }
        case .worker(let worker):
            guard let parent = calls[number].sent.parent, let process = process(worker),
                let place = process.task(of: parent), process.tasks[place].child == number
            else { return }
            change(worker) { $0.tasks[place].child = nil }
            if process.tasks[place].isDone { soon(.finishes(worker, parent)) }
        }
    }
}
