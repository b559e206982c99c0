/// Reads length-prefixed parts one after another, never past the end.
struct TextReader {
    var offset: Int

    mutating func text(
        _ bytes: Span<UInt8>,
        length: Int,
        limit: Int
    ) throws(WireError) -> String {
        guard length <= limit else {
            throw WireError(.tooLarge, "a text of \(length) bytes, at most \(limit)")
        }
        guard offset + length <= bytes.count else {
            throw WireError(.truncated, "a text of \(length) bytes ends outside the frame")
        }
        guard let text = bytes.text(at: offset, length: length) else {
            throw WireError(.badText, "a text at byte \(offset) is not UTF-8 or holds a NUL")
        }
        offset += length
        return text
    }

    /// A text with zeros behind it up to a multiple of eight.
    mutating func paddedText(
        _ bytes: Span<UInt8>,
        length: Int,
        limit: Int
    ) throws(WireError) -> String {
        let text = try text(bytes, length: length, limit: limit)
        offset += paddedToEight(length) - length
        guard offset <= bytes.count else {
            throw WireError(.truncated, "the frame ends inside a text's padding")
        }
        return text
    }

    /// A text with its length in two bytes before it.
    mutating func prefixedText(
        _ bytes: Span<UInt8>,
        limit: Int = Limits.maxMessageBytes
    ) throws(WireError) -> String {
        let length = Int(try u16(bytes))
        return try text(bytes, length: length, limit: limit)
    }

    mutating func u16(_ bytes: Span<UInt8>) throws(WireError) -> UInt16 {
        guard offset + 2 <= bytes.count else {
            throw WireError(.truncated, "the frame ends inside a number")
        }
        defer { offset += 2 }
        return bytes.u16(at: offset)
    }

    mutating func u8(_ bytes: Span<UInt8>) throws(WireError) -> UInt8 {
        guard offset < bytes.count else {
            throw WireError(.truncated, "the frame ends inside a number")
        }
        defer { offset += 1 }
        return bytes[offset]
    }
}
