package import SupervisionKit

/// Promise 4: no work for nobody; time in the queue counts.
package struct NothingAfterTheDeadline: Checker {
    package static let promise =
        "No call is handed over after its deadline, and queue time is inside it."

    private struct Times {
        var sent: Instant
        var deadline: Instant
        var handedOver: Instant?
    }

    private var calls: [Int: Times] = [:]

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        guard case .call(let fact) = fact else { return nil }
        switch fact {
        case .sent(let number, let call):
            calls[number] = Times(sent: now, deadline: call.deadline)
        case .handedOver(let number, _, let until):
            guard let times = calls[number] else { return nil }
            calls[number]?.handedOver = now
            if until <= now { return "call \(number) was handed over after its deadline" }
            if until > times.deadline {
                let more = until.since(times.deadline).inWords
                return "call \(number) was given \(more) more than its caller waits"
            }
        case .ended(let number, let end):
            guard let times = calls.removeValue(forKey: number) else { return nil }
            let queued = (times.handedOver ?? now).since(times.sent)
            if end.attempts > 0, end.queued != queued {
                return "call \(number) waited \(queued) and its answer says \(end.queued)"
            }
            if end.queued > now.since(times.sent) {
                return "call \(number) is said to have waited longer than it lived"
            }
        case .abandoned(let number): calls[number] = nil
        case .accepted, .kept, .released, .marked, .answeredNobody, .cancelled, .recalled, .replied:
            break
        }
        return nil
    }
}
