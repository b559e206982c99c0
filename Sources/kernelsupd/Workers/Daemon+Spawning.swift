internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// Starting and ending worker processes.
extension Daemon {
    /// Where a worker finds its channel.
    static let channelNumber: Int32 = 3

    /// Not before everything of the slot's former worker is gone.
    func spawn(_ worker: WorkerID) {
        if let target = backupTargets[core.groupName(of: worker.slot)] {
            return connect(worker, to: target)
        }
        guard !holds(worker) else { return }
        var group: ControlGroup?
        do {
            try start(worker, &group)
        } catch {
            try? group?.remove()
            let failure = SupervisionKit.SpawnFailure(
                text: "\(error)",
                isPermanent: Self.isPermanent(error.errno)
            )
            pending.append(.workerEnded(worker, .notStarted(failure)))
        }
    }

    /// Sets `group` to the control group that was made, also when the start fails.
    private func start(_ worker: WorkerID, _ group: inout ControlGroup?) throws(SystemError) {
        let name = core.groupName(of: worker.slot)
        guard let launch = launches[name] else {
            throw SystemError("spawn", errno: ENOENT, subject: "group '\(name)' has no program")
        }
        group = try workerGroups?.create(
            slot: core.name(of: worker.slot),
            worker,
            memory: launch.process.memory
        )
        let pair = try PacketSocket.pair(nonblocking: true)
        let channel = pair.ours
        let theirs = pair.theirs
        let outputPipe = try Pipe.create()
        let output = outputPipe.reader
        let outputWriter = outputPipe.writer
        let errorPipe = try Pipe.create()
        let errors = errorPipe.reader
        let errorWriter = errorPipe.writer
        let spawned = try Spawn.start(
            SpawnRequest(
                helperPath: settings.execHelperPath,
                executable: launch.executable,
                arguments: launch.arguments,
                environment: launch.environment(with: [
                    ("KERNELSUP_CHANNEL", "\(Self.channelNumber)"),
                    (Self.markName, mark(of: worker)),
                ]),
                workingDirectory: launch.process.workingDirectory,
                inheritedDescriptors: [.init(theirs.rawValue, asNumber: Self.channelNumber)],
                standardOutput: outputWriter.rawValue,
                standardError: errorWriter.rawValue,
                resourceLimits: limits(of: launch.process),
                umask: launch.process.umask,
                oomScoreAdjust: Int32(launch.process.oomScoreAdjust),
                controlGroup: group?.path,
                user: launch.process.identity
            )
        )
        // Ours are copies; a worker that dies must be the last to hold its ends.
        _ = consume theirs
        _ = consume outputWriter
        _ = consume errorWriter
        let process = spawned.process
        let report = spawned.report
        let connection = WorkerConnection(
            worker: worker,
            process: process,
            controlGroup: group,
            memoryMark: outOfMemory.unexplained(),
            channel: channel,
            outputs: [
                OutputPipe(.standardOutput, reader: output),
                OutputPipe(.standardError, reader: errors),
            ],
            report: report
        )
        try watch(connection)
        while worker.slot.index >= workers.count { workers.append(nil) }
        workers[worker.slot.index] = connection
        let record = LogRecord(
            .info,
            .workerStarting,
            "worker '\(core.name(of: worker.slot))' is starting",
            [.init("PID", "\(connection.process.pid)")]
        )
        log.write(record)
    }

    private func limits(of process: ProcessSettings) -> [ResourceLimit] {
        var limits = [settings.workerOpenFiles]
        if process.openFiles > 0 {
            let count = UInt64(process.openFiles)
            limits = [ResourceLimit(.openFiles, soft: count, hard: count)]
        }
        if let bytes = process.coreSize {
            limits.append(ResourceLimit(.coreBytes, soft: bytes, hard: bytes))
        }
        if let bytes = process.memory, workerGroups?.limitMemory != true {
            limits.append(ResourceLimit(.dataBytes, soft: bytes, hard: bytes))
        }
        return limits
    }

    private func watch(_ connection: WorkerConnection) throws(SystemError) {
        let worker = connection.worker
        do {
            try connection.watch(
                on: loop,
                channel: { [self] events in assumeIsolated { $0.channelIsReady(worker, events) } },
                output: { [self] stream in assumeIsolated { $0.outputIsReady(worker, stream) } },
                report: { [self] _ in assumeIsolated { $0.reportIsReady(worker) } },
                end: { [self] _ in assumeIsolated { $0.processEnded(worker) } }
            )
        } catch {
            // Without its place in the loop nobody would see it end.
            connection.process.endNow()
            throw error
        }
    }

    func connection(of worker: WorkerID) -> WorkerConnection? {
        guard worker.slot.index < workers.count,
            let connection = workers[worker.slot.index], connection.worker == worker
        else { return nil }
        return connection
    }

    // MARK: - Signals

    func signal(_ worker: WorkerID, _ signals: [Int32]) {
        if endBackup(worker, .signaled(name: "SIGTERM", coreDumped: false)) { return }
        guard !dropHeld(worker), let connection = connection(of: worker) else { return }
        for signal in signals {
            do {
                try connection.process.signalGroup(signal)
            } catch {
                guard error.errno != ESRCH else { return }
                report("\(core.name(of: worker.slot)) could not be signalled: \(error)")
            }
        }
    }

    /// SIGKILL for the worker and all that it has started.
    func kill(_ worker: WorkerID) {
        if endBackup(worker, .disconnected("this daemon has ended the connection")) { return }
        // One that is dying already was ended by somebody else, for want of memory perhaps.
        if let connection = connection(of: worker),
            !ProcessSituation.isEnding(connection.process.pid)
        {
            connection.isKilled = true
            connection.killedWhile = ProcessSituation.hindrance(of: connection.process.pid)
        }
        signal(worker, [SIGKILL])
        // The first signal alone would miss what is in another session, the second a process on
        // its way into the group.
        try? connection(of: worker)?.controlGroup?.kill()
    }

    // MARK: - Reports

    private func reportIsReady(_ worker: WorkerID) {
        guard let connection = connection(of: worker) else { return }
        readReport(of: connection)
    }

    private func readReport(of connection: WorkerConnection) {
        do {
            switch try connection.spawnReport.read(from: connection.report) {
            case .executed: connection.reportEnded()
            case .failed(let failure):
                connection.spawnFailure = failure
                connection.reportEnded()
            case nil: break
            }
        } catch {
            connection.reportEnded()
        }
    }

    /// The pidfd says that the process is gone; as it isn't reaped, its pid is still its own.
    private func processEnded(_ worker: WorkerID) {
        guard let connection = connection(of: worker) else { return }
        receiveAll(from: connection)
        readAllOutput(of: connection)
        readReport(of: connection)
        // Whatever it left behind in its process group goes with it, before the number is free.
        try? connection.process.signalGroup(SIGKILL)
        let end: WorkerEnd
        do {
            guard let reason = try connection.process.reap() else { return }
            end = workerEnd(reason, of: connection)
        } catch {
            report("\(core.name(of: worker.slot)) could not be waited for: \(error)")
            end = .exited(-1)
        }
        workers[worker.slot.index] = nil
        endGroup(of: connection)
        remains.isLookDue = true
        apply(.workerEnded(worker, end))
        output(of: worker.slot).workerEnded(
            worker.incarnation.number,
            core.end(of: worker) ?? end.phrase,
            wallMicroseconds: Int64(Clock.wall() / 1000)
        )
    }

    private func workerEnd(
        _ reason: ExitReason,
        of connection: WorkerConnection
    ) -> WorkerEnd {
        if let failure = connection.spawnFailure {
            return .notStarted(
                .init(text: "\(failure)", isPermanent: Self.isPermanent(failure.errno))
            )
        }
        switch reason {
        case .exited(let code): return .exited(code)
        case .signaled(SIGKILL, _) where !connection.isKilled:
            return outOfMemoryEnd(of: connection) ?? .signaled(name: "SIGKILL", coreDumped: false)
        case .signaled(SIGKILL, _):
            return connection.killedWhile.map(WorkerEnd.killedWhile)
                ?? .signaled(name: "SIGKILL", coreDumped: false)
        case .signaled(let signal, let coreDumped):
            return .signaled(name: signalName(signal), coreDumped: coreDumped)
        }
    }

    /// For a worker that somebody else has killed: the kernel, when it shows the signs.
    private func outOfMemoryEnd(of connection: WorkerConnection) -> WorkerEnd? {
        if let group = connection.controlGroup, workerGroups?.limitMemory == true {
            return group.outOfMemoryKills > 0 ? .outOfMemory(isCertain: true) : nil
        }
        guard outOfMemory.explain(startedAt: connection.memoryMark) else { return nil }
        return .outOfMemory(isCertain: false)
    }

    /// Errors of a start that only a changed file or configuration can mend; the others pass.
    private static func isPermanent(_ number: Int32) -> Bool {
        switch number {
        case EAGAIN, ENOMEM, EMFILE, ENFILE, EINTR, ETXTBSY, EBUSY, EIO: false
        default: true
        }
    }
}
