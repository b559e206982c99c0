import Glibc
import LinuxSystem
import SupervisionWire
import SupervisionKit

/// The errors that are made here and not by the daemon.
extension KernelCallError {
    init(connecting path: String, failed error: SystemError) {
        let code: Code
        var message = "could not connect to the daemon: \(error)"
        switch error.errno {
        case EACCES, EPERM:
            code = .notAllowed
        case ENOENT, ECONNREFUSED:
            code = .unreachable
            message += " (not running?)"
        case EMFILE, ENFILE, ENOMEM:
            code = .notSent
        default:
            code = .unreachable
        }
        self.init(
            code: code,
            message: message,
            execution: .notRun,
            // A full queue of connections is over in an instant.
            retryAfter: error.errno == EAGAIN ? .milliseconds(100) : nil
        )
    }

    init(sendingTo path: String, failed error: SystemError) {
        switch error.errno {
        case EPIPE, ECONNRESET, ENOTCONN:
            self = .connectionLost("the daemon closed the connection to \(path)", .notRun)
        default:
            self.init(
                code: .notSent,
                message: "could not send to \(path): \(error)",
                execution: .notRun,
                retryAfter: error.errno == ETOOMANYREFS ? .milliseconds(100) : nil
            )
        }
    }

    static func connectionLost(_ reason: String, _ execution: Execution) -> KernelCallError {
        KernelCallError(code: .connectionLost, message: reason, execution: execution)
    }

    static func cancelled(_ execution: Execution) -> KernelCallError {
        KernelCallError(
            code: .cancelled,
            message: "the call was cancelled by its caller",
            execution: execution
        )
    }

    static func deadlineExceeded(_ execution: Execution) -> KernelCallError {
        KernelCallError(
            code: .deadlineExceeded,
            message: "the deadline passed without an answer",
            execution: execution
        )
    }

    static func tooManyCalls(_ path: String) -> KernelCallError {
        KernelCallError(
            code: .overloaded,
            message: "\(Connection.maxInFlight) calls are under way on the connection to \(path), "
                + "or \(Connection.maxWaitingFrames) wait to be sent",
            execution: .notRun,
            retryAfter: .milliseconds(100)
        )
    }
}
