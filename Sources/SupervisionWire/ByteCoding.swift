/// Little-endian reading from a span of bytes. Every read is bounds-checked by the span itself;
/// the decoders check lengths first, so that a short frame is an error and not a trap.
extension Span<UInt8> {
    @inlinable
    func u16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    @inlinable
    func u32(at offset: Int) -> UInt32 {
        UInt32(u16(at: offset)) | UInt32(u16(at: offset + 2)) << 16
    }

    @inlinable
    func u64(at offset: Int) -> UInt64 {
        UInt64(u32(at: offset)) | UInt64(u32(at: offset + 4)) << 32
    }

    /// The UTF-8 text of `length` bytes at `offset`; nil when it is not valid UTF-8 or holds a NUL.
    func text(at offset: Int, length: Int) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        for index in offset..<offset + length {
            guard self[index] != 0 else { return nil }
            bytes.append(self[index])
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Little-endian writing to a growing array.
extension [UInt8] {
    @inlinable
    mutating func append(u16 value: UInt16) {
        append(UInt8(truncatingIfNeeded: value))
        append(UInt8(truncatingIfNeeded: value >> 8))
    }

    @inlinable
    mutating func append(u32 value: UInt32) {
        append(u16: UInt16(truncatingIfNeeded: value))
        append(u16: UInt16(truncatingIfNeeded: value >> 16))
    }

    @inlinable
    mutating func append(u64 value: UInt64) {
        append(u32: UInt32(truncatingIfNeeded: value))
        append(u32: UInt32(truncatingIfNeeded: value >> 32))
    }

    @inlinable
    mutating func append(zeros count: Int) {
        append(contentsOf: repeatElement(0, count: count))
    }

    /// Appends zeros until the length is a multiple of eight.
    @inlinable
    mutating func padToEight() {
        append(zeros: (8 - count % 8) % 8)
    }

    /// Overwrites eight bytes at `offset`, which must lie inside.
    @inlinable
    public mutating func overwrite(u64 value: UInt64, at offset: Int) {
        var bytes = mutableSpan
        for index in 0..<8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    /// Overwrites two bytes at `offset`, which must lie inside.
    @inlinable
    public mutating func overwrite(u16 value: UInt16, at offset: Int) {
        var bytes = mutableSpan
        bytes[offset] = UInt8(truncatingIfNeeded: value)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }

    /// Overwrites four bytes at `offset`, which must lie inside.
    @inlinable
    public mutating func overwrite(u32 value: UInt32, at offset: Int) {
        var bytes = mutableSpan
        for index in 0..<4 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
        }
    }
}

/// `length` rounded up to a multiple of eight.
@inlinable
func paddedToEight(_ length: Int) -> Int {
    (length + 7) & ~7
}
