internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// What workers write to standard output and standard error: always drained, kept in the ring of
/// the slot, and passed on to the log as far as the rate limit and the log itself let it.
///
/// Output has the same priority in the loop as all else but frames, which go first. With a lower
/// one, a loop that is busy with calls would leave workers blocked on full pipes; in turn with the
/// others, each waits for no more than the bounded turns of the others.
extension Daemon {
    /// Bytes that are read at once.
    static let outputBytesPerTurn = 64 << 10
    /// The same while lines go into the log: each takes a system call, and a line may be short.
    static let loggedBytesPerTurn = 4 << 10
    /// How long it takes at most until the log speaks of what it missed, once it has room.
    static let outputNoteDelay = Duration.seconds(1)

    func outputIsReady(_ worker: WorkerID, _ stream: OutputLine.Stream) {
        guard let connection = connection(of: worker),
            let pipe = connection.outputs.first(where: { $0.stream == stream })
        else { return }
        let output = output(of: worker.slot)
        output.limit.refill(at: Instant(nanoseconds: Clock.now()))
        log.sayLost()
        let isLogged = output.limit.isOpen && !log.isStuck
        let limit = isLogged ? Self.loggedBytesPerTurn : Self.outputBytesPerTurn
        _ = read(pipe, of: connection, into: output, atMost: limit)
        noteLater(output)
    }

    /// Everything that the dead worker has written, so that its last words stand before its end.
    ///
    /// What is in the pipe now is all of that. What others write to it meanwhile, which the worker
    /// has left behind, is none of its own, and could go on for ever.
    func readAllOutput(of connection: WorkerConnection) {
        let output = output(of: connection.worker.slot)
        output.limit.refill(at: Instant(nanoseconds: Clock.now()))
        for pipe in connection.outputs {
            var left = pipe.isOpen ? (try? pipe.reader.unreadCount()) ?? 0 : 0
            while left > 0 {
                let limit = min(left, Self.outputBytesPerTurn)
                let count = read(pipe, of: connection, into: output, atMost: limit)
                guard count > 0 else { break }
                left -= count
            }
            endLines(of: pipe, connection, output)
        }
        output.saySuppressed { log.write(lazily: $0) }
        noteLater(output)
    }

    func output(of slot: SlotID) -> SlotOutput {
        while slot.index >= outputs.count { outputs.append(nil) }
        if let output = outputs[slot.index] { return output }
        let (name, group) = ask { ($0.name(of: slot), $0.groupName(of: slot)) }
        let output = SlotOutput(
            slotName: name,
            policy: outputPolicies[group] ?? OutputPolicy(),
            at: Instant(nanoseconds: Clock.now())
        )
        outputs[slot.index] = output
        return output
    }

    /// The configuration has changed.
    func renewOutputPolicies(_ policies: [String: OutputPolicy]) {
        outputPolicies = policies
        for (index, output) in outputs.enumerated() {
            let group = ask { $0.groupName(of: SlotID(index: index)) }
            output?.limit.policy = policies[group] ?? OutputPolicy()
        }
    }

    // MARK: - Reading

    /// Returns how many bytes were read.
    private func read(
        _ pipe: OutputPipe,
        of connection: WorkerConnection,
        into output: SlotOutput,
        atMost limit: Int
    ) -> Int {
        let count: Int?
        do {
            count = try outputBuffer.withUnsafeMutableBytes { buffer in
                let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<limit])
                return try pipe.reader.read(into: room)
            }
        } catch {
            count = 0
        }
        guard let count else { return 0 }
        guard count > 0 else {
            endLines(of: pipe, connection, output)
            pipe.ended()
            return 0
        }
        let stamp = stamp(connection, pipe)
        pipe.lines.append(outputBuffer.span.extracting(first: count)) { line, marks in
            output.take(line, stamp, marks) { log.write(lazily: $0) }
        }
        return count
    }

    private func endLines(
        of pipe: OutputPipe,
        _ connection: WorkerConnection,
        _ output: SlotOutput
    ) {
        let stamp = stamp(connection, pipe)
        pipe.lines.finish { line, marks in
            output.take(line, stamp, marks) { log.write(lazily: $0) }
        }
    }

    private func stamp(_ connection: WorkerConnection, _ pipe: OutputPipe) -> OutputLine.Stamp {
        OutputLine.Stamp(
            at: Instant(nanoseconds: Clock.now()),
            wallMicroseconds: Int64(Clock.wall() / 1000),
            incarnation: connection.worker.incarnation.number,
            pid: connection.process.pid,
            stream: pipe.stream
        )
    }

    // MARK: - What was left out

    /// A worker may fall silent after a flood, and the log have room when nothing happens.
    private func noteLater(_ output: SlotOutput) {
        if output.hasUnsaid || log.lost > 0 { armOutputNotes() }
    }

    private func armOutputNotes() {
        guard !areOutputNotesDue else { return }
        do {
            if outputTimer == nil {
                outputTimer = try loop.timer { [self] in
                    assumeIsolated { $0.sayWhatWasLeftOut() }
                }
            }
        } catch {
            return report("the log can't speak in time of what it left out: \(error)")
        }
        areOutputNotesDue = true
        let at = Instant(nanoseconds: Clock.now()) + Self.outputNoteDelay
        outputTimer?.arm(at: at.nanoseconds)
    }

    private func sayWhatWasLeftOut() {
        areOutputNotesDue = false
        log.sayLost()
        let now = Instant(nanoseconds: Clock.now())
        for case let output? in outputs where output.hasUnsaid {
            output.limit.refill(at: now)
            if output.limit.isOpen { output.saySuppressed { log.write(lazily: $0) } }
            noteLater(output)
        }
        if log.lost > 0 { armOutputNotes() }
    }

    /// Nothing comes after this.
    func sayLastOfOutput() {
        for case let output? in outputs { output.saySuppressed { log.write(lazily: $0) } }
        log.sayLost()
    }
}
