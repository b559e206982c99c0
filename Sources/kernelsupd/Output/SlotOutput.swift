internal import SupervisionKit

/// What the workers of one slot have written, and what has become of it.
///
/// Stays over incarnations: a worker that crashes has its last words here, and one that is started
/// again and again has no new burst each time.
final class SlotOutput {
    /// Each line that was written has one of three fates.
    struct Account: Hashable {
        var written = 0
        /// The log took it.
        var logged = 0
        /// The rate limit kept it from the log.
        var suppressed = 0
        /// The log could not take it: nobody reads it, or the disk is full.
        var lost = 0
    }

    /// What the last worker wrote that has ended and had written anything.
    ///
    /// Kept apart from the ring: the next worker may flood that before anybody asks.
    struct Ended {
        static let maxBytes = 16 << 10

        var incarnation: UInt64
        /// "exited with status 3".
        var how: String
        var wallMicroseconds: Int64
        /// Lines that it has written.
        var lineCount: Int
        /// The last of them, oldest first.
        var lines: [OutputLine]
    }

    /// Lines of a worker that are shown.
    static let lastLines = 20

    /// For records.
    let slotName: String
    var ring = OutputRing()
    var limit: RateLimit
    private(set) var account = Account()
    private(set) var ended: Ended?
    /// Suppressed lines that the log does not speak of yet.
    private var unsaid = 0

    init(slotName: String, policy: OutputPolicy, at now: Instant) {
        self.slotName = slotName
        limit = RateLimit(policy, at: now)
    }

    /// Takes in a line; `log` says whether the log took the record, which it may decline to make.
    func take(
        _ bytes: Span<UInt8>,
        _ stamp: OutputLine.Stamp,
        _ marks: OutputLine.Marks,
        log: (() -> LogRecord) -> Bool
    ) {
        ring.append(bytes, stamp, marks)
        account.written += 1
        guard limit.admit() else {
            account.suppressed += 1
            unsaid += 1
            return
        }
        saySuppressed(log: log)
        if log({ record(of: OutputLine(bytes, stamp, marks)) }) {
            account.logged += 1
        } else {
            account.lost += 1
        }
    }

    /// Everything that the worker has written was taken in.
    func workerEnded(_ incarnation: UInt64, _ how: String, wallMicroseconds: Int64) {
        guard ring.newest.incarnation == incarnation else { return }
        var room = Ended.maxBytes
        let lines = ring.last(Self.lastLines).reversed().prefix { line in
            room -= line.text.utf8.count
            return room >= 0
        }
        ended = Ended(
            incarnation: incarnation,
            how: how,
            wallMicroseconds: wallMicroseconds,
            lineCount: ring.newest.lineCount,
            lines: lines.reversed()
        )
    }

    var hasUnsaid: Bool { unsaid > 0 }

    /// Lets the log speak of the lines that were suppressed.
    func saySuppressed(log: (() -> LogRecord) -> Bool) {
        guard unsaid > 0 else { return }
        if log({ suppressionRecord }) { unsaid = 0 }
    }

    private var suppressionRecord: LogRecord {
        let lines = unsaid == 1 ? "1 line" : "\(unsaid) lines"
        let policy = limit.policy
        let message =
            "worker '\(slotName)': \(lines) of output suppressed, for the limit is "
            + "\(policy.rateLimit) a second after \(policy.rateBurst) at once"
        let fields = [LogRecord.Field("WORKER", slotName), .init("SUPPRESSED", "\(unsaid)")]
        return LogRecord(.notice, .workerOutput, message, fields)
    }

    private func record(of line: OutputLine) -> LogRecord {
        let marks = line.marks.names.joined(separator: ",")
        return LogRecord(
            .info,
            .workerOutput,
            "\(slotName)[\(line.stamp.pid)]: \(line.text)",
            marks.isEmpty ? [] : [.init("MARKS", marks)]
        )
    }
}
