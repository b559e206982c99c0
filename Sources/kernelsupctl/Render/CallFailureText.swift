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
        case .overloaded, .unavailable, .shuttingDown, .circuitOpen, .chainRefused, .poisoned:
            .refused
        case .unreachable, .connectionLost: .unreachable
        case .notAllowed: .notAllowed
        default: .failed
        }
    }

    private var message: String {
        switch error.code {
        // The daemon's own sentence names the kernel and the refusal.
        case .circuitOpen: "\(error.message) (\(HealthReason.circuitOpen.id))"
        case .chainRefused, .poisoned: error.message
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
        case .circuitOpen: lines.append("why: kernelsupctl breaker \(kernel)")
        case .poisoned: lines.append("how they ended: journalctl -u kernelsupd")
        case .unreachable: lines.append("is it running? systemctl status kernelsupd")
        default: break
        }
        return lines
    }

    private var execution: String {
        let phrase = error.execution.phrase
        if error.code == .chainRefused {
            return "\(phrase): refused again as long as kernels call each other so"
        }
        if let retryAfter = error.retryAfter {
            let due = presentation.due(in: retryAfter)
            if error.code == .poisoned {
                return "\(phrase): other content is served; this one again after \(due)"
            }
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
