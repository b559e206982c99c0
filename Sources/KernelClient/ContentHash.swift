/// A 64-bit hash of bytes that is the same in every process.
///
/// Four lanes over words of eight bytes, about as fast as large tensors are read from memory. Each
/// word is multiplied before it meets its lane, and the lane after it: with one multiplication
/// alone, two words whose high bits differ (the signs of numbers) could undo each other. The
/// standard library's hashes differ from process to process, and a hash that withstands intent
/// would cost a large call more than its worker does.
///
/// Source of the step: xxHash64 by Yann Collet; the rest is simpler, and the values are others.
struct ContentHash {
    // Odd, so that no bit of what is multiplied is lost.
    private static let wordFactor: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let laneFactor: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let wordBytes = 8
    private static let blockBytes = 4 * wordBytes

    private var state: UInt64 = 0

    mutating func combine(_ word: UInt64) {
        state = Self.step(state, word)
    }

    /// Its length counts too, so that what follows can't be taken for a part of it.
    mutating func combine(_ text: String) {
        var text = text
        combine(text.withUTF8 { Self.hash(of: UnsafeRawBufferPointer($0)) })
    }

    /// Never 0, which names no content.
    var value: UInt64 {
        let mixed = Self.mixed(state)
        return mixed == 0 ? 1 : mixed
    }

    static func hash(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        var first: UInt64 = 1
        var second: UInt64 = 2
        var third: UInt64 = 3
        var fourth: UInt64 = 4
        var offset = 0
        while offset &+ blockBytes <= bytes.count {
            first = step(first, word(bytes, offset))
            second = step(second, word(bytes, offset &+ wordBytes))
            third = step(third, word(bytes, offset &+ 2 &* wordBytes))
            fourth = step(fourth, word(bytes, offset &+ 3 &* wordBytes))
            offset &+= blockBytes
        }
        var last = step(step(step(first, second), third), fourth)
        while offset &+ wordBytes <= bytes.count {
            last = step(last, word(bytes, offset))
            offset &+= wordBytes
        }
        while offset < bytes.count {
            last = step(last, UInt64(bytes[offset]))
            offset &+= 1
        }
        return mixed(step(last, UInt64(bytes.count)))
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    private static func step(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        let sum = lane &+ word &* wordFactor
        return (sum << 31 | sum >> 33) &* laneFactor
    }

    /// Lets each bit count in all others.
    private static func mixed(_ state: UInt64) -> UInt64 {
        let once = (state ^ state >> 33) &* wordFactor
        let twice = (once ^ once >> 29) &* laneFactor
        return twice ^ twice >> 32
    }
}
