internal import Glibc

/// Lines for people: results on stdout, the rest on stderr with the `<N>` priority that journald
/// reads where stderr is not a terminal.
enum Console {
    static func result(_ line: String) { write(line, to: STDOUT_FILENO) }

    /// Plain words on stderr: what a command line that can't be served gets.
    static func complain(_ line: String) { write("kernelsup-worker: \(line)", to: STDERR_FILENO) }

    static func error(_ line: String) { log(line, word: "error", priority: 3) }

    /// The worker goes on, and the line says how.
    static func warning(_ line: String) { log(line, word: "warning", priority: 4) }

    /// Every line of a message carries the priority: journald reads each line for itself.
    private static func log(_ text: String, word: String, priority: Int) {
        guard isatty(STDERR_FILENO) == 0 else { return complain("\(word): \(text)") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        for line in lines { write("<\(priority)>\(line)", to: STDERR_FILENO) }
    }

    private static func write(_ line: String, to descriptor: Int32) {
        var bytes = Array(line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: start), $0.count - start)
            }
            if count < 0, errno == EINTR { continue }
            // Nobody reads any more: there is nobody left to tell.
            guard count > 0 else { return }
            start += count
        }
    }
}
