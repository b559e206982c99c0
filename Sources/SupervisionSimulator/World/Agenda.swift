internal import SupervisionKit

/// What is on its way in the world: earliest first, and in the order of planning at one instant.
struct Agenda: Sendable {
    enum Happening: Hashable, Sendable {
        case greets(WorkerID)
        case becomesReady(WorkerID)
        case ends(WorkerID, WorkerEnd, culprit: Int?)
        case beats(WorkerID, Int)
        case callsOut(WorkerID, Int)
        case finishes(WorkerID, Int)
        /// It answers the cancel of that call.
        case acknowledges(WorkerID, Int)
        case answersProbe(WorkerID, UInt32)
        case closesChannel(WorkerID, why: String)
        case closesConnection(ClientID)

        /// The process that does it.
        var worker: WorkerID? {
            switch self {
            case .greets(let worker), .becomesReady(let worker), .ends(let worker, _, _),
                .beats(let worker, _), .callsOut(let worker, _), .finishes(let worker, _),
                .acknowledges(let worker, _), .answersProbe(let worker, _),
                .closesChannel(let worker, _):
                worker
            case .closesConnection: nil
            }
        }
    }

    struct Entry: Sendable {
        var at: Instant
        var number: Int
        var happening: Happening

        static func isEarlier(_ left: Entry, _ right: Entry) -> Bool {
            (left.at, left.number) < (right.at, right.number)
        }
    }

    private var entries: [Entry] = []
    private var nextNumber = 0

    var earliest: Instant? { entries.first?.at }

    mutating func add(_ happening: Happening, at instant: Instant) {
        nextNumber += 1
        entries.append(Entry(at: instant, number: nextNumber, happening: happening))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Entry.isEarlier(entries[child], entries[parent]) else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() -> Happening? {
        guard let first = entries.first else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if Entry.isEarlier(entries[child], entries[least]) { least = child }
            }
            guard least != parent else { break }
            entries.swapAt(parent, least)
            parent = least
        }
        return first.happening
    }

    /// Nothing goes on while the machine sleeps: all that is on its way comes that much later.
    mutating func postpone(_ duration: Duration) {
        for index in entries.indices { entries[index].at = entries[index].at + duration }
    }
}
