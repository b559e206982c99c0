package import SupervisionKit

/// Promise 4: a worker that doesn't acknowledge a cancel is wedged.
package struct WedgedWorkersAreKilled: Checker {
    package static let promise =
        "A worker that does not acknowledge a cancel in time is killed."

    private struct Recall: Hashable {
        var call: Int
        var worker: WorkerID
        var until: Instant
    }

    private var recalls: [Recall] = []
    private var gone: Set<WorkerID> = []
    /// Calls with whose replies the turn began: such a reply acknowledges what it crosses.
    private var replied: Set<Int> = []

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .call(.recalled(let number, let worker, let until)):
            guard !replied.contains(number), !gone.contains(worker) else { return nil }
            recalls.append(Recall(call: number, worker: worker, until: until))
        case .call(.replied(let number, let worker, _, _)):
            recalls.removeAll { $0.call == number && $0.worker == worker }
            replied.insert(number)
        case .worker(.killed(let worker)), .worker(.ended(let worker, _, _)):
            gone.insert(worker)
            recalls.removeAll { $0.worker == worker }
        // Nobody was looking: workers get that time back.
        case .core(.turnBegan(let late, let silence)) where late >= .seconds(1):
            for index in recalls.indices { recalls[index].until = recalls[index].until + silence }
        case .core(.turnEnded):
            replied.removeAll(keepingCapacity: true)
            guard let late = recalls.first(where: { $0.until < now }) else { return nil }
            return "a worker kept call \(late.call) for "
                + "\(now.since(late.until).inWords) too long and lives"
        case .call, .worker, .outside, .core: break
        }
        return nil
    }
}
