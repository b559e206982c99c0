/// Frames whose text is exchanged on their way through the daemon: rare, and then copied.
extension CallFrame {
    /// The same call under another kernel's name.
    ///
    /// - Parameters:
    ///   - bytes: a call that `nameRange` has checked.
    ///   - name: 1 to `Limits.maxNameBytes` bytes.
    /// - Returns: nil when it would be longer than a frame may be.
    public static func renamed(_ bytes: Span<UInt8>, to name: String) -> [UInt8]? {
        exchanged(bytes, Limits.headerBytes, lengthAt: 70, for: name)
    }
}

extension ReplyFrame {
    /// The same reply marked as served by another than the kernel's own workers, and the reason as
    /// its message where it has none.
    ///
    /// - Parameters:
    ///   - bytes: a reply that `outcome` has checked.
    ///   - why: cut where it is longer than a message may be.
    /// - Returns: nil when it would be longer than a frame may be.
    public static func marked(_ bytes: Span<UInt8>, why: String) -> [UInt8]? {
        let start = Limits.headerBytes + paddedToEight(Int(bytes.u16(at: 80)))
        let own = bytes.text(at: start, length: Int(bytes.u16(at: 82))) ?? ""
        let text = (own.isEmpty ? why : own).truncated(toUTF8: Limits.maxMessageBytes)
        var result = exchanged(bytes, start, lengthAt: 82, for: text)
        result?[flagsOffset] |= 1
        return result
    }
}

/// The frame with another text at `start`, the last one before its tensor table.
///
/// What is inline lies at places that count from the frame's start, and moves with the table.
private func exchanged(
    _ bytes: Span<UInt8>,
    _ start: Int,
    lengthAt: Int,
    for text: String
) -> [UInt8]? {
    let former = paddedToEight(Int(bytes.u16(at: lengthAt)))
    let count = bytes.count - former + paddedToEight(text.utf8.count)
    guard count <= Limits.maxFrameBytes else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    for index in 0..<start { result.append(bytes[index]) }
    result.append(contentsOf: text.utf8)
    result.padToEight()
    let table = result.count
    for index in (start + former)..<bytes.count { result.append(bytes[index]) }
    result.overwrite(u16: UInt16(text.utf8.count), at: lengthAt)
    result.overwrite(u32: UInt32(result.count), at: 8)
    let shift = UInt64(truncatingIfNeeded: table - start - former)
    for entry in 0..<Int(bytes.u16(at: 24)) {
        let place = table + entry * Limits.tensorEntryBytes
        let isInline = result[place + 2] == 0
        if isInline {
            let offset = result.span.u64(at: place + 8)
            result.overwrite(u64: offset &+ shift, at: place + 8)
        }
    }
    return result
}
