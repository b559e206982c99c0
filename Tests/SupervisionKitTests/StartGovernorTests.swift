import SupervisionKit
import Testing

@Suite("The governor of starts")
struct StartGovernorTests {
    @Test func `so many as the limit says may start and the others wait in order`() {
        var governor = StartGovernor(limit: 2)
        #expect((0..<5).map { governor.request($0) } == [true, true, false, false, false])
        #expect(governor.starting == [0, 1])
        #expect(governor.waiting == [2, 3, 4])
        #expect(governor.next() == nil)
        governor.ended(1)
        #expect(governor.next() == 2)
        #expect(governor.next() == nil)
    }

    @Test(arguments: [0, -1, Int.min])
    func `without a limit everything may start at once`(limit: Int) {
        var governor = StartGovernor(limit: limit)
        #expect((0..<1000).filter { !governor.request($0) } == [])
        #expect(governor.waiting.isEmpty)
    }

    @Test func `to ask twice changes nothing`() {
        var governor = StartGovernor(limit: 1)
        _ = governor.request(0)
        _ = governor.request(1)
        let former = governor
        #expect(governor.request(0) == true)
        #expect(governor.request(1) == false)
        #expect(governor == former)
    }

    @Test func `an end that comes twice makes room once`() {
        var governor = StartGovernor(limit: 1)
        for slot in 0..<3 { _ = governor.request(slot) }
        governor.ended(0)
        governor.ended(0)
        #expect(governor.next() == 1)
        #expect(governor.next() == nil)
    }

    @Test func `the end of what never started changes nothing`() {
        var governor = StartGovernor(limit: 1)
        for slot in 0..<2 { _ = governor.request(slot) }
        let former = governor
        governor.ended(1)
        governor.ended(7)
        #expect(governor == former)
    }

    @Test func `who withdraws is passed over and holds no place`() {
        var governor = StartGovernor(limit: 1)
        for slot in 0..<3 { _ = governor.request(slot) }
        governor.withdraw(1)
        governor.withdraw(9)
        governor.ended(0)
        #expect(governor.next() == 2)
    }

    @Test func `what has begun counts until its end although it was withdrawn`() {
        var governor = StartGovernor(limit: 1)
        for slot in 0..<2 { _ = governor.request(slot) }
        governor.withdraw(0)
        #expect(governor.next() == nil)
    }

    @Test func `nobody overtakes those who wait`() {
        var governor = StartGovernor(limit: 1)
        for slot in 0..<2 { _ = governor.request(slot) }
        governor.ended(0)
        #expect(governor.request(2) == false)
        #expect(governor.next() == 1)
    }

    @Test func `a lower limit holds for what has not begun and a higher one lets more go`() {
        var governor = StartGovernor(limit: 2)
        for slot in 0..<5 { _ = governor.request(slot) }
        governor.limit = 1
        governor.ended(0)
        #expect(governor.next() == nil)
        governor.limit = 3
        #expect(governor.next() == 2)
        #expect(governor.next() == 3)
        governor.limit = 0
        #expect(governor.next() == 4)
        #expect(governor.next() == nil)
    }

    private enum Event: CaseIterable {
        case request, ended, withdraw, next
    }

    @Test func `no sequence of events starts too many or loses or doubles one that waits`() {
        var bad = 0
        func walk(_ governor: StartGovernor, _ asked: Set<Int>, _ depth: Int) {
            // Everything asked for and neither ended nor withdrawn is here exactly once.
            let places = governor.waiting + governor.starting
            if places.count != asked.count || Set(places) != asked { bad += 1 }
            if governor.starting.count > 2 { bad += 1 }
            // Who still waits gets its turn when the others end.
            var rest = governor
            for slot in rest.starting { rest.ended(slot) }
            var turns: [Int] = []
            while let slot = rest.next() {
                turns.append(slot)
                rest.ended(slot)
            }
            if turns != governor.waiting { bad += 1 }
            guard depth > 0 else { return }
            for event in Event.allCases {
                for slot in 0..<(event == .next ? 1 : 4) {
                    var (next, asked) = (governor, asked)
                    switch event {
                    case .request:
                        let mayStart = next.request(slot)
                        if mayStart != next.starting.contains(slot) { bad += 1 }
                        asked.insert(slot)
                    case .ended:
                        if next.starting.contains(slot) { asked.remove(slot) }
                        next.ended(slot)
                    case .withdraw:
                        if next.waiting.contains(slot) { asked.remove(slot) }
                        next.withdraw(slot)
                    case .next:
                        let first = next.waiting.first
                        if let slot = next.next(), slot != first { bad += 1 }
                    }
                    if next != governor { walk(next, asked, depth - 1) }
                }
            }
        }
        walk(StartGovernor(limit: 2), [], 6)
        #expect(bad == 0)
    }
}
