internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

/// Every effect of the core and who carries it out. What fails goes into `pending` as an event.
extension Daemon {
    func perform(_ effect: Effect) {
        switch effect {
        case .keep(let call): store.keep(&frame, at: call.index)
        case .forward(let call, let worker, let deadline, let attempt, let depth):
            let changes = CallChanges(
                id: call.rawValue,
                deadline: deadline,
                attempt: attempt,
                depth: depth
            )
            forward(call, to: worker, changes)
        case .release(let call): store.release(call.index)
        case .rename(let call, let name): rename(call, name)
        case .mark(let why): mark(why)
        case .cancel(let call, let worker): send(.cancel(id: call.rawValue), to: worker)
        case .deliver(let caller, let callerCall, let attempts, let queued):
            deliver(to: caller, callerCall, attempts: attempts, queued: queued)
        case .answer(let answer): send(answer)
        case .spawn(let worker): spawn(worker)
        case .welcome(let worker): welcome(worker)
        case .askToStop(let worker): send(.shutdown, to: worker)
        case .terminate(let worker): signal(worker, [SIGTERM, SIGCONT])
        case .kill(let worker): kill(worker)
        case .probe(let worker, let number, let kernel):
            send(.probe(.init(number: UInt64(number), kernel: kernel)), to: worker)
        case .keepOverride(let kernel, let word): keepOverride(word, of: kernel)
        case .notifyOperator(let notice): notify(notice)
        case .log(let record):
            let record = withSituation(record)
            log.write(record)
            remember(record)
        case .notify(let notification): tell(notification)
        case .exit: finish()
        }
    }

    private func tell(_ notification: Notification) {
        serviceManager.tell(notification)
        // The files have been read: what only that needs is most of what is mapped by now.
        if case .ready = notification { ProgramText.release() }
    }

    // MARK: - Calls

    /// What the daemon writes into a call frame before a worker gets it.
    private struct CallChanges {
        var id: UInt64
        var deadline: Instant
        var attempt: UInt32
        var depth: UInt16

        func apply(to bytes: inout [UInt8]) {
            CallFrame.patch(
                &bytes,
                id: id,
                deadline: deadline,
                attempt: attempt,
                chainDepth: depth
            )
        }
    }

    /// The kept frame goes out when there is one, else the frame at hand.
    private func forward(_ call: CallID, to worker: WorkerID, _ changes: CallChanges) {
        guard let connection = connection(of: worker) else {
            return passOn(call, to: worker, changes)
        }
        let kept = store.withFrame(call.index) { bytes, descriptors in
            changes.apply(to: &bytes)
            return bytes.withUnsafeBytes {
                connection.outbox.send($0, descriptors, on: connection.channel)
            }
        }
        guard let outcome = kept else {
            guard isCallAtHand else { return }
            changes.apply(to: &frame.buffer)
            return settle(sendFrame(to: connection), worker, connection)
        }
        settle(outcome, worker, connection)
    }

    private func passOn(_ call: CallID, to worker: WorkerID, _ changes: CallChanges) {
        guard let backup = backup(of: worker) else { return }
        let isSent: Bool? = store.withFrame(call.index) { bytes, descriptors in
            changes.apply(to: &bytes)
            pass(&bytes, bytes.count, descriptors, to: backup)
            return true
        }
        guard isSent == nil, isCallAtHand else { return }
        changes.apply(to: &frame.buffer)
        pass(&frame.buffer, frame.count, frame.descriptors, to: backup)
    }

    /// A frame that would be too long under its new name keeps the old one.
    private func rename(_ call: CallID, _ name: String) {
        let isKept = store.exchange(call.index) { CallFrame.renamed($0, to: name) }
        guard !isKept, isCallAtHand else { return }
        frame.exchange { CallFrame.renamed($0, to: name) }
    }

    private func mark(_ why: String) {
        frame.exchange { ReplyFrame.marked($0, why: why) }
    }

    private func sendFrame(to connection: WorkerConnection) -> Outbox.Outcome {
        let count = frame.count
        let descriptors = frame.descriptors
        return frame.buffer.withUnsafeBytes {
            connection.outbox.send(
                UnsafeRawBufferPointer(rebasing: $0[..<count]),
                descriptors,
                on: connection.channel
            )
        }
    }

    private func deliver(
        to caller: CallerID,
        _ callerCall: UInt64,
        attempts: UInt32,
        queued: Duration
    ) {
        ReplyFrame.patch(
            &frame.buffer,
            id: callerCall,
            attempts: attempts,
            queued: queued,
            isDegraded: false
        )
        let count = frame.count
        let descriptors = frame.descriptors
        frame.buffer.withUnsafeBytes {
            send(UnsafeRawBufferPointer(rebasing: $0[..<count]), descriptors, to: caller)
        }
    }

    /// A reply goes the way on which its call came: to a client, or down a worker's channel.
    private func send(
        _ bytes: UnsafeRawBufferPointer,
        _ descriptors: [Int32],
        to caller: CallerID
    ) {
        switch caller {
        case .client(let client):
            guard let connection = clients[client] else { return }
            settle(
                connection.outbox.send(bytes, descriptors, on: connection.socket),
                connection
            )
        case .worker(let worker):
            guard let connection = connection(of: worker) else { return }
            settle(
                connection.outbox.send(bytes, descriptors, on: connection.channel),
                worker,
                connection
            )
        }
    }

    private func send(_ answer: Answer) {
        let head = ReplyHead(
            id: answer.callerCall,
            error: answer.error,
            execution: answer.execution,
            attempts: answer.attempts,
            retryAfter: answer.retryAfter,
            queued: answer.queued,
            incarnation: answer.incarnation?.number ?? 0,
            worker: answer.worker,
            message: answer.message
        )
        do {
            let bytes = try ReplyFrame.encode(head)
            bytes.withUnsafeBytes { send($0, [], to: answer.caller) }
        } catch {
            report("an answer could not be encoded: \(error.message)")
        }
    }

    // MARK: - Workers

    func send(_ frame: WorkerFrame, to worker: WorkerID) {
        if let backup = backup(of: worker) { return tell(backup, frame) }
        guard let connection = connection(of: worker) else { return }
        do {
            let bytes = try frame.encoded()
            let outcome = bytes.withUnsafeBytes {
                connection.outbox.send($0, [], on: connection.channel)
            }
            settle(outcome, worker, connection)
        } catch {
            report(
                "a frame for \(core.name(of: worker.slot)) could not be encoded: \(error.message)"
            )
        }
    }

    private func welcome(_ worker: WorkerID) {
        watchLifeline(of: worker)
        send(
            .welcome(
                WorkerFrame.Welcome(
                    heartbeatMilliseconds: 1000,
                    incarnation: worker.incarnation.number,
                    worker: core.name(of: worker.slot)
                )
            ),
            to: worker
        )
    }

    func settle(
        _ outcome: Outbox.Outcome,
        _ worker: WorkerID,
        _ connection: WorkerConnection
    ) {
        switch outcome {
        case .sent: break
        case .queued: connection.wantsToWrite(true)
        case .unread(let what): pending.append(.workerMisbehaved(worker, what))
        case .failed(let error):
            if error.errno != EPIPE, error.errno != ECONNRESET {
                report("a frame for \(core.name(of: worker.slot)) could not be sent: \(error)")
            }
            pending.append(.workerChannelClosed(worker))
        }
    }

    func settle(_ outcome: Outbox.Outcome, _ connection: ClientConnection) {
        switch outcome {
        case .sent: break
        case .queued: connection.wantsToWrite(true)
        case .unread(let what): drop(connection, what)
        case .failed(let error): drop(connection, "\(error)")
        }
    }

    // MARK: - Log

    /// Of a worker that can't be ended, where in the kernel it is: what an operator asks next.
    private func withSituation(_ record: LogRecord) -> LogRecord {
        guard record.kind == .workerStuck else { return record }
        let incarnation = record.fields.first { $0.name == "INCARNATION" }?.value
        for case let connection? in workers
        where "\(connection.worker.incarnation.number)" == incarnation {
            let pid = connection.process.pid
            var record = record
            record.fields.append(.init("PID", "\(pid)"))
            if let situation = ProcessSituation(of: pid) {
                record.message += "; it is \(situation)"
                if !situation.stack.isEmpty {
                    record.fields.append(.init("STACK", situation.stack))
                }
            }
            return record
        }
        return record
    }

    /// A fault of the daemon's own surroundings, which the core can do nothing about.
    func report(_ message: String) {
        log.write(LogRecord(.error, .daemonFault, message))
    }
}
