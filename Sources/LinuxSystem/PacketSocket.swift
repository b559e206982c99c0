internal import CLinux
internal import Glibc

/// One end of a local SOCK_SEQPACKET connection: whole packets, in order, with descriptors.
public struct PacketSocket: ~Copyable, Sendable {
    public let descriptor: FileDescriptor

    public var rawDescriptor: Int32 { descriptor.rawValue }

    /// Takes over a connected socket.
    ///
    /// Whether calls on it wait stays as it is.
    public init(owning descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Gives the descriptor away.
    public consuming func release() -> FileDescriptor {
        descriptor
    }

    /// Connects to a listening socket.
    ///
    /// - Parameters:
    ///   - path: of the socket, at most 107 bytes.
    ///   - nonblocking: whether calls on the socket, this one included, give up instead of waiting.
    /// - Returns: the connected socket.
    /// - Throws: ENOENT without a socket there, ECONNREFUSED without a listener, EACCES, EPROTOTYPE
    ///   for a stream socket, EAGAIN for a listener whose queue is full when `nonblocking`.
    public static func connect(
        path: String,
        nonblocking: Bool
    ) throws(SystemError) -> PacketSocket {
        let address = try SocketAddress(path: path, call: "connect")
        let flags = clinux_sock_cloexec | (nonblocking ? clinux_sock_nonblock : 0)
        let descriptor = FileDescriptor(
            owning: try retrying("socket", path) {
                socket(AF_UNIX, clinux_sock_seqpacket | flags, 0)
            }
        )
        try retrying("connect", path) {
            address.withPointer { Glibc.connect(descriptor.rawValue, $0, $1) }
        }
        return PacketSocket(owning: descriptor)
    }

    /// Makes two sockets that are connected to each other.
    ///
    /// - Parameter nonblocking: whether calls on `ours` give up instead of waiting. `theirs`, for a
    ///   child, waits.
    /// - Returns: the two ends, both close-on-exec.
    /// - Throws: what socketpair reports, EMFILE for instance.
    public static func pair(nonblocking: Bool) throws(SystemError) -> PacketSocketPair {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            socketpair(
                AF_UNIX,
                clinux_sock_seqpacket | clinux_sock_cloexec,
                0,
                bytes.assumingMemoryBound(to: Int32.self).baseAddress
            )
        }
        guard result == 0 else { throw SystemError.last("socketpair") }
        let pair = PacketSocketPair(
            ours: PacketSocket(owning: FileDescriptor(owning: ends.0)),
            theirs: FileDescriptor(owning: ends.1)
        )
        if nonblocking { try pair.ours.descriptor.setNonblocking() }
        return pair
    }
}

/// Two connected sockets.
///
/// A tuple cannot hold values that are not copyable.
@frozen
public struct PacketSocketPair: ~Copyable, Sendable {
    /// The end to keep.
    public var ours: PacketSocket
    /// The end to give to a child.
    public var theirs: FileDescriptor

    init(ours: consuming PacketSocket, theirs: consuming FileDescriptor) {
        self.ours = ours
        self.theirs = theirs
    }
}
