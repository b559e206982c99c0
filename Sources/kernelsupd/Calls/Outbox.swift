internal import DequeModule
internal import Glibc
internal import LinuxSystem

/// Packets that a peer has no room for yet, in order, with descriptors of their own.
///
/// Bounded: who doesn't read for that long is not waited for.
struct Outbox: ~Copyable {
    static let maxPackets = 1024
    static let maxBytes = 4 << 20

    private struct Packet {
        var bytes: [UInt8]
        var descriptors: [Int32]
    }

    enum Outcome {
        case sent
        case queued
        /// The bound is reached: the peer does not read.
        case unread(String)
        /// The peer is gone, or the packet can't be sent.
        case failed(SystemError)
    }

    private var packets: Deque<Packet> = []
    private var byteCount = 0

    var isEmpty: Bool { packets.isEmpty }

    deinit {
        for packet in packets { packet.descriptors.forEach { close($0) } }
    }

    /// Sends now when nothing waits before it, else queues a copy.
    mutating func send(
        _ bytes: UnsafeRawBufferPointer,
        _ descriptors: [Int32],
        on socket: borrowing PacketSocket
    ) -> Outcome {
        do throws(SystemError) {
            if packets.isEmpty {
                let isSent = try descriptors.withUnsafeBufferPointer {
                    buffer throws(SystemError) in
                    try socket.send(bytes, descriptors: buffer)
                }
                if isSent { return .sent }
            }
            guard packets.count < Self.maxPackets, byteCount + bytes.count <= Self.maxBytes else {
                return .unread("it does not read: \(packets.count) packets wait")
            }
            var own: [Int32] = []
            for descriptor in descriptors {
                own.append(try FileDescriptor.duplicate(descriptor).release())
            }
            packets.append(Packet(bytes: Array(bytes), descriptors: own))
            byteCount += bytes.count
            return .queued
        } catch {
            return .failed(error)
        }
    }

    /// Sends what there is room for.
    ///
    /// `.sent` when nothing is left.
    mutating func flush(on socket: borrowing PacketSocket) -> Outcome {
        while let packet = packets.first {
            do throws(SystemError) {
                guard try socket.send(packet.bytes, descriptors: packet.descriptors) else {
                    return .queued
                }
            } catch {
                return .failed(error)
            }
            packet.descriptors.forEach { close($0) }
            byteCount -= packet.bytes.count
            packets.removeFirst()
        }
        return .sent
    }
}
