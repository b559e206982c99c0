internal import CLinux
internal import Glibc

/// Owns one open file descriptor and closes it at the end of its life.
///
/// Everything that this module opens is close-on-exec from its first moment, so that a start in
/// another thread cannot inherit it.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number, valid for as long as this value lives.
    public let rawValue: Int32

    /// Takes over a descriptor that nobody else will close.
    public init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    deinit {
        // Linux frees the number even when close reports an error, so there is nothing to repeat.
        _ = close(rawValue)
    }

    /// Gives the number away; from now on the caller closes it.
    public consuming func release() -> Int32 {
        let rawValue = self.rawValue
        discard self
        return rawValue
    }

    /// A second descriptor for the same open file, close-on-exec.
    public func duplicate() throws(SystemError) -> FileDescriptor {
        try FileDescriptor.duplicate(rawValue)
    }

    /// A second, owned descriptor for the open file behind a number that somebody else owns.
    public static func duplicate(_ rawValue: Int32) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try retrying("fcntl", "F_DUPFD_CLOEXEC of descriptor \(rawValue)") {
                clinux_fcntl(rawValue, F_DUPFD_CLOEXEC, 0)
            }
        )
    }

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: the file, relative to the working directory unless absolute.
    ///   - flags: as of open(2); O_CLOEXEC is added.
    ///   - mode: the rights of a file that the call creates, less the process's umask.
    /// - Returns: the open file.
    /// - Throws: what open reports, with the path.
    public static func openFile(
        _ path: String,
        flags: Int32,
        mode: UInt32 = 0o600
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try retrying("open", path) { clinux_open(path, flags | O_CLOEXEC, mode) }
        )
    }

    /// Reads what is there, up to the size of `buffer`.
    ///
    /// - Returns: the number of bytes; 0 at the end of the file or for an empty buffer; nil when
    ///   the call would have to wait.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
        try retryingUnlessBlocked("read", "descriptor \(rawValue)") {
            Glibc.read(rawValue, buffer.baseAddress, buffer.count)
        }
    }

    /// How many bytes a pipe or a socket holds that have not been read.
    public func unreadCount() throws(SystemError) -> Int {
        var count: Int32 = 0
        try retrying("ioctl", "FIONREAD of descriptor \(rawValue)") {
            clinux_unread(rawValue, &count)
        }
        return Int(count)
    }

    /// Writes what fits.
    ///
    /// A pipe or socket without a reader raises SIGPIPE unless the process ignores it; then the
    /// call throws EPIPE.
    ///
    /// - Returns: the number of bytes that were taken; nil when the call would have to wait.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int? {
        try retryingUnlessBlocked("write", "descriptor \(rawValue)") {
            Glibc.write(rawValue, bytes.baseAddress, bytes.count)
        }
    }

    /// Lets reads and writes on the open file, through all its descriptors, wait or not.
    public func setNonblocking(_ isNonblocking: Bool = true) throws(SystemError) {
        let flags = try retrying("fcntl", "F_GETFL of descriptor \(rawValue)") {
            clinux_fcntl(rawValue, F_GETFL, 0)
        }
        let wanted = isNonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        try retrying("fcntl", "F_SETFL of descriptor \(rawValue)") {
            clinux_fcntl(rawValue, F_SETFL, wanted)
        }
    }
}
