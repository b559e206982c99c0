import SupervisionWire

/// What libFuzzer calls with each input.
///
/// The input is read as every receiver would read it: once as it is, and once with its true length
/// in the header, because a guess hardly ever has that.
///
/// - Returns: 0, which asks libFuzzer to keep the input if it reached new code.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = Array(UnsafeBufferPointer(start: start, count: count))
    read(bytes)
    guard count >= 12 else { return 0 }
    bytes.overwrite(u32: UInt32(count), at: 8)
    read(bytes)
    return 0
}

/// Reads a packet; what is a frame of a worker's channel is also written and read again.
private func read(_ bytes: [UInt8]) {
    guard let header = try? FrameHeader(decoding: bytes.span) else {
        _ = FrameHeader.answerID(ofUnreadable: bytes.span)
        return
    }
    switch header.type {
    case .call:
        _ = try? CallFrame.nameRange(in: bytes.span, header: header)
        _ = CallFrame.head(of: bytes.span, header: header)
        _ = try? CallFrame(decoding: bytes.span, header: header)
    case .reply:
        _ = try? ReplyFrame.outcome(of: bytes.span, header: header)
        _ = try? ReplyFrame(decoding: bytes.span, header: header)
    case .cancel, .hello, .welcome, .ready, .heartbeat, .shutdown, .refuse:
        guard let frame = try? WorkerFrame(decoding: bytes.span, header: header) else { return }
        guard let written = try? frame.encoded(),
            let again = try? FrameHeader(decoding: written.span),
            (try? WorkerFrame(decoding: written.span, header: again)) == frame
        else { preconditionFailure("a frame that was read cannot be written") }
    }
}
