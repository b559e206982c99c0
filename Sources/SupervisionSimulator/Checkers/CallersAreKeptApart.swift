package import SupervisionKit

/// Promise 6: a greedy caller is bounded, and others don't pay for it.
package struct CallersAreKeptApart: Checker {
    package static let promise =
        "No caller has more open than it may, and nobody is turned away from an idle group."

    private var calls: [Int: SentCall] = [:]
    private var accepted: Set<Int> = []
    private var open: [CallerID: Int] = [:]
    /// Answered, and still with a worker.
    private var recalled: [Int: WorkerID] = [:]
    /// What these still say counts for nothing: their calls are theirs to their end.
    private var killed: Set<WorkerID> = []

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .call(let fact): return observe(fact)
        case .worker(.killed(let worker)): killed.insert(worker)
        case .worker(.ended(let worker, _, _)):
            killed.remove(worker)
            recalled = recalled.filter { $0.value != worker }
        case .worker, .outside, .core: break
        }
        return nil
    }

    private mutating func observe(_ fact: CallFact) -> String? {
        switch fact {
        case .sent(let number, let call): calls[number] = call
        case .accepted(let number):
            guard let call = calls[number] else { return nil }
            accepted.insert(number)
            open[call.caller, default: 0] += 1
            if open[call.caller, default: 0] > call.limit {
                return "call \(number) is one more than its caller may have open"
            }
            if accepted.count > call.totalLimit {
                return "call \(number) is one more than all callers may have open"
            }
        case .ended(let number, let end):
            defer { close(number) }
            guard end.error == .overloaded, !accepted.contains(number), let call = calls[number]
            else { return nil }
            let isGreedy = open[call.caller, default: 0] >= call.limit
            let isFull = accepted.count + recalled.count >= call.totalLimit
            if call.findsIdleGroup, !isGreedy, !isFull {
                return "call \(number) was turned away although its group is idle"
            }
        case .abandoned(let number): close(number)
        case .recalled(let number, let worker, _): recalled[number] = worker
        case .replied(let number, let worker, _, _) where !killed.contains(worker):
            recalled[number] = nil
        case .kept, .released, .handedOver, .marked, .answeredNobody, .cancelled, .replied: break
        }
        return nil
    }

    private mutating func close(_ number: Int) {
        guard let call = calls.removeValue(forKey: number), accepted.remove(number) != nil else {
            return
        }
        open[call.caller, default: 1] -= 1
    }
}
