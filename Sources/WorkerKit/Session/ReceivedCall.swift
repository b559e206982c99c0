internal import SupervisionKit
internal import SupervisionWire

/// A call as it came: a frame whose header is good, and the rest still unread.
///
/// Only what routing needs is read on arrival. Name, tensors and memfds are checked when the call
/// starts, on the compute thread, so that a bad call costs the channel thread nothing.
struct ReceivedCall: Sendable {
    let buffer: FrameBuffer
    let header: FrameHeader
    let descriptors: ReceivedDescriptors
    /// Descriptors were lost on the way in: the process has no room for more open files.
    let isMissingDescriptors: Bool
    let control: CallControl
    /// Some kernel made it.
    let isChild: Bool

    init(_ frame: ReceivedFrame) {
        buffer = frame.buffer
        header = frame.header
        descriptors = frame.descriptors
        isMissingDescriptors = frame.isMissingDescriptors
        control = CallControl(id: frame.header.id)
        let header = frame.header
        isChild = frame.buffer.withSpan { bytes in
            bytes.count >= Limits.headerBytes
                && CallFrame.head(of: bytes, header: header).chainDepth > 0
        }
    }
}

/// A packet with a good header.
struct ReceivedFrame: Sendable {
    let buffer: FrameBuffer
    let header: FrameHeader
    let descriptors: ReceivedDescriptors
    let isMissingDescriptors: Bool
}
