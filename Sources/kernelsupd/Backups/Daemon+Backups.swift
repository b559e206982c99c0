internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

/// Backups: to the core, workers whose process is a connection to another daemon.
///
/// A start connects and asks how the kernel is there; what would be a crash is a lost connection.
extension Daemon {
    /// Calls that one backup has at once.
    private static let backupConcurrency = 64
    /// Of the question that comes before everything; the core counts its own from 1.
    private static let firstProbe = UInt64.max

    func backup(of worker: WorkerID) -> BackupConnection? {
        guard let backup = backups[worker.slot], backup.worker == worker else { return nil }
        return backup
    }

    // MARK: - Start and end

    func connect(_ worker: WorkerID, to target: BackupTarget) {
        do {
            let socket = try PacketSocket.connect(path: target.socket, nonblocking: true)
            guard try PeerCredentials.of(socket.rawDescriptor).pid != getpid() else {
                let text = "connect \(target.socket): it is this daemon's own socket"
                return fail(worker, text, isPermanent: true)
            }
            let backup = BackupConnection(worker: worker, socket: socket)
            try backup.watch(on: loop) { [self] events in
                assumeIsolated { $0.backupIsReady(worker, events) }
            }
            backups[worker.slot] = backup
            pending.append(.workerGreeted(worker, concurrency: Self.backupConcurrency))
        } catch {
            fail(worker, "\(error)", isPermanent: false)
        }
    }

    private func fail(_ worker: WorkerID, _ text: String, isPermanent: Bool) {
        let failure = SupervisionKit.SpawnFailure(text: text, isPermanent: isPermanent)
        pending.append(.workerEnded(worker, .notStarted(failure)))
    }

    /// Whatever the other daemon still has of our calls it cancels when the connection is gone.
    private func end(_ backup: BackupConnection, _ end: WorkerEnd) {
        guard backups[backup.worker.slot] === backup else { return }
        backups[backup.worker.slot] = nil
        pending.append(.workerEnded(backup.worker, end))
    }

    /// - Returns: false when the worker is none of these.
    func endBackup(_ worker: WorkerID, _ end: WorkerEnd) -> Bool {
        guard let backup = backup(of: worker) else { return false }
        self.end(backup, end)
        return true
    }

    // MARK: - To the backup

    func tell(_ backup: BackupConnection, _ frame: WorkerFrame) {
        switch frame {
        case .cancel, .probe: send(frame, to: backup)
        case .welcome:
            let name = backupKernel(of: backup.worker)
            send(.probe(.init(number: Self.firstProbe, kernel: name)), to: backup)
        case .shutdown: end(backup, .exited(0))
        case .hello, .ready, .heartbeat, .refuse, .probed: break
        }
    }

    private func backupKernel(of worker: WorkerID) -> String {
        backupTargets[core.groupName(of: worker.slot)]?.kernel ?? ""
    }

    private func send(_ frame: WorkerFrame, to backup: BackupConnection) {
        var frame = frame
        // The core knows the kernel by the name that it has here.
        if case .probe(var probe) = frame {
            probe.kernel = backupKernel(of: backup.worker)
            frame = .probe(probe)
        }
        do {
            let bytes = try frame.encoded()
            let outcome = bytes.withUnsafeBytes {
                backup.outbox.send($0, [], on: backup.socket)
            }
            settle(outcome, backup)
        } catch {
            report("a frame for a backup could not be encoded: \(error.message)")
        }
    }

    /// Sends a call on, marked as one that has been passed on.
    func pass(
        _ bytes: inout [UInt8],
        _ count: Int,
        _ descriptors: [Int32],
        to backup: BackupConnection
    ) {
        CallFrame.markFromDaemon(&bytes)
        let outcome = bytes.withUnsafeBytes {
            backup.outbox.send(
                UnsafeRawBufferPointer(rebasing: $0[..<count]),
                descriptors,
                on: backup.socket
            )
        }
        settle(outcome, backup)
    }

    private func settle(_ outcome: Outbox.Outcome, _ backup: BackupConnection) {
        switch outcome {
        case .sent: break
        case .queued: backup.wantsToWrite(true)
        case .unread(let what): end(backup, .disconnected(what))
        case .failed(let error): end(backup, .disconnected("\(error)"))
        }
    }

    // MARK: - From the backup

    private func backupIsReady(_ worker: WorkerID, _ events: ReadyEvents) {
        guard let backup = backup(of: worker) else { return }
        if events.contains(.writable) {
            switch backup.outbox.flush(on: backup.socket) {
            case .sent: backup.wantsToWrite(false)
            case .queued: break
            case .unread(let what): end(backup, .disconnected(what))
            case .failed(let error): end(backup, .disconnected("\(error)"))
            }
        }
        for _ in 0..<Self.packetsPerTurn {
            guard backups[worker.slot] === backup, receive(from: backup) else { break }
        }
        handlePending()
    }

    /// - Returns: whether there may be more.
    private func receive(from backup: BackupConnection) -> Bool {
        do {
            switch try frame.receive(from: backup.socket) {
            case .wouldBlock: return false
            case .closed:
                end(backup, .disconnected("it closed the connection"))
                return false
            case .packet(_, let isTruncated, let descriptorsLost):
                guard !isTruncated else {
                    throw WireError(.tooLarge, "a frame has at most \(Limits.maxFrameBytes) bytes")
                }
                try take(from: backup, descriptorsLost)
                return true
            }
        } catch let error as WireError {
            end(backup, .disconnected("it broke the protocol: \(error.message)"))
        } catch {
            end(backup, .disconnected("\(error)"))
        }
        return false
    }

    private func take(from backup: BackupConnection, _ descriptorsLost: Bool) throws(WireError) {
        let header = try FrameHeader(decoding: frame.buffer.span.extracting(first: frame.count))
        try frame.checkDescriptors(header, areLost: descriptorsLost)
        guard header.type == .reply else { return try answerToProbe(header, backup) }
        let outcome = try ReplyFrame.outcome(
            of: frame.buffer.span.extracting(first: frame.count),
            header: header
        )
        let reply = WorkerReply(
            error: outcome.error,
            execution: outcome.execution,
            retryAfter: ReplyFrame.retryAfter(of: frame.buffer.span.extracting(first: frame.count))
        )
        // An answer that crossed our cancel names a call that is gone, and is no offence here.
        guard core.isAlive(backup.worker),
            ask({ $0.has(CallID(rawValue: header.id), at: backup.worker) })
        else { return }
        apply(.workerReplied(backup.worker, CallID(rawValue: header.id), reply))
    }

    private func answerToProbe(
        _ header: FrameHeader,
        _ backup: BackupConnection
    ) throws(WireError) {
        let answer = try WorkerFrame(
            decoding: frame.buffer.span.extracting(first: frame.count),
            header: header
        )
        guard case .probed(let probed) = answer else {
            throw WireError(.unknownType(header.type.rawValue), "it sent a frame of a worker's")
        }
        let result = ProbeResult(probed)
        guard probed.number == Self.firstProbe else {
            guard let number = UInt32(exactly: probed.number) else { return }
            return apply(.workerProbed(backup.worker, number: number, result))
        }
        if case .failed(let why) = result {
            let failure = SupervisionKit.SpawnFailure(
                text: "the backup can't serve it: \(why)",
                isPermanent: false
            )
            return end(backup, .notStarted(failure))
        }
        guard !backup.isReady else { return }
        backup.isReady = true
        let kernel = backupKernel(of: backup.worker)
        let declaration = WorkerDeclaration(
            device: backupTargets[core.groupName(of: backup.worker.slot)]?.socket ?? "",
            kernels: [.init(name: kernel, isIdempotent: false)]
        )
        apply(.workerReady(backup.worker, declaration))
    }
}
