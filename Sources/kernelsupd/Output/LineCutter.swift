internal import Glibc

/// Cuts a stream of bytes into lines, bounded: a longer line comes in pieces of the limit, each but
/// the last marked as cut.
///
/// A line that lies whole in what was read is handed on in place. Only what is left of a read is
/// copied, to wait for the rest of its line.
struct LineCutter {
    static let maxLineBytes = 2048

    /// The beginning of a line; never more than the limit.
    private var rest: [UInt8] = []

    /// Calls `body` for each line that is whole now.
    mutating func append(
        _ bytes: Span<UInt8>,
        _ body: (Span<UInt8>, OutputLine.Marks) -> Void
    ) {
        var start = 0
        while start < bytes.count {
            let ahead = bytes.extracting(start...)
            let newline = ahead.firstNewline
            take(ahead.extracting(first: newline ?? ahead.count), isWhole: newline != nil, body)
            start += (newline ?? ahead.count) + 1
        }
    }

    /// Nothing more comes: what is left counts as a line.
    mutating func finish(_ body: (Span<UInt8>, OutputLine.Marks) -> Void) {
        guard !rest.isEmpty else { return }
        body(rest.span, .unfinished)
        rest = []
    }

    private mutating func take(
        _ piece: Span<UInt8>,
        isWhole: Bool,
        _ body: (Span<UInt8>, OutputLine.Marks) -> Void
    ) {
        var start = 0
        while rest.count + piece.count - start > Self.maxLineBytes {
            if rest.isEmpty {
                let part = piece.extracting(start..<start + Self.maxLineBytes)
                let count = part.wholeCharactersCount
                body(part.extracting(first: count), .cut)
                start += count
            } else {
                let room = Self.maxLineBytes - rest.count
                rest.append(piece.extracting(start..<start + room))
                start += room
                let count = rest.span.wholeCharactersCount
                body(rest.span.extracting(first: count), .cut)
                rest.removeFirst(count)
            }
        }
        let end = piece.extracting(start...)
        guard isWhole else { return rest.append(end) }
        guard !rest.isEmpty else { return body(end, []) }
        rest.append(end)
        body(rest.span, [])
        rest.removeAll(keepingCapacity: true)
    }
}

extension Span<UInt8> {
    fileprivate var firstNewline: Int? {
        withUnsafeBytes { bytes in
            // Searches within the span alone, and gives a place in it.
            guard let start = bytes.baseAddress,
                let found = memchr(start, Int32(UInt8(ascii: "\n")), bytes.count)
            else { return nil }
            return UnsafeRawPointer(found) - start
        }
    }

    /// How many bytes there are without a character of UTF-8 that has only begun at the end.
    ///
    /// All of them where the end is no UTF-8 anyway.
    var wholeCharactersCount: Int {
        for back in 1..<4 where back <= count {
            let byte = self[count - back]
            guard byte & 0b1100_0000 != 0b1000_0000 else { continue }
            let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return length > back && back < count ? count - back : count
        }
        return count
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
