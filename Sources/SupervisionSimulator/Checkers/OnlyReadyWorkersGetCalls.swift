package import SupervisionKit

/// Workers get what they can take, when they can take it.
package struct OnlyReadyWorkersGetCalls: Checker {
    package static let promise =
        "Calls go to workers that are ready, and to each no more than it takes at once."

    private struct Worker {
        var concurrency: Int
        var isReady = false
        /// It was told to go.
        var isLeaving = false
        var calls: Set<Int> = []
    }

    private var workers: [WorkerID: Worker] = [:]
    /// Of what is due in the turn that brings the news the daemon thinks first.
    private var ended: [WorkerID] = []

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .call(let fact): observe(fact)
        case .worker(let fact): observe(fact)
        case .core(.turnEnded): forgetEnded()
        case .outside, .core: nil
        }
    }

    private mutating func forgetEnded() -> String? {
        for worker in ended { workers[worker] = nil }
        ended.removeAll(keepingCapacity: true)
        return nil
    }

    private mutating func observe(_ fact: CallFact) -> String? {
        switch fact {
        case .handedOver(let number, let worker, _):
            guard let known = workers[worker], known.isReady else {
                return "call \(number) was handed to a worker that is not ready"
            }
            if known.isLeaving { return "call \(number) was handed to a worker that must go" }
            workers[worker]?.calls.insert(number)
            guard known.calls.count < known.concurrency else {
                return "call \(number) is one more than its worker takes at once"
            }
        case .replied(let number, let worker, _, _): workers[worker]?.calls.remove(number)
        case .sent, .accepted, .kept, .released, .marked, .ended, .answeredNobody, .abandoned,
            .cancelled, .recalled:
            break
        }
        return nil
    }

    private mutating func observe(_ fact: WorkerFact) -> String? {
        switch fact {
        case .greeted(let worker, let concurrency):
            if workers[worker] == nil { workers[worker] = Worker(concurrency: concurrency) }
        case .ready(let worker): workers[worker]?.isReady = true
        case .asked(let worker, _), .terminated(let worker), .killed(let worker),
            .closedChannel(let worker, _):
            workers[worker]?.isLeaving = true
        case .ended(let worker, _, _): ended.append(worker)
        case .started, .probed, .answeredProbe, .did: break
        }
        return nil
    }
}
