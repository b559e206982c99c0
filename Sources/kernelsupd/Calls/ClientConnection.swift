internal import LinuxSystem
internal import SupervisionKit

/// One client on calls.sock.
final class ClientConnection {
    let id: ClientID
    let peer: PeerCredentials?
    let socket: PacketSocket
    var outbox = Outbox()
    private var source: Watch?

    init(
        id: ClientID,
        peer: PeerCredentials?,
        socket: consuming PacketSocket,
        source: consuming Watch
    ) {
        self.id = id
        self.peer = peer
        self.socket = socket
        self.source = .some(source)
    }

    deinit {
        // Before the descriptor: see `EventLoop.watch`.
        source = nil
    }

    /// A client that has no room for its answers isn't read from either: it waits for itself.
    func wantsToWrite(_ wants: Bool) {
        source?.setEvents(wants ? .writable : .readable)
    }
}

/// A socket that accepts connections, and its place in the loop.
final class Listener {
    let socket: ListeningSocket
    private var source: Watch?

    init(_ socket: consuming ListeningSocket, _ source: consuming Watch) {
        self.socket = socket
        self.source = .some(source)
    }

    deinit {
        // Before the descriptor: see `EventLoop.watch`.
        source = nil
    }

    /// Stops or goes on accepting: who connects waits in the backlog.
    func setEnabled(_ isEnabled: Bool) {
        source?.setEnabled(isEnabled)
    }
}
