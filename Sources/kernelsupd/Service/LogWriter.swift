internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// Writes records to standard error: for journald with the `<N>` priority that it reads, for a
/// terminal with the local time.
///
/// Never blocks the loop: a record that the reader has no room for is dropped and counted, and the
/// count is written as soon as there is room again.
struct LogWriter {
    /// A record is cut here, below PIPE_BUF, so that one that poll lets through is taken whole.
    static let maxLineBytes = 4000

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private(set) var dropped = 0

    mutating func write(_ record: LogRecord) {
        if dropped > 0, hasRoom() {
            let note = LogRecord(
                .warning,
                .daemonFault,
                "\(dropped) log records were dropped because nobody read them"
            )
            dropped = 0
            put(line(note))
        }
        guard hasRoom() else {
            dropped += 1
            return
        }
        put(line(record))
    }

    private func line(_ record: LogRecord) -> String {
        var text = record.message
        for field in record.fields where !field.value.isEmpty {
            text += " \(field.name)=\(field.value)"
        }
        text = String(text.map { $0.isNewline ? "\u{21B5}" : $0 })
        let start = isTerminal ? "\(clock()) \(word(record.level)): " : "<\(record.level.rawValue)>"
        return start + text
    }

    private func put(_ line: String) {
        var bytes = Array(line.utf8.prefix(Self.maxLineBytes - 1))
        bytes.append(UInt8(ascii: "\n"))
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func hasRoom() -> Bool {
        var entry = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLOUT) != 0
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
