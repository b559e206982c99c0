internal import Glibc
internal import LinuxSystem
internal import SupervisionWire

/// A worker without a session that does something about its lifeline.
enum LifelineFault: String {
    /// Sends the count file, open for reading, in its place.
    case file
    /// Sends a socket.
    case socket
    /// Sends the end of a pipe that is written to.
    case writer
    /// Sends two.
    case two
    /// Writes into it at each call.
    case chatty
    /// Serves until a call comes, lets go of it, and lives on without an answer.
    case lost
    /// As lost, but answers the call then.
    case late
    /// Answers a call and kills itself.
    case dying

    /// Says hello, is ready, and never returns.
    func serve(_ kernels: [KernelSignature], on channel: RawChannel) -> Never {
        guard let pipe = try? Pipe.create() else { Death.byMisuse("there is no pipe") }
        let reader = pipe.reader
        var writer: FileDescriptor? = pipe.writer
        sayHello(on: channel, reader.rawValue, writer?.rawValue ?? -1)
        channel.send(.ready(.init(device: "no device: fault worker", kernels: kernels)))
        channel.forEachFrame { header in
            switch (header.type, self) {
            case (.shutdown, _): _exit(0)
            case (.probe, _): channel.send(.probed(.init(number: header.id, status: .ok)))
            case (.call, .lost): writer = nil
            case (.call, .late):
                writer = nil
                channel.answer(header.id)
            case (.call, .dying):
                channel.answer(header.id)
                kill(getpid(), SIGKILL)
            case (.call, .chatty):
                let words = [UInt8](repeating: 1, count: 256)
                _ = words.withUnsafeBytes { try? writer?.write($0) }
                channel.answer(header.id)
            case (_, _): break
            }
        }
        // The daemon is gone.
        _exit(0)
    }

    private func sayHello(on channel: RawChannel, _ reader: Int32, _ writer: Int32) {
        let count: UInt8 = self == .two ? 2 : 1
        let hello = WorkerFrame.hello(.init(concurrency: 1, hasLifeline: true))
        guard var bytes = try? hello.encoded() else { return }
        bytes[26] = count
        let countFile = Options.environment("FAULT_COUNT_FILE") ?? "/dev/null"
        let descriptors: [Int32] =
            switch self {
            case .file:
                [open(countFile, O_RDONLY | O_CREAT, 0o600)]
            case .socket: [Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)]
            case .writer: [writer]
            case .two: [reader, reader]
            case .chatty, .lost, .late, .dying: [reader]
            }
        channel.send(bytes, descriptors: descriptors)
    }
}
