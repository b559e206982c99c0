internal import Glibc
internal import KernelManifest
internal import LinuxSystem
internal import SupervisionKit

/// Telling the operator: the configured command runs once for each alert, one run at a time.
///
/// Nothing depends on it. A command that fails is logged and not tried again: the alert itself
/// stays until it is acknowledged.
extension Daemon {
    func notify(_ notice: OperatorNotice) {
        guard !settings.notify.command.isEmpty else { return }
        if !notices.add(notice) {
            let message =
                "the operator's command is not run for '\(notice.group)': "
                + "\(NoticeQueue.capacity) alerts wait for it already"
            let fields = [LogRecord.Field("DROPPED", "\(notices.dropped)")]
            say(.error, message, notice.group, fields)
        }
        startNextNotice()
    }

    private func startNextNotice() {
        while noticeRun == nil, let (notice, number) = notices.next() {
            guard !settings.notify.command.isEmpty else { continue }
            guard ask({ $0.alert(ofGroup: notice.group) }) != .acknowledged else {
                let message =
                    "the operator's command is not run for '\(notice.group)': its alert was "
                    + "acknowledged while it waited"
                say(.info, message, notice.group)
                continue
            }
            do {
                try start(notice, number)
            } catch {
                say(.error, "the operator's command could not be started: \(error)", notice.group)
            }
        }
    }

    private func start(_ notice: OperatorNotice, _ number: Int) throws(SystemError) {
        let now = Clock.now()
        let pipe = try Pipe.create()
        let reader = pipe.reader
        let writer = pipe.writer
        let spawned = try Spawn.start(
            SpawnRequest(
                helperPath: settings.execHelperPath,
                executable: settings.notify.command[0],
                arguments: Array(settings.notify.command.dropFirst()),
                environment: NoticeCommand.environment(
                    notice,
                    number: number,
                    wallOffset: Int64(clamping: Clock.wall()) - Int64(clamping: now)
                ),
                workingDirectory: "/",
                standardOutput: writer.rawValue,
                standardError: writer.rawValue,
                resourceLimits: [settings.workerOpenFiles],
                // Programs that send mail are often set-group-ID.
                noNewPrivileges: false
            )
        )
        // Ours is a copy; the command must be the last to hold it.
        _ = consume writer
        let run = NoticeRun(
            group: notice.group,
            number: number,
            timeout: settings.notify.timeout,
            spawned,
            output: reader
        )
        do {
            try run.watch(
                on: loop,
                from: Instant(nanoseconds: now),
                output: { [self] _ in assumeIsolated { $0.noticeOutputIsReady(number) } },
                end: { [self] _ in assumeIsolated { $0.noticeEnded(number) } },
                timeout: { [self] in assumeIsolated { $0.noticeIsOverdue(number) } }
            )
        } catch {
            run.process.endNow()
            throw error
        }
        noticeRun = run
        let fields = [LogRecord.Field("PID", "\(run.process.pid)")]
        say(.info, "the operator's command runs for '\(notice.group)'", notice.group, fields)
    }

    // MARK: - End

    private func noticeIsOverdue(_ number: Int) {
        guard let run = noticeRun, run.number == number else { return }
        run.isOverdue = true
        try? run.process.signalGroup(SIGKILL)
    }

    private func noticeEnded(_ number: Int) {
        guard let run = noticeRun, run.number == number else { return }
        readRestOfOutput(of: run)
        // What it has left in its group goes with it, before the number is free.
        try? run.process.signalGroup(SIGKILL)
        do {
            guard let reason = try run.process.reap() else { return }
            tellEnd(of: run, reason)
        } catch {
            report("the operator's command could not be waited for: \(error)")
        }
        noticeRun = nil
        lookForOrphans()
        startNextNotice()
    }

    private func tellEnd(of run: NoticeRun, _ reason: ExitReason) {
        var report = SpawnReport()
        let fields = [LogRecord.Field("PID", "\(run.process.pid)")]
        if case .failed(let failure) = try? report.read(from: run.report) {
            let message = "the operator's command could not be started: \(failure)"
            return say(.error, message, run.group, fields)
        }
        if run.isOverdue {
            let limit = DurationText.format(run.timeout)
            let message = "the operator's command took longer than \(limit) and was killed"
            return say(.error, message, run.group, fields)
        }
        guard reason != .exited(0) else { return }
        say(.error, "the operator's command \(reason)", run.group, fields)
    }

    /// The daemon ends: what runs is killed, and what waits is given up.
    func endNotices() {
        if let run = noticeRun {
            run.process.endNow()
            noticeRun = nil
            lookForOrphans()
            say(.warning, "the operator's command is killed with the daemon", run.group)
        }
        let left = notices.clear()
        guard left > 0 else { return }
        let alerts = left == 1 ? "1 alert" : "\(left) alerts"
        let message = "the operator's command was not run for \(alerts): the daemon ends"
        log.write(LogRecord(.warning, .alert, message))
    }

    // MARK: - Output

    private func noticeOutputIsReady(_ number: Int) {
        guard let run = noticeRun, run.number == number else { return }
        read(run, atMost: Self.loggedBytesPerTurn)
    }

    /// What is in the pipe now: others may hold it open, and could write for ever.
    private func readRestOfOutput(of run: NoticeRun) {
        var left = run.isOutputOpen ? (try? run.output.unreadCount()) ?? 0 : 0
        while left > 0 {
            let count = read(run, atMost: min(left, Self.outputBytesPerTurn))
            guard count > 0 else { break }
            left -= count
        }
        run.lines.finish { line, marks in say(line, marks, of: run) }
        guard run.lineCount > NoticeRun.maxLines else { return }
        let message =
            "the operator's command wrote \(run.lineCount) lines; the log has the first "
            + "\(NoticeRun.maxLines)"
        say(.notice, message, run.group)
    }

    /// Returns how many bytes were read.
    @discardableResult
    private func read(_ run: NoticeRun, atMost limit: Int) -> Int {
        let count: Int?
        do {
            count = try outputBuffer.withUnsafeMutableBytes { buffer in
                let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<limit])
                return try run.output.read(into: room)
            }
        } catch {
            count = 0
        }
        guard let count else { return 0 }
        guard count > 0 else {
            run.outputEnded()
            return 0
        }
        run.lines.append(outputBuffer.span.extracting(first: count)) { line, marks in
            say(line, marks, of: run)
        }
        return count
    }

    private func say(_ line: Span<UInt8>, _ marks: OutputLine.Marks, of run: NoticeRun) {
        run.lineCount += 1
        guard run.lineCount <= NoticeRun.maxLines else { return }
        let stamp = OutputLine.Stamp(
            at: .zero,
            wallMicroseconds: 0,
            incarnation: 0,
            pid: run.process.pid,
            stream: .standardOutput
        )
        let text = OutputLine(line, stamp, marks).text
        say(.notice, "the operator's command[\(run.process.pid)]: \(text)", run.group)
    }

    private func say(
        _ level: LogRecord.Level,
        _ message: String,
        _ group: String,
        _ fields: [LogRecord.Field] = []
    ) {
        log.write(LogRecord(level, .alert, message, [.init("GROUP", group)] + fields))
    }
}
