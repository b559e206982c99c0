import SupervisionKit
import Testing

@Suite("The list of deadly calls")
struct PoisonListTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)

    // Q02: a call that kills each worker that takes it.
    @Test func `a key is refused for the time and not an instant longer`() {
        var list = PoisonList()
        list.condemn(7, at: start)
        #expect(list.refusal(of: 7, at: start) == .seconds(600))
        #expect(list.refusal(of: 7, at: start + .seconds(599)) == .seconds(1))
        #expect(list.refusal(of: 7, at: start + .seconds(600)) == nil)
        #expect(list.refusal(of: 8, at: start) == nil)
    }

    @Test func `a call without a key is never refused`() {
        var list = PoisonList()
        list.condemn(PoisonList.noKey, at: start)
        #expect(list.count == 0)
        #expect(list.refusal(of: PoisonList.noKey, at: start) == nil)
    }

    @Test func `without a time nothing is refused, and what stood there is forgotten`() {
        var list = PoisonList()
        list.condemn(7, at: start)
        list.time = .zero
        #expect(list.count == 0)
        list.time = .seconds(600)
        #expect(list.refusal(of: 7, at: start) == nil)
    }

    @Test func `a key that kills again is refused anew`() {
        var list = PoisonList()
        list.condemn(7, at: start)
        list.add(7, at: start + .seconds(100))
        #expect(list.count == 1)
        #expect(list.refusal(of: 7, at: start + .seconds(650)) == .seconds(50))
    }

    @Test func `one worker is no evidence, and a second one is`() {
        var list = PoisonList()
        list.add(7, at: start)
        #expect(list.refusal(of: 7, at: start) == nil)
        list.add(7, at: start + .seconds(599))
        #expect(list.refusal(of: 7, at: start + .seconds(599)) == .seconds(600))
    }

    @Test func `a death that is long ago doesn't count`() {
        var list = PoisonList()
        list.add(7, at: start)
        list.add(7, at: start + .seconds(600))
        #expect(list.refusal(of: 7, at: start + .seconds(600)) == nil)
        list.add(7, at: start + .seconds(601))
        #expect(list.refusal(of: 7, at: start + .seconds(601)) == .seconds(600))
    }

    @Test func `an answer clears the key, and no other`() {
        var list = PoisonList()
        list.add(7, at: start)
        list.condemn(8, at: start)
        list.survived(7)
        list.survived(9)
        list.add(7, at: start)
        #expect(list.refusal(of: 7, at: start) == nil)
        #expect(list.refusal(of: 8, at: start) != nil)
        list.survived(8)
        #expect(list.refusal(of: 8, at: start) == nil)
    }

    @Test func `what is refused stays when single deaths fill the list`() {
        var list = PoisonList()
        list.condemn(1, at: start)
        for key in 2...UInt64(PoisonList.maxCount) + 9 { list.add(key, at: start) }
        #expect(list.count == PoisonList.maxCount)
        #expect(list.refusal(of: 1, at: start) != nil)
    }

    @Test func `beyond the maximum the oldest gives way`() {
        var list = PoisonList()
        let count = UInt64(PoisonList.maxCount)
        for key in 1...count { list.condemn(key, at: start) }
        list.condemn(1, at: start)
        list.condemn(count + 1, at: start)
        #expect(list.count == PoisonList.maxCount)
        #expect(list.refusal(of: 1, at: start) != nil)
        #expect(list.refusal(of: 2, at: start) == nil)
        #expect(list.refusal(of: 3, at: start) != nil)
        #expect(list.refusal(of: count + 1, at: start) != nil)
    }

    @Test func `what has run out gives way before what still holds`() {
        var list = PoisonList()
        for key in 1...UInt64(PoisonList.maxCount) {
            list.condemn(key, at: key <= 1000 ? start : start + .seconds(300))
        }
        list.condemn(5000, at: start + .seconds(700))
        #expect(list.count == PoisonList.maxCount)
        #expect(list.refusal(of: 1001, at: start + .seconds(700)) == .seconds(200))
    }

    @Test func `three thousand keys leave no more than the maximum`() {
        var list = PoisonList()
        var random = SplitMix64(seed: 1)
        for step in 0..<3000 {
            list.condemn(random.next(), at: start + .milliseconds(step))
        }
        #expect(list.count == PoisonList.maxCount)
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .seconds(Int64.min)])
    func `a time of nothing refuses nothing`(time: Duration) {
        var list = PoisonList(time: time)
        list.condemn(7, at: start)
        #expect(list.refusal(of: 7, at: start) == nil)
    }

    @Test func `a time without end holds`() {
        var list = PoisonList(time: .seconds(Int64.max))
        list.condemn(7, at: start)
        #expect(list.refusal(of: 7, at: .distantFuture) != nil)
    }

    @Test func `a new time holds for the keys that stand here already`() {
        var list = PoisonList()
        list.condemn(7, at: start)
        list.time = .seconds(60)
        #expect(list.refusal(of: 7, at: start + .seconds(59)) == .seconds(1))
        #expect(list.refusal(of: 7, at: start + .seconds(60)) == nil)
    }

    // C02
    @Test func `a clock that runs backwards lengthens nothing`() {
        var list = PoisonList()
        list.condemn(7, at: start)
        #expect(list.refusal(of: 7, at: .zero) == .seconds(600))
    }
}

extension PoisonList {
    /// As many workers die with the key as it takes.
    fileprivate mutating func condemn(_ key: UInt64, at now: Instant) {
        for _ in 0..<RetryPolicy.maxWorkersLost { add(key, at: now) }
    }
}
