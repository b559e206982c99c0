internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// The two sockets: made at the start, gone at the end.
extension Daemon {
    private static let acceptPause = Duration.seconds(1)

    func listen() throws(SystemError) {
        let calls = try ListeningSocket.bind(
            path: settings.callsPath,
            kind: .packet,
            mode: settings.socketMode
        )
        let callsSource = try loop.watch(calls.rawDescriptor, .readable) { [self] _ in
            assumeIsolated { $0.acceptClients() }
        }
        callsListener = Listener(calls, callsSource)
        let control = try ListeningSocket.bind(
            path: settings.controlPath,
            kind: .stream,
            mode: settings.socketMode
        )
        let controlSource = try loop.watch(control.rawDescriptor, .readable) { [self] _ in
            assumeIsolated { $0.acceptControls() }
        }
        controlListener = Listener(control, controlSource)
    }

    private func acceptClients() {
        while clients.count < settings.maxClients {
            guard let descriptor = accept(callsListener) else { return }
            addClient(descriptor)
        }
        // The next one is accepted when one has left.
        callsListener?.setEnabled(false)
    }

    private func addClient(_ descriptor: consuming FileDescriptor) {
        let id = clients.nextID
        do {
            let socket = PacketSocket(owning: descriptor)
            let source = try loop.watch(socket.rawDescriptor, .readable) { [self] events in
                assumeIsolated { $0.clientIsReady(id, events) }
            }
            let peer = try? PeerCredentials.of(socket.rawDescriptor)
            clients.insert(
                ClientConnection(id: id, peer: peer, socket: socket, source: source)
            )
        } catch {
            report("a client could not be taken: \(error)")
        }
    }

    /// nil when nobody waits, or when there is no descriptor left for one who does.
    ///
    /// Who waits keeps the listener ready. So it is left alone for a while after a failure, or the
    /// loop would do nothing but fail, and the log say nothing else.
    func accept(_ listener: Listener?) -> FileDescriptor? {
        do {
            return try listener?.socket.accept()
        } catch {
            listener?.setEnabled(false)
            acceptLater()
            report("connections wait, for one could not be accepted: \(error); next try in 1 s")
            return nil
        }
    }

    private func acceptLater() {
        do {
            if acceptTimer == nil {
                acceptTimer = try loop.timer { [self] in assumeIsolated { $0.acceptAgain() } }
            }
            let at = Instant(nanoseconds: Clock.now()) + Self.acceptPause
            acceptTimer?.arm(at: at.nanoseconds)
        } catch {
            acceptAgain()
        }
    }

    private func acceptAgain() {
        callsListener?.setEnabled(true)
        controlListener?.setEnabled(true)
    }

    /// All is over: the paths disappear and the loop ends.
    func finish() {
        callsListener?.socket.removePath()
        controlListener?.socket.removePath()
        sayLastOfOutput()
        endNotices()
        exitWithoutRemains()
    }
}
