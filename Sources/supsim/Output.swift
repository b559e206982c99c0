internal import Glibc

/// Writes lines: to standard output, and to standard error what only tells how far the work is.
enum Output {
    static func write(_ lines: [String]) {
        write(lines.joined(separator: "\n") + "\n", to: STDOUT_FILENO)
    }

    /// A story; of one that is too long the first fifth and the end.
    static func tell(_ lines: [String], atMost limit: Int) {
        guard lines.count > limit else { return write(lines + [""]) }
        guard limit > 0 else { return }
        let begin = limit / 5
        let gap = "               … \(lines.count - limit) lines left out …"
        write(lines.prefix(begin) + ["", gap, ""] + lines.suffix(limit - begin) + [""])
    }

    /// What is wrong with the command line.
    static func complain(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// One line that the next takes the place of on a terminal.
    static func progress(_ line: String) {
        write(isTerminal ? "\r\u{1B}[K\(line)" : line + "\n", to: STDERR_FILENO)
    }

    static func endProgress() {
        if isTerminal { write("\r\u{1B}[K", to: STDERR_FILENO) }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // A reader that is gone wants no more.
            guard count > 0 || errno == EINTR else { return }
            bytes = bytes.dropFirst(max(0, count))
        }
    }
}
