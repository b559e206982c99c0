internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

/// Frames of workers. A worker is no more trusted than a client: what it must not send
/// costs it its life, and nobody else anything.
extension Daemon {
    /// More than the channel of a worker holds, which is 278 packets with a buffer of the usual
    /// size: one that lives on and goes on sending keeps nobody else waiting.
    private static let packetsOfChannel = 1024

    func channelIsReady(_ worker: WorkerID, _ events: ReadyEvents) {
        guard let connection = connection(of: worker) else { return }
        if events.contains(.writable) {
            let outcome = connection.outbox.flush(on: connection.channel)
            if case .sent = outcome { connection.wantsToWrite(false) }
            settle(outcome, worker, connection)
        }
        receive(from: connection, atMost: Self.packetsPerTurn, isLast: false)
        handlePending()
    }

    /// Takes over the lifeline that came with the hello at hand.
    func watchLifeline(of worker: WorkerID) {
        guard let connection = connection(of: worker), let number = frame.descriptors.popLast()
        else { return }
        do {
            try connection.watch(lifeline: FileDescriptor(owning: number), on: loop) { [self] _ in
                assumeIsolated { $0.lifelineEnded(worker) }
            }
        } catch {
            // Its death is seen by its channel, then.
            report("the lifeline of \(core.name(of: worker.slot)) can't be watched: \(error)")
        }
    }

    /// The worker is dying, which its channel tells later.
    ///
    /// What lies in the channel was sent before. The channel stays: an answer that was on its way
    /// into it as the process was killed still counts for a call that nobody else has got.
    private func lifelineEnded(_ worker: WorkerID) {
        guard let connection = connection(of: worker) else { return }
        connection.lifelineEnded()
        receive(from: connection, atMost: Self.packetsOfChannel, isLast: true)
        if connection.isChannelOpen { apply(.workerChannelClosed(worker)) }
        handlePending()
    }

    /// Everything that the dead worker has sent; its answers count.
    func receiveAll(from connection: WorkerConnection) {
        guard connection.isChannelOpen else { return }
        receive(from: connection, atMost: .max, isLast: true)
    }

    private func receive(
        from connection: WorkerConnection,
        atMost limit: Int,
        isLast: Bool
    ) {
        var count = 0
        while count < limit, connection.isChannelOpen {
            count += 1
            do {
                switch try frame.receive(from: connection.channel) {
                case .packet(_, let isTruncated, let descriptorsLost):
                    take(from: connection, isTruncated: isTruncated, descriptorsLost)
                    // As with clients: what has one call is still at it, and has nothing to say.
                    guard isLast || ask({ $0.callCount(of: connection.worker) }) > 1 else {
                        return
                    }
                case .wouldBlock: return
                case .closed: return channelEnded(connection)
                }
            } catch {
                return channelEnded(connection)
            }
        }
    }

    private func channelEnded(_ connection: WorkerConnection) {
        connection.channelEnded()
        apply(.workerChannelClosed(connection.worker))
    }

    private func take(
        from connection: WorkerConnection,
        isTruncated: Bool,
        _ descriptorsLost: Bool
    ) {
        do throws(WireError) {
            guard !isTruncated else {
                throw WireError(.tooLarge, "a frame has at most \(Limits.maxFrameBytes) bytes")
            }
            let header = try FrameHeader(decoding: frame.buffer.span.extracting(first: frame.count))
            try frame.checkDescriptors(header, areLost: descriptorsLost)
            if header.type == .reply { return try takeReply(header, from: connection) }
            guard core.isAlive(connection.worker) else { return frame.discard() }
            if header.type == .call {
                return try takeCall(header, from: .worker(connection.worker))
            }
            let frame = try WorkerFrame(
                decoding: frame.buffer.span.extracting(first: frame.count),
                header: header
            )
            take(frame, from: connection)
        } catch {
            // What a worker sends after it was condemned is no longer heard.
            guard core.isAlive(connection.worker) else { return frame.discard() }
            if case .unsupportedVersion = error.kind {
                send(.refuse(message: error.message), to: connection.worker)
            }
            apply(.workerMisbehaved(connection.worker, error.message))
        }
    }

    /// The core drops the answer of a worker that was condemned.
    private func takeReply(
        _ header: FrameHeader,
        from connection: WorkerConnection
    ) throws(WireError) {
        let outcome = try ReplyFrame.outcome(
            of: frame.buffer.span.extracting(first: frame.count),
            header: header
        )
        let reply = WorkerReply(
            error: outcome.error,
            execution: outcome.execution,
            retryAfter: ReplyFrame.retryAfter(of: frame.buffer.span.extracting(first: frame.count))
        )
        apply(.workerReplied(connection.worker, CallID(rawValue: header.id), reply))
    }

    private func take(_ frame: WorkerFrame, from connection: WorkerConnection) {
        let worker = connection.worker
        switch frame {
        case .hello(let hello): greet(hello, worker)
        case .ready(let ready):
            learn(ready, worker)
            apply(.workerReady(worker, WorkerDeclaration(ready)))
        case .heartbeat(let heartbeat):
            let call = CallID(rawValue: heartbeat.runningCall)
            apply(.workerHeartbeat(worker, running: call, progress: heartbeat.progress))
        case .probed(let probed):
            // Numbers that the core never gave are none of its own.
            guard let number = UInt32(exactly: probed.number) else { return }
            apply(.workerProbed(worker, number: number, ProbeResult(probed)))
        case .cancel(let id): apply(.callCancelled(.worker(worker), callerCall: id))
        case .welcome, .shutdown, .refuse, .probe:
            apply(.workerMisbehaved(worker, "it sent a frame that only the daemon sends"))
        }
    }

    /// A worker can only speak for the kernels that it was started for.
    private func learn(_ ready: WorkerFrame.Ready, _ worker: WorkerID) {
        let group = core.groupName(of: worker.slot)
        for kernel in ready.kernels where core.groupName(ofKernel: kernel.name) == group {
            signatures[kernel.name] = kernel
        }
    }

    private func greet(_ hello: WorkerFrame.Hello, _ worker: WorkerID) {
        guard (hello.minimumVersion...hello.maximumVersion).contains(Limits.version) else {
            // It exits with 76, which is permanent.
            let spoken = "\(hello.minimumVersion) to \(hello.maximumVersion)"
            let message = "the worker speaks protocol \(spoken), the daemon \(Limits.version)"
            let text = "worker '\(core.name(of: worker.slot))' is refused: \(message)"
            report(text)
            let now = Instant(nanoseconds: Clock.now())
            histories[core.groupName(of: worker.slot), default: EventHistory()]
                .add(.daemonFault, text, at: now)
            send(.refuse(message: message), to: worker)
            // Nothing comes behind it; what it still says is read, so that its end is seen.
            if let connection = connection(of: worker) {
                shutdown(connection.channel.rawDescriptor, Int32(SHUT_WR))
            }
            return
        }
        apply(.workerGreeted(worker, concurrency: Int(hello.concurrency)))
    }
}

extension WorkerDeclaration {
    init(_ ready: WorkerFrame.Ready) {
        self.init(
            device: ready.device,
            kernels: ready.kernels.map {
                Kernel(name: $0.name, isIdempotent: $0.isIdempotent, problem: $0.problem)
            }
        )
    }
}

extension ProbeResult {
    init(_ probed: WorkerFrame.Probed) {
        switch probed.status {
        case .ok: self = .ok
        case .degraded: self = .degraded(probed.message)
        case .failed: self = .failed(probed.message)
        case .busy: self = .busy
        }
    }
}

extension WorkerFrame.Probed.Status {
    init(_ result: ProbeResult) {
        switch result {
        case .ok: self = .ok
        case .degraded: self = .degraded
        case .failed: self = .failed
        case .busy: self = .busy
        }
    }
}
