internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

/// Frames from clients: checked as far as routing needs, then given to the core.
extension Daemon {
    /// Packets taken from one peer before the others have their turn.
    static let packetsPerTurn = 16

    func clientIsReady(_ id: ClientID, _ events: ReadyEvents) {
        guard let connection = clients[id] else { return }
        if events.contains(.writable) {
            switch connection.outbox.flush(on: connection.socket) {
            case .sent: connection.wantsToWrite(false)
            case .queued: break
            case .unread(let what): drop(connection, what)
            case .failed(let error): drop(connection, "\(error)")
            }
        } else {
            receive(from: connection)
        }
        handlePending()
    }

    private func receive(from connection: ClientConnection) {
        for _ in 0..<Self.packetsPerTurn {
            // An answer that did not go out stops the reading.
            guard clients[connection.id] != nil, connection.outbox.isEmpty else { return }
            do {
                switch try frame.receive(from: connection.socket) {
                case .packet(_, let isTruncated, let descriptorsLost):
                    take(from: connection, isTruncated: isTruncated, descriptorsLost)
                    // Who has one call under way waits for its answer: the look for another frame
                    // would be a system call for nothing. Where it is wrong, the loop comes back.
                    guard ask({ $0.callCount(of: connection.id) }) > 1 else { return }
                case .wouldBlock: return
                case .closed: return drop(connection, nil)
                }
            } catch {
                return drop(connection, "\(error)")
            }
        }
    }

    private func take(
        from connection: ClientConnection,
        isTruncated: Bool,
        _ descriptorsLost: Bool
    ) {
        do throws(WireError) {
            guard !isTruncated else {
                throw WireError(.tooLarge, "a frame has at most \(Limits.maxFrameBytes) bytes")
            }
            let header = try FrameHeader(decoding: frame.buffer.span.extracting(first: frame.count))
            switch header.type {
            case .call:
                try frame.checkDescriptors(header, areLost: descriptorsLost)
                try takeCall(header, from: .client(connection.id))
            case .cancel: apply(.callCancelled(.client(connection.id), callerCall: header.id))
            case .probe: try answerProbe(header, from: connection)
            default:
                throw WireError(
                    .unknownType(header.type.rawValue),
                    "a client sends calls, cancels and probes, "
                        + "not frames of type \(header.type.rawValue)"
                )
            }
        } catch {
            reject(error, from: connection)
        }
    }

    /// A client asks how a kernel is, as another daemon does before it takes this one as a backup.
    private func answerProbe(
        _ header: FrameHeader,
        from connection: ClientConnection
    ) throws(WireError) {
        let asked = try WorkerFrame(
            decoding: frame.buffer.span.extracting(first: frame.count),
            header: header
        )
        guard case .probe(let probe) = asked else { return }
        let result = core.fitness(ofKernel: probe.kernel)
        let answer = WorkerFrame.probed(
            .init(number: probe.number, status: .init(result), message: result.why ?? "")
        )
        let bytes = try answer.encoded()
        let outcome = bytes.withUnsafeBytes {
            connection.outbox.send($0, [], on: connection.socket)
        }
        settle(outcome, connection)
    }

    /// Gives the call in the frame at hand to the core.
    func takeCall(_ header: FrameHeader, from caller: CallerID) throws(WireError) {
        let range = try CallFrame.nameRange(
            in: frame.buffer.span.extracting(first: frame.count),
            header: header
        )
        guard let kernel = kernel(named: range) else {
            return refuseUnknown(range, header.id, from: caller)
        }
        let head = CallFrame.head(
            of: frame.buffer.span.extracting(first: frame.count),
            header: header
        )
        isCallAtHand = true
        apply(
            .callArrived(
                CallArrival(
                    caller: caller,
                    callerCall: head.id,
                    kernel: kernel,
                    deadline: head.deadline,
                    attempt: head.attempt,
                    isIdempotent: head.flags.contains(.idempotent),
                    mayRetry: !head.flags.contains(.noRetry),
                    key: head.key,
                    isFromDaemon: head.flags.contains(.fromDaemon),
                    parent: head.parent == 0 ? nil : CallID(rawValue: head.parent)
                )
            )
        )
    }

    /// In a function of its own: a span ends its look at the buffer where it goes out of scope.
    private func kernel(named range: Range<Int>) -> KernelID? {
        Self.find(frame.buffer.span.extracting(range), in: &core)
    }

    /// As `ask`, for a question that holds a span.
    private static func find(_ name: Span<UInt8>, in core: inout Supervisor) -> KernelID? {
        core.kernel(named: name)
    }

    private func refuseUnknown(_ range: Range<Int>, _ id: UInt64, from caller: CallerID) {
        let name = String(decoding: frame.buffer[range], as: UTF8.self)
        let near = nearestNames(to: name, among: core.kernelNames, atMost: 2)
        let hint =
            near.isEmpty
            ? "" : " (did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?)"
        apply(
            .callRejected(
                caller,
                callerCall: id,
                .unknownKernel,
                message: "no kernel '\(name)' is configured\(hint)"
            )
        )
    }

    private func reject(_ error: WireError, from connection: ClientConnection) {
        let id = FrameHeader.answerID(
            ofUnreadable: frame.buffer.span.extracting(first: frame.count)
        )
        let code = error.callError
        apply(.callRejected(.client(connection.id), callerCall: id, code, message: error.message))
    }

    /// The client is gone, or does not deserve to be waited for.
    func drop(_ connection: ClientConnection, _ reason: String?) {
        guard clients[connection.id] != nil else { return }
        if let reason {
            let who = connection.peer.map { "client of pid \($0.pid)" } ?? "a client"
            log.write(LogRecord(.warning, .clientClosed, "\(who) was disconnected: \(reason)"))
        }
        clients.remove(connection.id)
        callsListener?.setEnabled(true)
        pending.append(.clientClosed(connection.id))
    }
}

extension Frame {
    /// Takes the next packet into the buffer, with its descriptors.
    mutating func receive(
        from socket: borrowing PacketSocket
    ) throws(SystemError) -> PacketSocket.Received {
        discard()
        // Moved out and back: a second reference would make the append copy.
        var taken: [Int32] = []
        swap(&taken, &descriptors)
        let result = buffer.withUnsafeMutableBytes { bytes in
            Result { () throws(SystemError) -> PacketSocket.Received in
                try socket.receive(
                    into: bytes,
                    descriptors: &taken,
                    maximumDescriptors: Limits.maxDescriptors
                )
            }
        }
        descriptors = taken
        let received = try result.get()
        if case .packet(let byteCount, _, _) = received { count = min(byteCount, buffer.count) }
        return received
    }

    /// As many as announced, each a sealed memfd: a tensor must not change under its reader.
    ///
    /// What comes with a hello is a lifeline.
    func checkDescriptors(_ header: FrameHeader, areLost: Bool) throws(WireError) {
        guard !areLost, descriptors.count == Int(header.descriptorCount) else {
            let arrived = areLost ? "more than could be taken" : "\(descriptors.count)"
            throw WireError(
                .descriptorCount,
                "the frame announces \(header.descriptorCount) descriptors, \(arrived) came"
            )
        }
        guard header.type != .hello else { return try checkLifelines() }
        for (index, descriptor) in descriptors.enumerated() {
            switch SharedMemory.isSealed(descriptor) {
            case .sealed: break
            case .notMemfd:
                throw WireError(.badTensor, "descriptor \(index) is not a memfd")
            case .unsealed(let missing):
                throw WireError(
                    .badTensor,
                    "the memfd of descriptor \(index) lacks \(missing.joined(separator: ", ")): "
                        + "it could change while it is read"
                )
            }
        }
    }

    private func checkLifelines() throws(WireError) {
        guard descriptors.allSatisfy(Lifeline.isReadEnd) else {
            throw WireError(
                .badValue,
                "what comes with a hello is not the read end of a pipe"
            )
        }
    }
}
