internal import Glibc

/// How a worker ends itself.
///
/// Always `_exit`: the handlers of libraries, a device driver's above all, run while another
/// thread is still inside that driver, and a crash there would turn an orderly end into a fault.
enum ProcessExit {
    /// The daemon is gone or wants no more: at once, whatever the kernels are doing.
    static func end(_ code: Int32 = WorkerExit.orderly) -> Never {
        _exit(code)
    }

    /// Writes one line that says why to stderr, which the daemon logs, and ends.
    static func fail(_ code: Int32, _ message: String) -> Never {
        report(message)
        _exit(code)
    }

    static func fail(_ end: ChannelEnd) -> Never {
        switch end {
        case .closed:
            _exit(WorkerExit.orderly)
        case .violation(let message):
            fail(
                WorkerExit.protocolViolation,
                "the daemon broke the protocol: \(message); the worker ends"
            )
        case .failed(let message):
            fail(WorkerExit.internalError, "\(message); the worker ends")
        }
    }

    /// Writes a message to stderr.
    ///
    /// A reader that does not read must not keep the process from ending: what finds no room
    /// within a second is dropped. Pieces of PIPE_BUF bytes go into a pipe that poll calls writable
    /// without waiting.
    static func report(_ message: String) {
        var rest = Array("kernelsup-worker: \(message)\n".utf8)[...]
        while !rest.isEmpty {
            var entry = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&entry, 1, 1000) == 1 else { return }
            let piece = rest.prefix(Int(PIPE_BUF))
            let count = piece.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
