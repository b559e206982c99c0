internal import CLinux
internal import Glibc

/// A local socket that accepts connections.
public struct ListeningSocket: ~Copyable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// SOCK_SEQPACKET: whole packets.
        case packet
        /// SOCK_STREAM: bytes.
        case stream

        var socketType: Int32 {
            switch self {
            case .packet: clinux_sock_seqpacket
            case .stream: clinux_sock_stream
            }
        }
    }

    public let descriptor: FileDescriptor
    /// Where it was bound; empty for an inherited one whose path was not given.
    public let path: String
    /// The file that `bind` made; nil for an inherited socket, whose file is not ours to remove.
    private let identity: SocketPath.Identity?

    public var rawDescriptor: Int32 { descriptor.rawValue }

    /// Takes over a socket that listens already, from a service manager for instance.
    ///
    /// Makes it non-blocking and close-on-exec.
    public init(
        owning descriptor: consuming FileDescriptor,
        path: String = ""
    ) throws(SystemError) {
        try retrying("fcntl", "F_SETFD of descriptor \(descriptor.rawValue)") {
            clinux_fcntl(descriptor.rawValue, F_SETFD, FD_CLOEXEC)
        }
        try descriptor.setNonblocking()
        self.descriptor = descriptor
        self.path = path
        self.identity = nil
    }

    private init(
        bound descriptor: consuming FileDescriptor,
        path: String,
        identity: SocketPath.Identity
    ) {
        self.descriptor = descriptor
        self.path = path
        self.identity = identity
    }

    /// Binds a path and listens there.
    ///
    /// A socket that nobody listens on any more is removed. Two processes that do this at once for
    /// the same path do not remove each other's socket: they take turns by a lock on the directory.
    ///
    /// - Parameters:
    ///   - path: at most 107 bytes; the directory must exist.
    ///   - kind: packets or a stream of bytes.
    ///   - mode: the exact rights of the socket, whatever the umask; it never has more, not even
    ///     for a moment. Connecting takes the right to write.
    ///   - backlog: connections that wait to be accepted.
    /// - Returns: the listening socket, non-blocking and close-on-exec.
    /// - Throws: EADDRINUSE when somebody listens there, EEXIST when there is a file which is no
    ///   socket (it is left alone), ENOENT without the directory, ENAMETOOLONG.
    public static func bind(
        path: String,
        kind: Kind,
        mode: UInt32,
        backlog: Int32 = 128
    ) throws(SystemError) -> ListeningSocket {
        let address = try SocketAddress(path: path, call: "bind")
        let turn = try DirectoryLock.take(directoryOf: path)
        defer { withExtendedLifetime(turn) {} }
        try SocketPath(path).removeStale(kind: kind, address: address)
        let descriptor = try SocketPath(path).bind(kind: kind, mode: mode, address: address)
        let identity = try SocketPath(path).grant(mode)
        try retrying("listen", path) { listen(descriptor.rawValue, backlog) }
        return ListeningSocket(bound: descriptor, path: path, identity: identity)
    }

    /// Takes the next connection.
    ///
    /// - Returns: the connection, non-blocking and close-on-exec; nil when none waits.
    /// - Throws: EMFILE or ENFILE when there are too many descriptors. The connection goes on
    ///   waiting, and the socket stays readable.
    public func accept() throws(SystemError) -> FileDescriptor? {
        while true {
            do {
                let connection = try retryingUnlessBlocked("accept4", path) {
                    clinux_accept(rawDescriptor, clinux_sock_cloexec | clinux_sock_nonblock)
                }
                guard let connection else { return nil }
                return FileDescriptor(owning: connection)
            } catch {
                // Whoever wanted this connection is gone again; the next may be there.
                guard error.errno == ECONNABORTED else { throw error }
            }
        }
    }

    /// Removes the file that `bind` made, unless another has taken its place, so that callers get
    /// ENOENT from now on.
    public func removePath() {
        guard let identity else { return }
        SocketPath(path).remove(identity)
    }
}
