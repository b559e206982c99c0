internal import Glibc

/// Lines for people: results on stdout, the rest on stderr, which the daemon takes into its own log
/// with a priority and the worker's name.
enum Console {
    static func result(_ line: String) { write(line, to: STDOUT_FILENO) }

    /// What a command line that can't be served gets, and what is said while serving.
    static func complain(_ line: String) { write("kernelsup-worker: \(line)", to: STDERR_FILENO) }

    /// The worker goes on, and the line says how.
    static func warning(_ line: String) { complain("warning: \(line)") }

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
