package import SupervisionKit

/// Promise 5: a storm of restarts stays within what the configuration allows.
package struct RestartsAreBounded: Checker {
    package static let promise =
        "A slot restarts at most as often within a window as its budget says, and once more."

    /// By slot's name.
    private var restarts: [String: [Instant]] = [:]

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .worker(.started(_, let start)) where start.isRestart:
            var recent = restarts[start.name, default: []]
            recent.removeAll { now.since($0) >= start.window }
            recent.append(now)
            restarts[start.name] = recent
            guard start.window > .zero, recent.count > start.maxRestarts + 1 else { return nil }
            return "'\(start.name)' has been restarted \(recent.count) times in "
                + "\(start.window.inWords), with a budget of \(start.maxRestarts)"
        // Other files, other policies, other slots: the count starts anew.
        case .outside(.configured(_, let changed, _)):
            for name in restarts.keys where changed.contains(where: { name.hasPrefix($0 + "/") }) {
                restarts[name] = nil
            }
        case .call, .worker, .outside, .core: break
        }
        return nil
    }
}
