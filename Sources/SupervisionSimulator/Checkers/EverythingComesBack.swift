package import SupervisionKit

/// Promise 3: nothing that has become healthy stays refused.
package struct EverythingComesBack: Checker {
    package static let promise =
        "When faults have ended, every wanted worker serves again, or the daemon ends in order."

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        guard case .core(.settled(let aftermath)) = fact else { return nil }
        return aftermath.complaints.isEmpty
            ? nil : aftermath.complaints.prefix(5).joined(separator: "; ")
    }
}
