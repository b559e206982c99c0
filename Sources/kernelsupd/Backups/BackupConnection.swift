internal import LinuxSystem
internal import SupervisionKit

/// Another daemon's calls.sock, to which this one is a client.
final class BackupConnection {
    /// The core's name for it: a backup has a slot and incarnations as workers have.
    let worker: WorkerID
    let socket: PacketSocket
    var outbox = Outbox()
    /// The other daemon has said that the kernel is well there.
    var isReady = false
    private var source: Watch?

    init(worker: WorkerID, socket: consuming PacketSocket) {
        self.worker = worker
        self.socket = socket
    }

    deinit {
        // Before the descriptor: see `EventLoop.watch`.
        source = nil
    }

    func watch(
        on loop: EventLoop,
        _ body: @escaping @Sendable (ReadyEvents) -> Void
    ) throws(SystemError) {
        source = try loop.watch(socket.rawDescriptor, .readable, priority: .frames, body)
    }

    func wantsToWrite(_ wants: Bool) {
        source?.setEvents(wants ? [.readable, .writable] : .readable)
    }
}

/// Where a kernel's calls go when nothing here can serve them.
struct BackupTarget: Hashable {
    /// Absolute path of the other daemon's calls.sock.
    var socket: String
    /// The kernel's name there.
    var kernel: String

    var fingerprint: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in (socket + "\0" + kernel).utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return hash
    }
}
