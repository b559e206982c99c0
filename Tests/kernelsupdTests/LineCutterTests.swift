import SupervisionKit
import Testing

@testable import kernelsupd

struct LineCutterTests {
    private struct Piece: Equatable, CustomStringConvertible {
        var bytes: [UInt8]
        var marks: OutputLine.Marks

        init(_ bytes: [UInt8], _ marks: OutputLine.Marks = []) {
            self.bytes = bytes
            self.marks = marks
        }

        init(_ text: String, _ marks: OutputLine.Marks = []) {
            self.init(Array(text.utf8), marks)
        }

        var description: String { "\(bytes.count) bytes \(marks.names)" }
    }

    /// What comes of these reads and the end.
    private func cut(_ reads: [[UInt8]]) -> [Piece] {
        var cutter = LineCutter()
        var pieces: [Piece] = []
        let take = { (line: Span<UInt8>, marks: OutputLine.Marks) in
            pieces.append(Piece(line.withUnsafeBufferPointer(Array.init), marks))
        }
        for read in reads { cutter.append(read.span, take) }
        cutter.finish(take)
        return pieces
    }

    private func letters(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test func `lines come whole, however the reads fall`() {
        let text = Array("one\n\nthree\nfour\n".utf8)
        let lines = [Piece("one"), Piece(""), Piece("three"), Piece("four")]
        #expect(cut([text]) == lines)
        #expect(cut(text.map { [$0] }) == lines)
        for place in text.indices {
            #expect(cut([Array(text[..<place]), Array(text[place...])]) == lines)
        }
    }

    @Test func `what has no newline at the end is a line and is marked`() {
        #expect(
            cut([Array("one\ntw".utf8), Array("o".utf8)]) == [
                Piece("one"), Piece("two", .unfinished),
            ]
        )
        #expect(cut([]) == [])
    }

    @Test(arguments: [1, 3, 700, 2047, 2048, 2049, 100_000])
    func `a line beyond the limit comes in pieces that are marked`(readSize: Int) {
        let limit = LineCutter.maxLineBytes
        let text = Array((letters(limit) + "\n" + letters(2 * limit + 5) + "\nend\n").utf8)
        let reads = stride(from: 0, to: text.count, by: readSize).map {
            Array(text[$0..<min($0 + readSize, text.count)])
        }
        #expect(
            cut(reads) == [
                Piece(letters(limit)), Piece(letters(limit), .cut), Piece(letters(limit), .cut),
                Piece(letters(5)), Piece("end"),
            ]
        )
    }

    @Test(arguments: ["é", "€", "😀"], 0...4)
    func `no character is cut in two`(character: String, shift: Int) {
        let text = letters(shift) + String(repeating: character, count: 2000) + "\n"
        for reads in [[Array(text.utf8)], text.utf8.map { [$0] }] {
            let pieces = cut(reads)
            #expect(pieces.allSatisfy { String(validating: $0.bytes, as: UTF8.self) != nil })
            #expect(pieces.allSatisfy { $0.bytes.count <= LineCutter.maxLineBytes })
            #expect(pieces.flatMap(\.bytes) == Array(text.utf8.dropLast()))
            #expect(pieces.dropLast().allSatisfy { $0.marks == .cut })
        }
    }

    @Test func `bytes that are no characters are cut at the limit`() {
        let bytes = [UInt8](repeating: 0x80, count: LineCutter.maxLineBytes + 1)
        #expect(
            cut([bytes]) == [Piece(Array(bytes.dropLast()), .cut), Piece([0x80], .unfinished)]
        )
    }
}

struct OutputLineTests {
    private static let stamp = OutputLine.Stamp(
        at: .zero,
        wallMicroseconds: 0,
        incarnation: 1,
        pid: 1,
        stream: .standardError
    )

    private func line(_ bytes: [UInt8]) -> OutputLine {
        OutputLine(bytes.span, Self.stamp, [])
    }

    private func expected(_ text: String, _ marks: OutputLine.Marks) -> OutputLine {
        OutputLine(stamp: Self.stamp, marks: marks, text: text)
    }

    @Test func `what is text stays as it is`() {
        #expect(line(Array("a\tb é €".utf8)) == expected("a\tb é €", []))
        #expect(line(Array("from elsewhere\r".utf8)) == expected("from elsewhere", []))
    }

    @Test func `NULs and other control characters are made visible`() {
        let bytes: [UInt8] = [0x61, 0, 0x1B, 0x7F, 0xC2, 0x9B, 0x62]
        #expect(line(bytes) == expected("a␀␛␡\u{FFFD}b", .controls))
    }

    @Test func `broken UTF-8 is repaired`() {
        #expect(line([0x61, 0xFF, 0x62]) == expected("a\u{FFFD}b", .repaired))
        #expect(line([0xE2, 0x82, 0]) == expected("\u{FFFD}␀", [.repaired, .controls]))
    }
}
