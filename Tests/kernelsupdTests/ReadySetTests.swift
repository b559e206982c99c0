import LinuxSystem
import Testing

@testable import kernelsupd

/// The loop hands out several ready descriptors in a turn: what one handler does to the watch of
/// another one that is at hand already must hold all the same.
struct ReadySetTests {
    /// Counters that are watched by one loop, which ends when none of them is ready.
    ///
    /// Used by the thread of its test alone.
    private final class Bench: @unchecked Sendable {
        let loop: EventLoop
        private var counters: [Kept<EventCounter>?] = []
        private(set) var watches: [Kept<Watch>?] = []
        /// The numbers of the counters, as their handlers were called.
        private(set) var seen: [Int] = []
        private var end: Kept<Watch>?
        private let ending: EventCounter
        private var afterwards: ((Bench) -> Void)?

        init() throws {
            loop = try EventLoop()
            ending = try EventCounter()
            end = Kept(
                try loop.watch(ending.rawDescriptor, .readable, priority: .orphans) {
                    [unowned self] _ in
                    guard let next = afterwards.take() else { return loop.exit(code: 0) }
                    seen.append(-1)
                    next(self)
                }
            )
        }

        /// Adds a counter; the handler is told of its number, once for each signal.
        @discardableResult
        func add(
            _ priority: EventPriority = .normal,
            _ handler: @escaping @Sendable (Bench, Int) -> Void = { _, _ in }
        ) throws -> Int {
            let number = counters.count
            let counter = try EventCounter()
            let watch = try loop.watch(counter.rawDescriptor, .readable, priority: priority) {
                [unowned self] _ in
                counters[number]?.value.clear()
                seen.append(number)
                handler(self, number)
            }
            watches.append(Kept(watch))
            counters.append(Kept(counter))
            return number
        }

        func signal(_ number: Int) { counters[number]?.value.signal() }
        func descriptor(of number: Int) -> Int32? { counters[number]?.value.rawDescriptor }

        /// Ends the watch and closes the descriptor.
        func drop(_ number: Int) {
            watches[number] = nil
            counters[number] = nil
        }

        /// Returns what was seen: a -1 stands where none was ready, and `afterwards` was called.
        func run(_ afterwards: ((Bench) -> Void)? = nil) -> [Int] {
            self.afterwards = afterwards
            ending.signal()
            _ = loop.run()
            return seen
        }
    }

    @Test
    func `a watch that another handler of the same turn drops never fires`() throws {
        let bench = try Bench()
        for _ in 0..<8 {
            try bench.add { bench, number in
                for other in 0..<8 where other != number { bench.drop(other) }
            }
        }
        for number in 0..<8 { bench.signal(number) }
        #expect(bench.run() == [0])
    }

    @Test
    func `a watch gets no event of the one whose descriptor's number it has taken over`() throws {
        let bench = try Bench()
        try bench.add { bench, _ in
            let freed = bench.descriptor(of: 1)
            bench.drop(1)
            do {
                let number = try bench.add()
                #expect(bench.descriptor(of: number) == freed)
            } catch {
                Issue.record(error)
            }
        }
        try bench.add()
        bench.signal(0)
        bench.signal(1)
        #expect(bench.run() == [0])
    }

    @Test
    func `one that another handler of the same turn disables waits until it is enabled`() throws {
        let bench = try Bench()
        try bench.add { bench, _ in bench.watches[1]?.value.setEnabled(false) }
        try bench.add()
        bench.signal(0)
        bench.signal(1)
        #expect(bench.run { $0.watches[1]?.value.setEnabled(true) } == [0, -1, 1])
    }

    @Test
    func `one that is no longer asked for by the same turn is left out`() throws {
        let bench = try Bench()
        try bench.add { bench, _ in bench.watches[1]?.value.setEvents([]) }
        try bench.add()
        bench.signal(0)
        bench.signal(1)
        #expect(bench.run { $0.watches[1]?.value.setEvents(.readable) } == [0, -1, 1])
    }

    @Test
    func `frames go before all else, also those that come in the middle of a turn`() throws {
        let bench = try Bench()
        try bench.add { bench, _ in bench.signal(3) }
        try bench.add()
        try bench.add(.frames)
        try bench.add(.frames)
        for number in 0..<3 { bench.signal(number) }
        #expect(bench.run() == [2, 0, 3, 1])
    }

    @Test
    func `a start goes behind all that is ready`() throws {
        let bench = try Bench()
        try bench.add(.starts)
        for _ in 0..<40 { try bench.add() }
        try bench.add(.frames)
        for number in 0..<42 { bench.signal(number) }
        #expect(bench.run() == [41] + Array(1...40) + [0])
    }

    @Test
    func `a start does not wait for those that are ready again and again`() throws {
        let bench = try Bench()
        try bench.add(.starts)
        for _ in 0..<2 {
            try bench.add { bench, number in
                if bench.seen.count < 1000 { bench.signal(number) }
            }
        }
        for number in 0..<3 { bench.signal(number) }
        let place = bench.run().firstIndex(of: 0)
        #expect(place.map { $0 < 10 } == true)
    }

    @Test
    func `of two thousand that are ready at once each is seen once`() throws {
        try ResourceLimit.raiseOpenFiles()
        let bench = try Bench()
        for _ in 0..<1000 {
            try bench.add()
            try bench.add(.frames)
        }
        for number in 0..<2000 { bench.signal(number) }
        let seen = bench.run()
        #expect(seen.sorted() == Array(0..<2000))
        #expect(seen.prefix(1000).allSatisfy { $0 % 2 == 1 })
    }
}
