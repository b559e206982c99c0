internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// Starting and ending worker processes.
extension Daemon {
    /// Where a worker finds its channel.
    static let channelNumber: Int32 = 3

    func spawn(_ worker: WorkerID) {
        do {
            try start(worker)
        } catch {
            let failure = SupervisionKit.SpawnFailure(
                text: "\(error)",
                isPermanent: Self.isPermanent(error.errno)
            )
            pending.append(.workerEnded(worker, .notStarted(failure)))
        }
    }

    private func start(_ worker: WorkerID) throws(SystemError) {
        let group = core.groupName(of: worker.slot)
        guard let launch = launches[group] else {
            throw SystemError("spawn", errno: ENOENT, subject: "group '\(group)' has no program")
        }
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
                environment: launch.environment + [
                    "KERNELSUP_CHANNEL=\(Self.channelNumber)", mark(of: worker),
                ],
                workingDirectory: launch.process.workingDirectory,
                inheritedDescriptors: [.init(theirs.rawValue, asNumber: Self.channelNumber)],
                standardOutput: outputWriter.rawValue,
                standardError: errorWriter.rawValue,
                resourceLimits: limits(of: launch.process),
                umask: launch.process.umask,
                oomScoreAdjust: Int32(launch.process.oomScoreAdjust),
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

    /// By which a process is known as the worker's own, or as one that it has started.
    private func mark(of worker: WorkerID) -> String {
        "KERNELSUP_WORKER=\(core.name(of: worker.slot))/\(worker.incarnation.number)"
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
        if let bytes = process.memory {
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
            try? connection.process.signalGroup(SIGKILL)
            var entry = pollfd(
                fd: connection.process.rawDescriptor,
                events: Int16(POLLIN),
                revents: 0
            )
            // A killed process that has not begun is gone in microseconds.
            poll(&entry, 1, 1000)
            _ = try? connection.process.reap()
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
        guard let connection = connection(of: worker) else { return }
        for signal in signals {
            do {
                try connection.process.signalGroup(signal)
            } catch {
                guard error.errno != ESRCH else { return }
                report("\(core.name(of: worker.slot)) could not be signalled: \(error)")
            }
        }
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
            end = workerEnd(reason, connection.spawnFailure)
        } catch {
            report("\(core.name(of: worker.slot)) could not be waited for: \(error)")
            end = .exited(-1)
        }
        workers[worker.slot.index] = nil
        apply(.workerEnded(worker, end))
    }

    private func workerEnd(
        _ reason: ExitReason,
        _ failure: LinuxSystem.SpawnFailure?
    ) -> WorkerEnd {
        if let failure {
            return .notStarted(
                .init(text: "\(failure)", isPermanent: Self.isPermanent(failure.errno))
            )
        }
        switch reason {
        case .exited(let code): return .exited(code)
        case .signaled(let signal, let coreDumped):
            return .signaled(name: signalName(signal), coreDumped: coreDumped)
        }
    }

    /// Errors of a start that only a changed file or configuration can mend; the others pass.
    private static func isPermanent(_ number: Int32) -> Bool {
        switch number {
        case EAGAIN, ENOMEM, EMFILE, ENFILE, EINTR, ETXTBSY, EBUSY, EIO: false
        default: true
        }
    }
}
