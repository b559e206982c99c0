internal import Glibc
internal import LinuxSystem
internal import SupervisionWire

/// The worker's channel behind the session's back, for frames that no session would send.
struct RawChannel {
    private let number: Int32

    /// The descriptor that the daemon handed down; nil when there is none.
    init?() {
        guard let text = Options.environment("KERNELSUP_CHANNEL"), let number = Int32(text) else {
            return nil
        }
        self.number = number
    }

    /// Sends one packet as it is.
    func send(_ bytes: [UInt8], descriptors: [Int32] = []) {
        guard let copy = try? FileDescriptor.duplicate(number) else { return }
        let socket = PacketSocket(owning: copy)
        _ = try? socket.send(bytes, descriptors: descriptors)
    }

    func send(_ frame: WorkerFrame) {
        guard let bytes = try? frame.encoded() else { return }
        send(bytes)
    }

    /// Receives and drops packets until the other end is gone.
    func drain() {
        guard let copy = try? FileDescriptor.duplicate(number) else { return }
        let socket = PacketSocket(owning: copy)
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Limits.maxFrameBytes,
            alignment: 8
        )
        defer { room.deallocate() }
        var descriptors: [Int32] = []
        while let received = try? socket.receive(into: room, descriptors: &descriptors),
            received != .closed
        {}
    }

    /// Puts a silent socket, whose other end is kept open here, in the channel's place: for the
    /// daemon the channel is closed, for the session it is a daemon that never speaks.
    func replaceBySilence() {
        guard let pair = try? PacketSocket.pair(nonblocking: false) else { return }
        _ = dup2(pair.theirs.rawValue, number)
        _ = pair.ours.descriptor.rawValue
        // Kept open for as long as the process lives.
        _ = pair.release()
    }
}

extension PacketSocketPair {
    /// Gives the kept end away for ever; the other end is closed.
    fileprivate consuming func release() -> Int32 {
        ours.release().release()
    }
}
