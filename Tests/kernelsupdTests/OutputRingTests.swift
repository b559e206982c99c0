import SupervisionKit
import Testing

@testable import kernelsupd

struct OutputRingTests {
    private func stamp(_ incarnation: UInt64, at second: UInt64 = 0) -> OutputLine.Stamp {
        OutputLine.Stamp(
            at: Instant(nanoseconds: second * 1_000_000_000),
            wallMicroseconds: Int64(second) * 1_000_000,
            incarnation: incarnation,
            pid: Int32(incarnation) + 100,
            stream: incarnation % 2 == 0 ? .standardOutput : .standardError
        )
    }

    private func add(
        _ text: String,
        _ incarnation: UInt64,
        at second: UInt64 = 0,
        marks: OutputLine.Marks = [],
        to ring: inout OutputRing
    ) {
        ring.append(Array(text.utf8).span, stamp(incarnation, at: second), marks)
    }

    @Test func `gives back what it was given, with all that is known of it`() {
        var ring = OutputRing()
        #expect(ring.last(20) == [])
        add("first", 7, at: 1, to: &ring)
        add("", 7, at: 2, marks: .unfinished, to: &ring)
        #expect(
            ring.last(20) == [
                OutputLine(stamp: stamp(7, at: 1), marks: [], text: "first"),
                OutputLine(stamp: stamp(7, at: 2), marks: .unfinished, text: ""),
            ]
        )
        #expect(ring.last(1).map(\.text) == [""])
    }

    @Test func `the last words are those of the worker that wrote last`() {
        var ring = OutputRing()
        for line in ["a", "b"] { add(line, 1, to: &ring) }
        for line in ["c", "d", "e"] { add(line, 2, to: &ring) }
        #expect(ring.last(20).map(\.text) == ["c", "d", "e"])
        #expect(ring.newest.incarnation == 2)
        #expect(ring.newest.lineCount == 3)
        #expect(ring.count == 5)
    }

    // Lengths that have no part in common with the capacity bring each place of a line and of its
    // header over the end of the memory.
    @Test(arguments: [0, 1, 31, 33, 97, 1000, 2048])
    func `keeps the newest lines whole when it is full`(length: Int) {
        var ring = OutputRing()
        let padding = String(repeating: "x", count: length)
        let size = 32 + length + 4
        let total = 3 * OutputRing.capacity / size + 10
        for number in 0..<total {
            add(String("000\(number)".suffix(4)) + padding.prefix(2044), 1, to: &ring)
        }
        let kept = ring.last(.max)
        let line = 32 + min(2048, length + 4)
        #expect(ring.count == OutputRing.capacity / line)
        #expect(
            kept.map(\.text)
                == (total - ring.count..<total).map {
                    String("000\($0)".suffix(4)) + padding.prefix(2044)
                }
        )
        #expect(ring.newest.lineCount == total)
    }

    @Test func `lines of many lengths go over the end of the memory`() {
        var ring = OutputRing()
        var random = SplitMix64(seed: 7)
        var lines: [String] = []
        for number in 0..<5000 {
            let count = Int.random(in: 0...300, using: &random)
            let text = String(repeating: "\(number % 10)", count: count)
            lines.append(text)
            add(text, 1, to: &ring)
        }
        #expect(ring.count > 200)
        #expect(ring.last(.max).map(\.text) == lines.suffix(ring.count))
    }
}
