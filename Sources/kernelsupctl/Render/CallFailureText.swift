import ControlProtocol
import KernelClient
import SupervisionKit

/// What `kernelsupctl call` says about a call that has no result: did it run, and what follows.
struct CallFailureText {
    let kernel: String
    let error: KernelCallError
    let presentation: Presentation

    var failure: CommandFailure {
        CommandFailure(status: status, message: message, details: details)
    }

    private var status: CommandStatus {
        switch error.code {
        case .unknownKernel: .noSuchName
        case .invalidArgument: .usage
        case .deadlineExceeded: .timedOut
        case .overloaded, .unavailable, .shuttingDown: .refused
        case .unreachable, .connectionLost: .unreachable
        case .notAllowed: .notAllowed
        default: .failed
        }
    }

    private var message: String {
        switch error.code {
        case .overloaded, .unavailable, .shuttingDown, .invalidArgument, .unknownKernel:
            "\(kernel) refused the call: \(error.message)"
        case .deadlineExceeded: "\(kernel) did not answer in time: \(error.message)"
        case .kernelFailed, .deviceFailed, .buildFailed: "\(kernel) failed: \(error.message)"
        case .unreachable, .notAllowed, .notSent: error.message
        default: "the call of \(kernel) was lost: \(error.message)"
        }
    }

    private var details: [String] {
        var lines = [execution]
        if let worker = error.worker {
            let tries = error.attempts > 1 ? ", \(error.attempts) attempts" : ""
            lines.append("by: \(worker), incarnation \(error.incarnation)\(tries)")
        }
        switch error.code {
        case .unknownKernel: lines.append("all kernels: kernelsupctl kernels")
        case .invalidArgument, .buildFailed:
            lines.append("signature: kernelsupctl kernels \(kernel)")
        case .unavailable, .workerDied, .workerHung, .workerMisbehaved, .deviceFailed:
            lines.append("why: kernelsupctl status \(kernel)")
        case .unreachable: lines.append("is it running? systemctl status kernelsupd")
        default: break
        }
        return lines
    }

    private var execution: String {
        let phrase = error.execution.phrase
        if let retryAfter = error.retryAfter {
            let micros = retryAfter.saturatedNanoseconds / 1000
            let time = Timestamp(unixMicroseconds: presentation.now.unixMicroseconds + micros)
            let due = "\(presentation.clock(time)) (in \(spanText(retryAfter)))"
            return error.execution == .notRun
                ? "\(phrase): safe to send again after \(due)" : "\(phrase); again after \(due)"
        }
        switch error.execution {
        case .notRun:
            return error.code == .invalidArgument || error.code == .unknownKernel
                ? phrase : "\(phrase): safe to send again"
        case .answerLost:
            return "\(phrase): send it again only if running twice does no harm"
        case .ran, .ranAndFailed:
            return phrase
        }
    }
}
