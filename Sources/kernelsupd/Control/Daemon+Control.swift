internal import ControlProtocol
internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// control.sock: Varlink requests, answered in the turn in which they come.
extension Daemon {
    static let maxControls = 64

    func acceptControls() {
        while controls.count < Self.maxControls {
            guard let descriptor = accept(controlListener) else { return }
            addControl(descriptor)
        }
        controlListener?.setEnabled(false)
    }

    private func addControl(_ descriptor: consuming FileDescriptor) {
        let id = controls.nextID
        do {
            let source = try loop.watch(descriptor.rawValue, .readable) { [self] events in
                assumeIsolated { $0.controlIsReady(id, events) }
            }
            let peer = try? PeerCredentials.of(descriptor.rawValue)
            controls.insert(
                ControlConnection(id: id, peer: peer, descriptor: descriptor, source: source)
            )
        } catch {
            report("a control connection could not be taken: \(error)")
        }
    }

    private func controlIsReady(_ id: ClientID, _ events: ReadyEvents) {
        guard let connection = controls[id] else { return }
        if events.contains(.writable) { return write(connection) }
        var part: [UInt8] = []
        do {
            guard let bytes = try readSome(connection.descriptor) else { return }
            part = bytes
        } catch {
            return drop(connection)
        }
        guard !part.isEmpty else { return drop(connection) }
        connection.splitter.append(part)
        answerRequests(of: connection)
    }

    private func readSome(_ descriptor: borrowing FileDescriptor) throws(SystemError) -> [UInt8]? {
        var count: Int?
        var failure: SystemError?
        let part = [UInt8](unsafeUninitializedCapacity: 16 * 1024) { buffer, initialized in
            do throws(SystemError) {
                count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
            initialized = count ?? 0
        }
        if let failure { throw failure }
        return count == nil ? nil : part
    }

    private func answerRequests(of connection: ControlConnection) {
        // What the core tells is as old as its last turn.
        apply(.timePassed)
        do {
            while let request = try connection.splitter.next() {
                let view = StatusReport(daemon: self, mayChange: connection.mayChange) { event in
                    self.apply(event)
                    return self.core.snapshot
                }
                let reply = ControlDispatcher.dispatch(request, provider: view, version: version)
                guard let reply else { continue }
                guard connection.outgoing.count + reply.count <= ControlConnection.maxPendingBytes
                else { return drop(connection) }
                connection.outgoing += reply
            }
        } catch {
            let limit = VarlinkFrame.maxRequestBytes
            report("a control request of more than \(limit) bytes was refused")
            return drop(connection)
        }
        write(connection)
    }

    private func write(_ connection: ControlConnection) {
        while !connection.outgoing.isEmpty {
            let result = connection.outgoing.withUnsafeBytes { bytes in
                Result { () throws(SystemError) -> Int? in
                    try connection.descriptor.write(bytes)
                }
            }
            guard case .success(let written) = result else { return drop(connection) }
            guard let written else { return connection.wantsToWrite(true) }
            connection.outgoing.removeFirst(written)
        }
        connection.wantsToWrite(false)
        // Requests that came in while the answers waited.
    }

    private func drop(_ connection: ControlConnection) {
        controls.remove(connection.id)
        controlListener?.setEnabled(true)
    }
}

// MARK: - Operators' words

extension Daemon {
    /// What was said to an earlier daemon still holds.
    func restoreOverrides() {
        do {
            try overrides.read()
        } catch {
            log.write(LogRecord(.warning, .daemonFault, error.message))
        }
        repeatOverrides()
    }

    /// A kernel that was not configured when its word was read may be now.
    func repeatOverrides() {
        for (kernel, word) in overrides.all { apply(.breakerOverridden(kernel: kernel, word)) }
    }

    func keepOverride(_ word: BreakerOverride?, of kernel: String) {
        do {
            try overrides.keep(word, of: kernel)
        } catch {
            log.write(LogRecord(.warning, .daemonFault, error.message))
        }
    }
}
