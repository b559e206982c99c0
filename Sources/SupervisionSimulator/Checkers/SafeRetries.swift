package import SupervisionKit

/// Promise 2: again only where that is safe, and the answer says which.
package struct SafeRetries: Checker {
    package static let promise =
        "A call is handed over again only if that is safe, and the answer tells what happened."

    private struct Tries {
        var isRepeatable: Bool
        var handOvers = 0
        /// Hand-overs that the worker refused before the kernel began.
        var refusals = 0
        /// Workers that died of it beyond doubt.
        var killed = 0
    }

    private var calls: [Int: Tries] = [:]

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .call(.sent(let number, let call)):
            calls[number] = Tries(isRepeatable: call.isRepeatable)
        case .call(.handedOver(let number, _, _)):
            calls[number]?.handOvers += 1
            return calls[number].flatMap { judge(number, $0) }
        case .call(.replied(let number, _, let error, .notRun)) where error != nil:
            calls[number]?.refusals += 1
        case .worker(.ended(_, _, let culprit?)): calls[culprit]?.killed += 1
        case .call(.ended(let number, let end)):
            defer { calls[number] = nil }
            return calls[number].flatMap { judge(number, $0, end) }
        case .call(.abandoned(let number)): calls[number] = nil
        case .call, .worker, .outside, .core: break
        }
        return nil
    }

    private func judge(_ number: Int, _ tries: Tries) -> String? {
        if !tries.isRepeatable, tries.handOvers - tries.refusals > 1 {
            return "call \(number) must not run twice and was handed over again"
        }
        if tries.killed >= 2 {
            return "call \(number) has killed \(tries.killed) workers and was handed to another"
        }
        return nil
    }

    private func judge(_ number: Int, _ tries: Tries, _ end: CallEnd) -> String? {
        if end.attempts != tries.handOvers {
            return "call \(number) was handed over \(tries.handOvers) times, "
                + "and its answer says \(end.attempts)"
        }
        // A relayed reply speaks of the last try alone.
        let mayBeOld = end.isRelayed && tries.isRepeatable
        if end.execution == .notRun, !mayBeOld, tries.handOvers > tries.refusals {
            return "call \(number) may have run, and its answer says that it didn't"
        }
        return nil
    }
}
