internal import LinuxSystem
internal import SupervisionWire

/// Room for the largest frame, and the frame in it.
///
/// Buffers are used again and again: reading a call allocates nothing.
///
/// `@unchecked Sendable`: one thread at a time has a buffer. Whoever takes it from the pool owns
/// it until it is put into a queued call or back; both hand-overs are under the session's lock.
final class FrameBuffer: TensorMemory, @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var byteCount = 0

    init() {
        memory = .allocate(byteCount: Limits.maxFrameBytes, alignment: OwnedMemory.alignment)
    }

    deinit {
        memory.deallocate()
    }

    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory.baseAddress, count: byteCount)
    }

    /// The room for `receive`, which writes the frame and then states its size.
    func fill<Failure: Error>(
        _ receive: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        byteCount = 0
        byteCount = min(try receive(memory), memory.count)
    }

    /// The frame for the decoders.
    ///
    /// The span ends with `body`, the buffer outlives it.
    func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let frame = bytes.bindMemory(to: UInt8.self)
        return try body(frame.span)
    }
}
