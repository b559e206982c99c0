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

    /// Answers a call with a result that holds nothing.
    func answer(_ id: UInt64) {
        guard let bytes = try? ReplyFrame.encode(ReplyHead(id: id)) else { return }
        send(bytes)
    }

    /// Receives and drops packets until the other end is gone.
    func drain() { forEachFrame { _ in } }

    /// Receives frames, of which only the head is looked at, until the other end is gone.
    func forEachFrame(_ body: (FrameHeader) -> Void) {
        guard let copy = try? FileDescriptor.duplicate(number) else { return }
        let socket = PacketSocket(owning: copy)
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Limits.maxFrameBytes,
            alignment: 8
        )
        defer { room.deallocate() }
        var descriptors: [Int32] = []
        while case .packet(let count, _, _)? = try? socket.receive(
            into: room,
            descriptors: &descriptors
        ) {
            let bytes = Array(room[..<count])
            if let header = try? FrameHeader(decoding: bytes.span) { body(header) }
        }
    }

    /// Makes calls in the name of one that runs until this process is ended; nobody reads what is
    /// answered.
    func floodWithCalls(of parent: UInt64) {
        guard let copy = try? FileDescriptor.duplicate(number) else { return }
        let socket = PacketSocket(owning: copy)
        replaceBySilence()
        var id: UInt64 = 1
        while true {
            let head = CallHead(id: id, parent: parent)
            if let bytes = try? CallFrame.encode(head, kernel: "none/such", tensors: []) {
                // The daemon takes a moment, or has gone; then nothing comes after this either.
                _ = try? socket.send(bytes)
            }
            id += 1
        }
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

    /// Forks a process that waits for the other end to go, and then ends.
    func holdInChild() {
        typealias Fork = @convention(c) () -> pid_t
        // Swift hides the function, which leaves a child with locks that nobody gives back: this
        // child makes system calls alone.
        guard let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "fork") else { return }
        let fork = unsafeBitCast(symbol, to: Fork.self)
        var entry = pollfd(fd: number, events: 0, revents: 0)
        guard fork() == 0 else { return }
        while poll(&entry, 1, -1) != 1 {}
        _exit(0)
    }
}

extension PacketSocketPair {
    /// Gives the kept end away for ever; the other end is closed.
    fileprivate consuming func release() -> Int32 {
        ours.release().release()
    }
}
