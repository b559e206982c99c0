package import SupervisionKit

/// A change of the configuration leaves no group with more than one worker less.
///
/// Who has failed before a change is replaced by it whatever else is away, and so does not count.
package struct OneAwayAtATime: Checker {
    package static let promise =
        "A change takes a worker away only when no other of its group is away."

    private enum Place {
        case ready
        /// Its process starts, or goes.
        case underWay
        /// Its process, started behind so many changes of the group, is gone or can't be ended.
        case failed(changes: Int)
    }

    private struct Worker {
        var slot: String
        var group: String
        var changes: Int
    }

    private var workers: [WorkerID: Worker] = [:]
    /// By slot's name.
    private var latest: [String: WorkerID] = [:]
    /// By group, and there by the slot's name.
    private var places: [String: [String: Place]] = [:]
    /// By group.
    private var changes: [String: Int] = [:]
    /// What comes in a turn, and the daemon may act on what it knew before as well.
    private var news: [(worker: WorkerID, isGone: Bool)] = []

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .worker(let fact): return observe(fact)
        case .outside(.configured(_, let changed, _)):
            for group in changed { changes[group, default: 0] += 1 }
        case .core(.turnEnded):
            for (worker, isGone) in news { isGone ? fail(worker) : lose(worker) }
            news.removeAll(keepingCapacity: true)
        case .core(.wrote(let record)) where record.kind == .workerStuck:
            let slot = record.fields.first { $0.name == "WORKER" }?.value ?? ""
            if let worker = latest[slot] { fail(worker) }
        case .call, .outside, .core: break
        }
        return nil
    }

    private mutating func observe(_ fact: WorkerFact) -> String? {
        switch fact {
        case .started(let worker, let start):
            workers[worker] = Worker(
                slot: start.name,
                group: start.group,
                changes: changes[start.group] ?? 0
            )
            latest[start.name] = worker
            set(.underWay, worker)
        case .ready(let worker): set(.ready, worker)
        case .asked(let worker, let isReplaced):
            defer { set(.underWay, worker) }
            guard isReplaced, let known = workers[worker],
                case .ready? = places[known.group]?[known.slot],
                let other = others(than: known).first
            else { return nil }
            return "'\(known.slot)' is taken away for a change while '\(other)' is away"
        case .terminated(let worker), .killed(let worker): set(.underWay, worker)
        case .closedChannel(let worker, _): news.append((worker, false))
        case .ended(let worker, _, _): news.append((worker, true))
        case .greeted, .probed, .answeredProbe, .did: break
        }
        return nil
    }

    /// Slots of its group that are away.
    private func others(than worker: Worker) -> [String] {
        let slots = places[worker.group, default: [:]].filter { name, place in
            guard name != worker.slot, isAway(place, worker.group) else { return false }
            let isGone = news.contains { $0.isGone && workers[$0.worker]?.slot == name }
            let changes = latest[name].flatMap { workers[$0]?.changes } ?? 0
            return !isGone || isAway(.failed(changes: changes), worker.group)
        }
        return slots.keys.sorted()
    }

    private func isAway(_ place: Place, _ group: String) -> Bool {
        switch place {
        case .ready: false
        case .underWay: true
        case .failed(let changes): changes == self.changes[group] ?? 0
        }
    }

    private mutating func set(_ place: Place, _ worker: WorkerID) {
        guard let known = workers[worker] else { return }
        places[known.group, default: [:]][known.slot] = place
    }

    /// Of one that can't be ended nothing more is lost.
    private mutating func lose(_ worker: WorkerID) {
        guard let known = workers[worker], case .ready? = places[known.group]?[known.slot] else {
            return
        }
        set(.underWay, worker)
    }

    private mutating func fail(_ worker: WorkerID) {
        guard let known = workers[worker] else { return }
        set(.failed(changes: known.changes), worker)
    }
}
