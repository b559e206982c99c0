internal import Glibc
internal import LinuxSystem
internal import SupervisionWire

/// The worker's end of its channel to the daemon.
///
/// Both threads send without a lock: a packet goes out whole or waits, so two senders cannot mix,
/// and a sender that waits for room keeps nobody else waiting. Only one thread receives at a time;
/// `SessionState.reader` says which.
final class Channel: Sendable {
    private let socket: PacketSocket

    var descriptor: Int32 { socket.rawDescriptor }

    init(_ socket: consuming PacketSocket) {
        self.socket = socket
    }

    /// Receives the next frame, waiting for it.
    func receive(into buffer: FrameBuffer) throws(ChannelEnd) -> ReceivedFrame {
        while true {
            if let frame = try receiveIfReady(into: buffer) { return frame }
            wait(for: Int16(POLLIN))
        }
    }

    /// Receives a frame that poll has announced; nil when there is none after all.
    func receiveIfReady(into buffer: FrameBuffer) throws(ChannelEnd) -> ReceivedFrame? {
        var descriptors: [Int32] = []
        var isTruncated = false
        var descriptorsLost = false
        var isThere = false
        try buffer.fill { room throws(ChannelEnd) in
            let received = try receive(into: room, descriptors: &descriptors)
            switch received {
            case .packet(let byteCount, let truncated, let lost):
                isTruncated = truncated
                descriptorsLost = lost
                isThere = true
                return byteCount
            case .wouldBlock:
                return 0
            case .closed:
                throw ChannelEnd.closed
            }
        }
        let owner =
            descriptors.isEmpty ? ReceivedDescriptors.none : ReceivedDescriptors(descriptors)
        guard isThere else { return nil }
        guard !isTruncated else {
            throw .violation("a packet is longer than \(Limits.maxFrameBytes) bytes")
        }
        let header: FrameHeader
        do {
            header = try buffer.withSpan { bytes throws(WireError) in
                try FrameHeader(decoding: bytes)
            }
        } catch {
            throw .violation(error.message)
        }
        return ReceivedFrame(
            buffer: buffer,
            header: header,
            descriptors: owner,
            isMissingDescriptors: descriptorsLost
        )
    }

    /// Sends one packet, waiting for room.
    ///
    /// The descriptors stay the caller's.
    func send(_ bytes: [UInt8], descriptors: [Int32] = []) throws(ChannelEnd) {
        while true {
            do {
                if try socket.send(bytes, descriptors: descriptors) { return }
            } catch {
                throw ChannelEnd(error, doing: "send")
            }
            wait(for: Int16(POLLOUT))
        }
    }

    private func receive(
        into room: UnsafeMutableRawBufferPointer,
        descriptors: inout [Int32]
    ) throws(ChannelEnd) -> PacketSocket.Received {
        do {
            return try socket.receive(into: room, descriptors: &descriptors)
        } catch {
            throw ChannelEnd(error, doing: "receive")
        }
    }

    /// A channel that does not block is not what the daemon hands down, but it works all the same.
    private func wait(for events: Int16) {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        _ = poll(&entry, 1, -1)
    }
}

/// Why nothing more can be received or sent.
enum ChannelEnd: Error {
    /// The daemon is gone or has let go of this worker.
    case closed
    /// The daemon sent what the protocol does not allow.
    case violation(String)
    /// The system call failed for a reason of this process.
    case failed(String)

    init(_ error: SystemError, doing action: String) {
        switch error.errno {
        case EPIPE, ECONNRESET, ENOTCONN:
            self = .closed
        default:
            self = .failed("could not \(action) on the channel: \(error)")
        }
    }
}
