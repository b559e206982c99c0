import Testing

@testable import SupervisionKit

@Suite("The heap of deadlines")
struct DeadlineHeapTests {
    private func at(_ seconds: Int) -> Instant { .zero + .seconds(seconds) }

    @Test func `the earliest deadline is first and due ones come out in order`() {
        var heap = DeadlineHeap()
        for (key, seconds) in [(4, 40), (1, 10), (3, 30), (2, 20)] {
            heap.set(key, to: at(seconds))
        }
        #expect(heap.earliest == at(10))
        #expect(heap.popDue(at: at(9)) == nil)
        #expect(heap.popDue(at: at(35)) == 1)
        #expect(heap.popDue(at: at(35)) == 2)
        #expect(heap.popDue(at: at(35)) == 3)
        #expect(heap.popDue(at: at(35)) == nil)
    }

    // B11 in kind: exactly at its instant a deadline has come.
    @Test func `a deadline is due at its very instant`() {
        var heap = DeadlineHeap()
        heap.set(7, to: at(5))
        #expect(heap.popDue(at: at(5)) == 7)
        #expect(heap.isEmpty)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `the heap agrees with a plain dictionary over random operations`(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var heap = DeadlineHeap()
        var plain: [Int: Instant] = [:]
        for _ in 0..<20_000 {
            let key = Int.random(in: 0..<60, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                heap.remove(key)
                plain[key] = nil
            case 1:
                let now = at(Int.random(in: 0..<1000, using: &random))
                let earliest = plain.values.min()
                let popped = heap.popDue(at: now)
                if let earliest, earliest <= now {
                    #expect(popped.flatMap { plain[$0] } == earliest)
                    if let popped { plain[popped] = nil }
                } else {
                    #expect(popped == nil)
                }
            default:
                let instant = at(Int.random(in: 0..<1000, using: &random))
                heap.set(key, to: instant)
                plain[key] = instant
            }
            #expect(heap.earliest == plain.values.min())
            #expect(heap.count == plain.count)
        }
    }

    @Test func `instants and spans saturate`() {
        #expect(Instant.zero + .seconds(Int64.max) == Instant(nanoseconds: UInt64(Int64.max)))
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect(Instant(nanoseconds: 5) + .seconds(-1) == .zero)
        #expect(Instant(nanoseconds: 5).since(Instant(nanoseconds: 9)) == .zero)
    }

    // R01: a great number of doublings neither overflows nor turns negative.
    @Test func `a span doubled a million times is its limit`() {
        #expect(Duration.milliseconds(100).doubled(1_000_000, limit: .seconds(30)) == .seconds(30))
        #expect(Duration.milliseconds(100).doubled(3, limit: .seconds(30)) == .milliseconds(800))
        #expect(Duration.zero.doubled(1_000_000, limit: .seconds(30)) == .zero)
        #expect(Duration.seconds(60).doubled(0, limit: .seconds(30)) == .seconds(30))
    }
}
