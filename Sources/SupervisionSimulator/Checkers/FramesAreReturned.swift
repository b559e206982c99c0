package import SupervisionKit

/// Promise 6: what the daemon holds for a call it lets go with the call.
package struct FramesAreReturned: Checker {
    package static let promise =
        "Every frame that is kept is released once, and no later than its call ends."

    private var kept: Set<Int> = []
    private var ended: Set<Int> = []
    /// Sent in the turn under way: its frame is at hand.
    private var atHand: Int?

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .call(let fact): return observe(fact)
        case .core(.turnEnded):
            atHand = nil
            let left = ended.intersection(kept)
            ended.removeAll(keepingCapacity: true)
            return left.min().map { "the frame of call \($0) is kept after its end" }
        case .core(.settled), .core(.exited):
            return kept.min().map { "the frame of call \($0) is still kept at the end" }
        case .worker, .outside, .core: return nil
        }
    }

    private mutating func observe(_ fact: CallFact) -> String? {
        switch fact {
        case .sent(let number, _): atHand = number
        case .kept(let number):
            if atHand != number { return "the frame of call \(number) was not at hand" }
            if !kept.insert(number).inserted { return "the frame of call \(number) is kept twice" }
        case .released(let number):
            if kept.remove(number) == nil { return "the frame of call \(number) was not kept" }
        case .handedOver(let number, _, _):
            if atHand != number, !kept.contains(number) {
                return "call \(number) was handed over without its frame"
            }
        case .ended(let number, _), .abandoned(let number): ended.insert(number)
        case .accepted, .marked, .answeredNobody, .cancelled, .recalled, .replied: break
        }
        return nil
    }
}
