package import SupervisionKit

/// Promise 5: what does not mend itself at once is seen by a person.
package struct TroubleIsReported: Checker {
    package static let promise =
        "A slot that is quarantined, failed or stuck is reported as an error by then."

    /// What error records have said of each worker since it last showed a better state.
    private var reported: [String: Set<LogRecord.Kind>] = [:]

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .core(.wrote(let record)) where record.level <= .error:
            guard let slot = record.fields.first(where: { $0.name == "WORKER" })?.value else {
                return nil
            }
            reported[slot, default: []].insert(record.kind)
        case .core(.showed(let slot, let state)):
            guard let kind = Self.kinds[state] else {
                reported[slot] = nil
                return nil
            }
            let isReported = reported[slot]?.contains(kind) ?? false
            return isReported ? nil : "'\(slot)' is \(state) and no error record says so"
        case .call, .worker, .outside, .core: break
        }
        return nil
    }

    private static let kinds: [String: LogRecord.Kind] = [
        "quarantined": .workerQuarantined, "failed": .workerFailed, "stuck": .workerStuck,
    ]
}
