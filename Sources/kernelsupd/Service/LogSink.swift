internal import Glibc
internal import LinuxSystem

/// Where the log goes: a descriptor that is written to without ever waiting.
///
/// The descriptor is shared with whoever started the daemon, so it can't be made non-blocking
/// itself: that would be so for all of them. A pipe or a terminal is opened a second time instead,
/// a socket is told with each write. A file that lies on a disk never makes one wait for a reader.
struct LogSink {
    private enum Kind {
        /// Takes what there is room for, and says so when there is none.
        case nonblocking
        case socket
        /// Could not be opened a second time, so it is asked before it is written to. Takes less
        /// than PIPE_BUF then without waiting, unless another writer comes between.
        case shared
    }

    /// Kept for the life of the process.
    private let descriptor: Int32
    private let kind: Kind
    let isTerminal: Bool

    init(_ shared: Int32) {
        isTerminal = isatty(shared) == 1
        var status = stat()
        let type = fstat(shared, &status) == 0 ? status.st_mode & S_IFMT : 0
        switch type {
        case S_IFSOCK: (descriptor, kind) = (shared, .socket)
        // A second opening would have a place of its own in the file.
        case S_IFREG: (descriptor, kind) = (shared, .nonblocking)
        default:
            let flags = O_WRONLY | O_NONBLOCK | O_NOCTTY
            if let own = try? FileDescriptor.openFile("/proc/self/fd/\(shared)", flags: flags) {
                (descriptor, kind) = (own.release(), .nonblocking)
            } else {
                (descriptor, kind) = (shared, .shared)
            }
        }
    }

    enum Outcome: Hashable {
        /// So many bytes, at least one.
        case taken(Int)
        case refused(errno: Int32)
    }

    func write(_ bytes: ArraySlice<UInt8>) -> Outcome {
        while true {
            let count = bytes.withUnsafeBytes { bytes in
                switch kind {
                case .nonblocking: Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                case .socket:
                    send(
                        descriptor,
                        bytes.baseAddress,
                        bytes.count,
                        Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
                    )
                case .shared:
                    hasRoom ? Glibc.write(descriptor, bytes.baseAddress, bytes.count) : 0
                }
            }
            if count > 0 { return .taken(count) }
            let error = count == 0 ? EAGAIN : errno
            if error != EINTR { return .refused(errno: error) }
        }
    }

    private var hasRoom: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, 0) == 1
    }
}
