internal import Glibc
internal import LinuxSystem
internal import SupervisionWire

/// The start of a worker's life: the inherited channel, HELLO, WELCOME.
enum Handshake {
    /// The environment variable that names the channel's descriptor.
    static let variable = "KERNELSUP_CHANNEL"

    /// Takes over the channel that the daemon handed down, or ends the process with 64.
    ///
    /// The channel becomes close-on-exec: a compiler that a device driver starts would otherwise
    /// hold it open, and the daemon would not see this process's end there.
    static func openChannel() -> Channel {
        guard let text = getenv(variable).map({ String(cString: $0) }) else {
            ProcessExit.fail(
                WorkerExit.usage,
                "\(variable) is not set: a worker is started by kernelsupd, not by hand"
            )
        }
        guard let descriptor = Int32(text), descriptor >= 0, isPacketSocket(descriptor) else {
            ProcessExit.fail(
                WorkerExit.usage,
                "\(variable) is '\(text)', which is no open packet socket"
            )
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unsetenv(variable)
        return Channel(PacketSocket(owning: FileDescriptor(owning: descriptor)))
    }

    /// Says HELLO and waits for WELCOME.
    ///
    /// Ends the process where the daemon doesn't want it. The lifeline goes to the daemon and is
    /// closed here.
    static func greet(
        _ channel: Channel,
        concurrency: Int,
        lifeline: consuming FileDescriptor?
    ) throws(ChannelEnd) -> WelcomeInfo {
        let hello = WorkerFrame.Hello(concurrency: UInt32(clamping: concurrency))
        try send(hello, lifeline?.rawValue, on: channel)
        lifeline = nil
        let frame = try channel.receive(into: FrameBuffer())
        switch try decode(frame) {
        case .welcome(let welcome):
            return try accept(welcome)
        case .refuse(let message):
            ProcessExit.fail(
                WorkerExit.protocolViolation,
                "the daemon refused this worker: \(message)"
            )
        case .hello, .ready, .heartbeat, .cancel, .shutdown, .probe, .probed:
            throw .violation("a \(frame.header.type) where a welcome was due")
        }
    }

    /// Sends HELLO, without the lifeline where it cannot be sent.
    ///
    /// The system bounds how many descriptors of a user are under way: beyond it, when many workers
    /// start at once, a hello that nobody hears would be worse than a death that is heard later.
    static func send(
        _ hello: WorkerFrame.Hello,
        _ lifeline: Int32?,
        on channel: Channel
    ) throws(ChannelEnd) {
        guard let lifeline else { return try channel.send(encode(.hello(hello))) }
        var whole = hello
        whole.hasLifeline = true
        do {
            try channel.send(encode(.hello(whole)), descriptors: [lifeline])
        } catch {
            guard case .failed = error else { throw error }
            try channel.send(encode(.hello(hello)))
        }
    }

    /// Reads any frame but call and reply.
    static func decode(_ frame: ReceivedFrame) throws(ChannelEnd) -> WorkerFrame {
        do {
            return try frame.buffer.withSpan { bytes throws(WireError) in
                try WorkerFrame(decoding: bytes, header: frame.header)
            }
        } catch {
            throw .violation(error.message)
        }
    }

    /// Writes a frame of ours; one that doesn't fit is a configuration that cannot be served.
    static func encode(_ frame: WorkerFrame) -> [UInt8] {
        do {
            return try frame.encoded()
        } catch {
            ProcessExit.fail(
                WorkerExit.configuration,
                "could not declare the kernels: \(error.message)"
            )
        }
    }

    private static func accept(_ welcome: WorkerFrame.Welcome) throws(ChannelEnd) -> WelcomeInfo {
        guard welcome.version == Limits.version else {
            throw .violation("welcome to version \(welcome.version), offered was \(Limits.version)")
        }
        guard welcome.heartbeatMilliseconds > 0 else {
            throw .violation("welcome with a heartbeat each 0 ms")
        }
        return WelcomeInfo(
            worker: welcome.worker,
            incarnation: welcome.incarnation,
            heartbeat: .milliseconds(Int64(welcome.heartbeatMilliseconds))
        )
    }

    private static func isPacketSocket(_ descriptor: Int32) -> Bool {
        var type: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let result = getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length)
        return result == 0 && type == Int32(SOCK_SEQPACKET.rawValue)
    }
}
