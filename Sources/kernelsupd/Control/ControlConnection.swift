internal import ControlProtocol
internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// One client on control.sock: a stream of requests, a stream of replies.
final class ControlConnection {
    /// Bytes of replies that wait to be read; who leaves more than this is dropped.
    static let maxPendingBytes = 32 << 20

    let id: ClientID
    let descriptor: FileDescriptor
    /// nil when the operating system does not say.
    let peer: PeerCredentials?
    var splitter = VarlinkFrame.Splitter()
    var outgoing: [UInt8] = []
    private var source: Watch?

    init(
        id: ClientID,
        peer: PeerCredentials?,
        descriptor: consuming FileDescriptor,
        source: consuming Watch
    ) {
        self.id = id
        self.peer = peer
        self.descriptor = descriptor
        self.source = .some(source)
    }

    deinit {
        // Before the descriptor: see `EventLoop.watch`.
        source = nil
    }

    /// Changing something is for root and the daemon's own user.
    var mayChange: Bool { peer.map { $0.uid == 0 || $0.uid == geteuid() } ?? false }

    /// Requests wait while replies do.
    func wantsToWrite(_ wants: Bool) {
        source?.setEvents(wants ? .writable : .readable)
    }
}
