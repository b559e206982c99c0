import ControlProtocol
import Glibc
import LinuxSystem
import Testing

extension DaemonUnderTest {
    func status() throws -> Status {
        try ask(SupervisorInterface.getStatus, as: SupervisorInterface.StatusReply.self).status
    }

    func health() throws -> Health {
        try ask(SupervisorInterface.getHealth, as: SupervisorInterface.HealthReply.self).health
    }

    /// Looks at the status until it is as wanted.
    @discardableResult
    func waitUntil(_ what: String, _ isSo: (Status) -> Bool) throws -> Status {
        var last: Status?
        return try eventually("\(what); last seen: \(String(describing: last))") {
            guard process.isRunning else {
                throw NotInTime(what: "\(what); the daemon has ended: \(log)")
            }
            // It may not listen yet.
            guard let status = try? status() else { return nil }
            last = status
            return isSo(status) ? status : nil
        }
    }

    /// Writes the files, sends SIGHUP, waits until they are in force.
    func reload(_ configuration: DaemonConfiguration) throws {
        let before = try status().configuration.loadedAt
        try DaemonUnderTest.write(configuration, to: directory)
        try process.signal(SIGHUP)
        try waitUntil("the configuration is in force") {
            $0.configuration.loadedAt > before && $0.configuration.state == .inForce
        }
    }

    func kernel(_ name: String) throws -> KernelStatus {
        try #require(try status().kernels.first { $0.name == name })
    }

    /// The process that serves a kernel, once it is ready.
    func workerPID(of kernel: String) throws -> Int32 {
        let status = try waitUntil("\(kernel) has a ready worker") {
            $0.slot(of: kernel)?.state == .ready
        }
        return Int32(try #require(status.slot(of: kernel)?.pid))
    }

    /// Ends the process that serves a kernel.
    func killWorker(of kernel: String, _ signal: Int32 = SIGKILL) throws {
        try #require(kill(try workerPID(of: kernel), signal) == 0)
    }

    /// Ends the process that serves a kernel, and waits until another one does.
    func replaceWorker(of kernel: String) throws {
        let former = try workerPID(of: kernel)
        // It may have ended since the daemon was asked.
        _ = kill(former, SIGKILL)
        try waitUntil("\(kernel) has another worker") {
            let slot = $0.slot(of: kernel)
            return slot?.state == .ready && slot?.pid != Int(former)
        }
    }

    private func ask<Reply: Codable & Sendable>(
        _ method: String,
        as type: Reply.Type
    ) throws -> Reply {
        let message = try exchange(try ControlCoding.request(method))
        return try ControlCoding.reply(message, as: type)
    }

    /// Sends bytes to the control socket and takes in one reply.
    func exchange(_ request: [UInt8]) throws -> [UInt8] {
        let socket = FileDescriptor(owning: Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: Array(controlPath.utf8))
        }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SystemError("connect", errno: errno, subject: controlPath) }
        // The test's process ignores no SIGPIPE.
        let sent = request.withUnsafeBytes {
            send(socket.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == request.count else { throw SystemError("send", errno: errno) }
        var splitter = VarlinkFrame.Splitter(limit: VarlinkFrame.maxReplyBytes)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            guard isReadable(socket.rawValue) else { throw NotInTime(what: "a control reply") }
            let count = try buffer.withUnsafeMutableBytes { try socket.read(into: $0) } ?? 0
            guard count > 0 else { throw SystemError("read", errno: ECONNRESET) }
            splitter.append(buffer[..<count])
            if let message = try splitter.next() { return message }
        }
    }
}

extension Status {
    /// The first slot of a kernel.
    func slot(of kernel: String) -> SlotStatus? {
        kernels.first { $0.name == kernel }?.slots.first
    }

    func state(of kernel: String) -> KernelState? {
        kernels.first { $0.name == kernel }?.state
    }
}
