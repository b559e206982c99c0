internal import Glibc
internal import Synchronization

/// The seeds that run now, so that they are named if the core traps.
final class UnderWay: Sendable {
    private final class Place: Sendable {
        /// The seed's number; all bits set for none.
        let seed = Atomic<UInt64>(.max)
    }

    private let places: [Place]

    init(jobs: Int) {
        places = (0..<jobs).map { _ in Place() }
    }

    func begin(_ seed: UInt64, in job: Int) {
        places[job].seed.store(seed, ordering: .relaxed)
    }

    func end(in job: Int) {
        places[job].seed.store(.max, ordering: .relaxed)
    }

    private var seeds: [UInt64] {
        places.map { $0.seed.load(ordering: .relaxed) }.filter { $0 != .max }
    }

    // MARK: - Traps

    private static let watched = Mutex<UnderWay?>(nil)

    /// A trap of the core's (a broken precondition, an index out of range) ends the whole program:
    /// what ran is told before.
    func tellIfTrapped() {
        Self.watched.withLock { $0 = self }
        for number in [SIGILL, SIGTRAP] { signal(number, Self.trapped) }
    }

    private static let trapped: @convention(c) (Int32) -> Void = { _ in
        let seeds = watched.withLockIfAvailable { $0?.seeds ?? [] } ?? []
        let list = seeds.map { "\($0)" }.joined(separator: ", ")
        Output.endProgress()
        Output.write(["the core trapped in one of these seeds, which --seed runs alone: \(list)"])
        _exit(1)
    }
}
