package import SupervisionKit

/// A kernel's call is part of the call that made it.
package struct ChildrenEndWithTheirParents: Checker {
    package static let promise = "A call that a kernel makes ends when the call that made it ends."

    /// Open children, with their parents.
    private var parents: [Int: Int] = [:]
    private var sent: [Int: Int] = [:]
    private var open: Set<Int> = []
    private var holders: [Int: WorkerID] = [:]
    private var callers: [Int: CallerID] = [:]

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .call(let fact): observe(fact)
        case .core(.turnEnded):
            for (child, parent) in parents {
                let isRun = holders[parent].map { callers[child] == .worker($0) } ?? false
                guard open.contains(parent), isRun else {
                    return "call \(child) goes on although call \(parent), which made it, doesn't"
                }
            }
        case .worker, .outside, .core: break
        }
        return nil
    }

    private mutating func observe(_ fact: CallFact) {
        switch fact {
        case .sent(let number, let call):
            open.insert(number)
            guard let parent = call.parent else { return }
            sent[number] = parent
            callers[number] = call.caller
        case .accepted(let number): parents[number] = sent[number]
        case .handedOver(let number, let worker, _): holders[number] = worker
        case .ended(let number, _), .abandoned(let number):
            open.remove(number)
            parents[number] = nil
            sent[number] = nil
            callers[number] = nil
            holders[number] = nil
        case .kept, .released, .marked, .answeredNobody, .cancelled, .recalled, .replied: break
        }
    }
}
