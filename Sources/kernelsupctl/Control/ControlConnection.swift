import ControlProtocol
import Glibc
import LinuxSystem
import SupervisionKit

/// Asks the daemon one thing over its control socket.
///
/// Every step has the same deadline: a daemon that hangs costs the user seconds, not the terminal.
struct ControlConnection {
    let path: String
    /// How the answer is shown: text for people steers no terminal, JSON has all as it is.
    var format = OutputFormat.text
    var timeout: Duration = .seconds(5)

    func status() throws(CommandFailure) -> Status {
        try ask(SupervisorInterface.getStatus, as: SupervisorInterface.StatusReply.self).status
    }

    func health(component: String?) throws(CommandFailure) -> Health {
        try ask(
            SupervisorInterface.getHealth,
            SupervisorInterface.HealthParameters(component: component),
            as: SupervisorInterface.HealthReply.self
        ).health
    }

    func explanation(of component: String) throws(CommandFailure) -> Explanation {
        try ask(
            SupervisorInterface.explain,
            SupervisorInterface.ComponentName(component: component),
            as: SupervisorInterface.ExplanationReply.self
        ).explanation
    }

    func kernels() throws(CommandFailure) -> [Kernel] {
        try ask(SupervisorInterface.listKernels, as: SupervisorInterface.KernelsReply.self).kernels
    }

    /// nil leaves the breakers to the configuration.
    func setBreaker(
        kernel: String,
        to override: BreakerStatus.Override?
    ) throws(CommandFailure) -> KernelStatus {
        try ask(
            SupervisorInterface.setBreaker,
            SupervisorInterface.BreakerParameters(kernel: kernel, override: override),
            as: SupervisorInterface.BreakerReply.self
        ).kernel
    }

    func acknowledge(component: String) throws(CommandFailure) -> Acknowledgement {
        try ask(
            SupervisorInterface.acknowledge,
            SupervisorInterface.ComponentName(component: component),
            as: Acknowledgement.self
        )
    }

    private func ask<Reply: Codable & Sendable>(
        _ method: String,
        _ parameters: some Codable & Sendable = NoParameters(),
        as type: Reply.Type
    ) throws(CommandFailure) -> Reply {
        let request: [UInt8]
        do {
            request = try ControlCoding.request(method, parameters: parameters)
        } catch {
            throw CommandFailure(status: .failed, message: "could not write the request: \(error)")
        }
        let deadline = Instant(nanoseconds: Clock.now()) + timeout
        var message = try exchange(request, deadline: deadline)
        if format == .text { message = ReplyText.withControlPictures(message) }
        do throws(ControlError) {
            return try ControlCoding.reply(message, as: type)
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: ControlError) -> CommandFailure {
        switch error {
        case .noSuchComponent(let missing):
            .noSuchKernel(missing.name, nearest: missing.nearest)
        case .refused(SupervisorInterface.permissionDenied, let detail):
            CommandFailure(status: .notAllowed, message: "not allowed: \(detail)")
        case .refused(let error, let detail):
            CommandFailure(
                status: .failed,
                message: "the daemon refused the question: \(error)"
                    + (detail.isEmpty ? "" : ": \(detail)"),
                details: ["another version? see: kernelsupctl version"]
            )
        case .malformedReply(let problem):
            CommandFailure(
                status: .failed,
                message: "the daemon's answer can't be read: \(problem)",
                details: ["another version? see: kernelsupctl version"]
            )
        }
    }

    /// Sends the request and takes in one reply.
    private func exchange(
        _ request: [UInt8],
        deadline: Instant
    ) throws(CommandFailure) -> [UInt8] {
        let socket = try connected(deadline)
        var rest = request[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                send(socket.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent > 0 {
                rest = rest.dropFirst(sent)
            } else {
                try wait(socket.rawValue, for: POLLOUT, after: errno, deadline)
            }
        }
        var splitter = VarlinkFrame.Splitter(limit: VarlinkFrame.maxReplyBytes)
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(socket.rawValue, &buffer, buffer.count, 0)
            guard count != 0 else { throw unreachable("closed the connection without an answer") }
            guard count > 0 else {
                try wait(socket.rawValue, for: POLLIN, after: errno, deadline)
                continue
            }
            splitter.append(buffer.prefix(count))
            do throws(VarlinkFrame.TooLarge) {
                if let message = try splitter.next() { return message }
            } catch {
                throw unreachable("sent an answer of more than \(error.limit) bytes")
            }
        }
    }

    private func connected(_ deadline: Instant) throws(CommandFailure) -> FileDescriptor {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= room, !path.utf8.contains(0) else {
            throw .usage("a socket's path has at most \(room) bytes: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let raw = socket(AF_UNIX, Int32(kind), 0)
        guard raw >= 0 else { throw unreachable(errnoDescription(errno)) }
        let descriptor = FileDescriptor(owning: raw)
        while true {
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            let number = errno
            if result == 0 { return descriptor }
            switch number {
            case EINTR, EAGAIN:
                // A full queue of connections can't be polled for; look again in a moment.
                try wait(-1, for: 0, after: EAGAIN, deadline, atMost: .milliseconds(10))
            case EACCES, EPERM:
                throw CommandFailure(
                    status: .notAllowed,
                    message: "not allowed to connect to \(path)",
                    details: ["reading is for the group of the socket: see ls -l \(path)"]
                )
            case ENOENT, ECONNREFUSED:
                throw unreachable(nil)
            default:
                throw unreachable(errnoDescription(number))
            }
        }
    }

    private func wait(
        _ descriptor: Int32,
        for events: Int32,
        after number: Int32,
        _ deadline: Instant,
        atMost limit: Duration = .seconds(3600)
    ) throws(CommandFailure) {
        guard number == EAGAIN || number == EINTR else {
            throw unreachable(errnoDescription(number))
        }
        let left = deadline.since(Instant(nanoseconds: Clock.now()))
        guard left > .zero else { throw unreachable("did not answer within \(spanText(timeout))") }
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        let span = min(left, limit).saturatedNanoseconds / 1_000_000 + 1
        poll(&entry, 1, Int32(clamping: span))
    }

    /// The daemon did not answer; no reason means that nobody listens.
    private func unreachable(_ reason: String?) -> CommandFailure {
        CommandFailure(
            status: .unreachable,
            message: "no answer from \(path)" + (reason.map { ": \($0)" } ?? " (not running?)"),
            details: ["is it running? systemctl status kernelsupd"]
        )
    }
}
