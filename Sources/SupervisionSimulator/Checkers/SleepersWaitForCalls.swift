package import SupervisionKit

/// Workers on demand cost nothing before somebody wants them.
package struct SleepersWaitForCalls: Checker {
    package static let promise = "A worker on demand is not started before its first call."

    /// Groups of which a kernel has been called.
    private var called: Set<String> = []

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .call(.sent(_, let call)): called.insert(call.group)
        // Who stands in starts when there is trouble where it stands in.
        case .worker(.started(_, let start)) where start.isOnDemand && !start.isStandIn:
            guard called.contains(start.group) else {
                return "'\(start.name)' was started, and nobody has called"
            }
        case .call, .worker, .outside, .core: break
        }
        return nil
    }
}
