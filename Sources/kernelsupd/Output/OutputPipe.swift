internal import LinuxSystem

/// One of a worker's two outputs.
final class OutputPipe {
    let stream: OutputLine.Stream
    let reader: FileDescriptor
    var lines = LineCutter()
    private var source: Watch?

    init(_ stream: OutputLine.Stream, reader: consuming FileDescriptor) {
        self.stream = stream
        self.reader = reader
    }

    deinit {
        // Before the descriptor: see `EventLoop.watch`.
        source = nil
    }

    func watch(
        on loop: EventLoop,
        _ handler: @escaping @Sendable (ReadyEvents) -> Void
    ) throws(SystemError) {
        source = try loop.watch(reader.rawValue, .readable, handler)
    }

    var isOpen: Bool { source != nil }
    func ended() { source = nil }
}
