package import SupervisionKit

/// Promise 8: the status shown is the state that acts.
package struct ReadyMeansServed: Checker {
    package static let promise =
        "A kernel that is shown as healthy takes a call, and one that is shown as down doesn't."

    private var shown: (kernel: String, state: HealthState, at: Instant)?
    /// A call that came at the very instant of the look.
    private var looked: (call: Int, kernel: String, state: HealthState)?

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .core(.showedKernel(let kernel, let state)):
            shown = (kernel, state, now)
        case .call(.sent(let number, let call)):
            if let shown, shown.at == now, shown.kernel == call.kernel {
                looked = (number, shown.kernel, shown.state)
            }
            shown = nil
        case .call(.accepted(let number)):
            guard let looked, looked.call == number, looked.state == .down else { return nil }
            return "\(looked.kernel) is shown as down and takes call \(number)"
        case .call(.ended(let number, let end)):
            guard let looked, looked.call == number, looked.state == .healthy,
                let error = end.error, contradicts(error)
            else { return nil }
            return "\(looked.kernel) is shown as healthy and refuses call \(number): \(error.name)"
        case .core(.turnEnded): looked = nil
        case .call, .worker, .outside, .core: break
        }
        return nil
    }

    /// Not the caller's own doing, and not a matter of load.
    private func contradicts(_ error: CallError) -> Bool {
        switch error {
        case .unknownKernel, .unavailable, .buildFailed, .shuttingDown, .circuitOpen: true
        case .invalidArgument, .malformedFrame, .unsupportedVersion, .deadlineExceeded,
            .cancelled, .overloaded, .workerDied, .workerHung, .workerMisbehaved, .kernelFailed,
            .deviceFailed, .connectionLost, .chainRefused, .poisoned:
            false
        }
    }
}
