internal import Glibc
internal import SupervisionKit
internal import SupervisionWire

/// Writes records to standard error: for journald with the `<N>` priority that it reads, for a
/// terminal with the local time.
///
/// Never blocks the loop: a record that standard error does not take, because nobody reads it, the
/// disk is full or the reader is gone, is lost and counted, and the count is written as soon as
/// there is room again.
struct LogWriter {
    /// A record is cut here, below PIPE_BUF, so that a pipe takes all of it or nothing.
    static let maxLineBytes = 4000

    private let sink: LogSink
    /// The end of a record whose beginning was taken.
    private var rest: ArraySlice<UInt8> = []
    /// Records that the log does not speak of yet.
    private(set) var lost = 0
    private var lastError: Int32 = 0
    /// Standard error took nothing the last time.
    private(set) var isStuck = false

    init(descriptor: Int32 = STDERR_FILENO) {
        sink = LogSink(descriptor)
    }

    /// Returns whether the record was taken.
    @discardableResult
    mutating func write(_ record: LogRecord) -> Bool {
        sayLost()
        guard lost == 0, put(line(record)) else {
            lost += 1
            return false
        }
        return true
    }

    /// As above, for one of many records.
    ///
    /// Once standard error has taken nothing, they are only counted, without being made, until
    /// something else, `sayLost` for instance, finds that it takes again.
    mutating func write(lazily record: () -> LogRecord) -> Bool {
        guard !isStuck else {
            lost += 1
            return false
        }
        return write(record())
    }

    /// Lets the log speak of the records that are lost, if there is room now.
    mutating func sayLost() {
        guard lost > 0 else { return }
        let why = lastError == EAGAIN ? "nobody read them" : String(cString: strerror(lastError))
        let records = lost == 1 ? "1 log record was" : "\(lost) log records were"
        let field = LogRecord.Field("LOST", "\(lost)")
        let message = "\(records) lost: \(why)"
        if put(line(LogRecord(.warning, .daemonFault, message, [field]))) { lost = 0 }
    }

    private func line(_ record: LogRecord) -> [UInt8] {
        var text = record.message
        for field in record.fields where !field.value.isEmpty {
            text += " \(field.name)=\(field.value)"
        }
        text = text.replacing("\n", with: "\u{21B5}")
        let level = record.level
        let start = sink.isTerminal ? "\(clock()) \(word(level)): " : "<\(level.rawValue)>"
        var line = Array(start.utf8)
        line += (text.withControlPictures ?? text).utf8
        if line.count > Self.maxLineBytes - 1 {
            line.removeLast(line.count - (Self.maxLineBytes - 1))
            line.removeLast(line.count - line.span.wholeCharactersCount)
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private mutating func put(_ line: [UInt8]) -> Bool {
        guard putRest(), let count = taken(line[...]) else { return false }
        rest = line[count...]
        return true
    }

    /// Whether the record before is out.
    private mutating func putRest() -> Bool {
        while !rest.isEmpty {
            guard let count = taken(rest) else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private mutating func taken(_ bytes: ArraySlice<UInt8>) -> Int? {
        switch sink.write(bytes) {
        case .taken(let count):
            isStuck = false
            return count
        case .refused(let errno):
            lastError = errno
            isStuck = true
            return nil
        }
    }

    private func clock() -> String {
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }

    private func word(_ level: LogRecord.Level) -> String {
        switch level {
        case .error: "error"
        case .warning: "warning"
        case .notice: "notice"
        case .info: "info"
        case .debug: "debug"
        }
    }
}
