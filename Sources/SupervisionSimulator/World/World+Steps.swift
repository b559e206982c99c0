internal import SupervisionKit

/// Carries out the plan's steps.
extension World {
    mutating func take(_ action: Step.Action) {
        switch action {
        case .call(let call): send(call, by: .client(client(call.client)))
        case .cancel(let pick): cancelSomeCall(pick)
        case .sameIDAgain(let pick): repeatSomeID(pick)
        case .flood(let client, let kernel, let calls):
            flood(self.client(client), kernel, calls)
        case .badFrame(let client): sendBadFrame(client)
        case .clientLeaves(let client): leaves(self.client(client))
        case .harm(let harm, let worker): self.harm(harm, worker)
        case .massDeath(let pick): killAll(pick)
        case .reload(let reload): self.reload(reload)
        case .wrongFiles:
            tell(.wrongFiles, "the operator reloads files that are wrong")
            startReload()
            refuseReload()
        case .overrideBreaker(let kernel, let word): override(kernel, word)
        case .acknowledgeAlert(let pick): acknowledge(pick)
        case .stop: askForTheEnd()
        case .stall(let time):
            tell(.stall, "the daemon's loop is held up for \(time.inWords)")
            clock = clock + time
        case .suspend(let time): sleep(time)
        case .clockJumpsBack(let time, let turns):
            tell(.clockJump, "the clock jumps back by \(time.inWords)")
            skew = time
            skewedTurns = turns
        }
    }

    private mutating func tell(_ mark: Coverage.Mark, _ what: String) {
        observeNow(.outside(.did(mark, what)))
    }

    private mutating func flood(_ client: ClientID, _ kernel: UInt32, _ calls: Int) {
        tell(.flood, "client \(client.index) sends \(calls) calls at once")
        for number in 0..<calls {
            var call = Step.Call(
                client: client.index,
                kernel: kernel,
                work: Work(.milliseconds(50))
            )
            call.timeout = .milliseconds(Int64(100 + number))
            send(call, by: .client(self.client(client.index)))
        }
    }

    // MARK: - Workers

    private mutating func harm(_ harm: Step.Harm, _ pick: UInt32) {
        let workers = processes.compactMap { $0?.worker }
        guard !workers.isEmpty else { return }
        let worker = workers[Int(pick) % workers.count]
        guard let process = process(worker) else { return }
        switch harm {
        case .crash(let signal):
            die(worker, .signaled(name: signal, coreDumped: false))
        case .exit(let status): die(worker, .exited(status))
        case .hang:
            tell(.hang, of: worker, "hangs")
            change(worker) { $0.isHung = true }
        case .freeze(let time):
            tell(.freeze, of: worker, "is frozen for \(time.inWords)")
            let until = clock + time
            change(worker) { $0.frozenUntil = until }
        case .sicken(let time):
            tell(.sickness, of: worker, "is sick for \(time.inWords)")
            let until = clock + time
            change(worker) { $0.sickUntil = until }
        case .closeChannel: soon(.closesChannel(worker, why: "the worker closed it"))
        case .nonsense where process.isHeard:
            tell(.breach, of: worker, "sends what no worker may")
            misbehave(worker, "made up: a frame that only the daemon sends")
        case .wrongReply where process.isHeard:
            tell(.breach, of: worker, "answers a call that never was")
            replyWrongly(worker)
        case .helloAgain where process.isHeard: soon(.greets(worker))
        case .readyAgain where process.isHeard: soon(.becomesReady(worker))
        case .heartbeats(let count) where process.isHeard:
            guard let task = process.tasks.first else { return }
            for _ in 0..<count { beat(worker, task.call, progress: UInt64(turns)) }
        case .nonsense, .wrongReply, .helloAgain, .readyAgain, .heartbeats: break
        }
    }

    private mutating func killAll(_ pick: UInt32) {
        guard !configuration.groups.isEmpty else { return }
        let group = configuration.groups[Int(pick) % configuration.groups.count].name
        let device = device(of: group)
        tell(.lostDevice, "\(device) is lost")
        for worker in processes.compactMap({ $0?.worker })
        where self.device(of: supervisor.groupName(of: worker.slot)) == device {
            die(worker, .signaled(name: "SIGABRT", coreDumped: true))
        }
    }

    // MARK: - People and the machine

    private mutating func override(_ pick: UInt32, _ word: BreakerOverride?) {
        guard let kernel = kernelName(pick) else { return }
        let text = word?.rawValue ?? "what the configuration says"
        tell(.override, "the operator sets the breakers of \(kernel) to \(text)")
        overridden.insert(kernel)
        overrideBreaker(of: kernel, word)
    }

    private mutating func acknowledge(_ pick: UInt32) {
        guard !configuration.groups.isEmpty else { return }
        let group = configuration.groups[Int(pick) % configuration.groups.count].name
        tell(.acknowledgement, "the operator takes note of the alert of \(group)")
        acknowledgeAlert(of: group)
    }

    private mutating func askForTheEnd() {
        if stopAsked == nil { stopAsked = instant } else { stopUrged = true }
        observeNow(.outside(.stopRequested))
        requestStop()
    }

    /// The boot clock goes on while nothing else does.
    private mutating func sleep(_ time: Duration) {
        tell(.sleep, "the machine sleeps for \(time.inWords)")
        clock = clock + time
        agenda.postpone(time)
        for worker in processes.compactMap({ $0?.worker }) {
            change(worker) { $0.frozenUntil = $0.frozenUntil + time }
        }
    }

    // MARK: - Reloads

    private mutating func reload(_ reload: Step.Reload) {
        let before = configuration
        switch reload {
        case .nothing: break
        case .program(let pick): changeGroup(pick) { $0.launchFingerprint += 1 }
        case .replicas(let pick, let count): changeGroup(pick) { $0.replicas = count }
        case .policies(let pick, let seed): changePolicies(pick, seed)
        case .group(let pick): toggleGroup(pick)
        case .kernel(let pick): toggleKernel(pick)
        case .move(let kernel, let group): move(kernel, to: group)
        case .limits(let count): configuration.limits.maxCallsPerClient = count
        }
        apply(since: before, why: "the operator reloads")
    }

    private mutating func changeGroup(_ pick: UInt32, _ body: (inout GroupConfiguration) -> Void) {
        guard !configuration.groups.isEmpty else { return }
        body(&configuration.groups[Int(pick) % configuration.groups.count])
    }

    private mutating func changePolicies(_ pick: UInt32, _ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        changeGroup(pick) { $0.drawPolicies(using: &random) }
        guard !configuration.kernels.isEmpty else { return }
        let kernel = Int(pick) % configuration.kernels.count
        configuration.kernels[kernel].drawPolicies(using: &random)
    }

    /// A group that is there goes with its kernels; one that went comes back.
    private mutating func toggleGroup(_ pick: UInt32) {
        let names = (configuration.groups.map(\.name) + absentGroups.keys).sorted()
        guard !names.isEmpty else { return }
        // What went comes back before long.
        let isBack = !pick.isMultiple(of: 4)
        let name = isBack ? absentGroups.keys.min() ?? names[0] : names[Int(pick) % names.count]
        if let group = absentGroups.removeValue(forKey: name) {
            configuration.groups.append(group)
            for kernel in absentKernels.keys.sorted() where absentKernels[kernel]?.group == name {
                if let back = absentKernels.removeValue(forKey: kernel) {
                    configuration.kernels.append(back)
                }
            }
        } else if configuration.groups.count > 1 || pick.isMultiple(of: 16) {
            absentGroups[name] = configuration.groups.first { $0.name == name }
            configuration.groups.removeAll { $0.name == name }
            for kernel in configuration.kernels where kernel.group == name {
                absentKernels[kernel.name] = kernel
            }
            configuration.kernels.removeAll { $0.group == name }
        }
    }

    private mutating func toggleKernel(_ pick: UInt32) {
        let absent = pick.isMultiple(of: 4) ? nil : absentKernels.keys.min()
        guard let name = absent ?? kernelName(pick) else { return }
        if let kernel = absentKernels[name] {
            guard configuration.groups.contains(where: { $0.name == kernel.group }) else { return }
            absentKernels[name] = nil
            configuration.kernels.append(kernel)
        } else if configuration.kernels.count > 1 {
            absentKernels[name] = configuration.kernels.first { $0.name == name }
            configuration.kernels.removeAll { $0.name == name }
        }
    }

    /// Both groups' processes are then started with other kernels.
    private mutating func move(_ pick: UInt32, to place: UInt32) {
        guard let name = kernelName(pick), !configuration.groups.isEmpty,
            let kernel = configuration.kernels.firstIndex(where: { $0.name == name })
        else { return }
        let former = configuration.kernels[kernel].group
        let group = Int(place) % configuration.groups.count
        guard configuration.groups[group].name != former else { return }
        configuration.kernels[kernel].group = configuration.groups[group].name
        for index in configuration.groups.indices
        where index == group || configuration.groups[index].name == former {
            configuration.groups[index].launchFingerprint += 1
        }
    }

    /// The files on disk are in force from here on.
    mutating func apply(since before: Configuration, why: String) {
        let (former, present) = (before.withStandIns.groups, configuration.withStandIns.groups)
        let names = Set(former.map(\.name) + present.map(\.name))
        let changed = names.filter { name in
            former.first { $0.name == name } != present.first { $0.name == name }
        }
        let count = configuration.kernels.count
        observeNow(.outside(.configured(kernels: count, changed: changed, why: why)))
        configure()
    }
}

extension Process {
    /// What it sends reaches the daemon.
    var isHeard: Bool { !isSilent && !isHung }
}
