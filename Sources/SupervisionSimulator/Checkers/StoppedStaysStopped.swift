package import SupervisionKit

/// What nobody wants is not started.
package struct StoppedStaysStopped: Checker {
    package static let promise = "A slot that is not wanted is not started."

    private var hasExited = false

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .worker(.started(_, let start)):
            if hasExited { return "'\(start.name)' was started after the daemon's end" }
            return start.isWanted ? nil : "'\(start.name)' was started and is not wanted"
        case .core(.exited): hasExited = true
        case .call, .worker, .outside, .core: break
        }
        return nil
    }
}
