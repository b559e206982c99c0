package import SupervisionKit

/// Promise 1: an answer for each call, one, and in time.
package struct EveryCallEndsOnce: Checker {
    package static let promise = "Every accepted call ends exactly once, by its deadline."

    /// By call: when it must have ended.
    private var open: [Int: Instant] = [:]
    /// No call is due before.
    private var earliest = Instant.distantFuture
    private var ended: Set<Int> = []

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .call(let fact): observe(fact, at: now)
        case .core(.turnEnded): overdue(at: now)
        case .core(.settled), .core(.exited):
            open.keys.min().map { "call \($0) never got an answer" }
        case .core(.turnBegan), .core(.wrote), .core(.notified), .core(.showed),
            .core(.showedKernel), .worker, .outside:
            nil
        }
    }

    private mutating func observe(_ fact: CallFact, at now: Instant) -> String? {
        switch fact {
        case .sent(let number, let call):
            open[number] = call.deadline
            earliest = min(earliest, call.deadline)
        case .handedOver(let number, _, let until):
            if ended.contains(number) { return "call \(number) was handed over after its answer" }
            if let deadline = open[number], until < deadline {
                open[number] = until
                earliest = min(earliest, until)
            }
        case .ended(let number, _):
            guard open.removeValue(forKey: number) != nil else {
                return "call \(number) was answered twice"
            }
            ended.insert(number)
        case .answeredNobody(let what): return what
        case .abandoned(let number): open[number] = nil
        case .accepted, .kept, .released, .marked, .cancelled, .recalled, .replied: break
        }
        return nil
    }

    private mutating func overdue(at now: Instant) -> String? {
        guard earliest <= now else { return nil }
        earliest = open.values.min() ?? .distantFuture
        guard earliest <= now else { return nil }
        let late = open.filter { $0.value <= now }.keys.min() ?? 0
        return "call \(late) has no answer at its deadline"
    }
}
