internal import CLinux
internal import Glibc

/// The file that a local socket is bound to.
struct SocketPath {
    /// Which file it is, whatever its name becomes.
    struct Identity: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    let path: String

    init(_ path: String) {
        self.path = path
    }

    /// Removes the file if it is a socket that no process holds any more.
    ///
    /// - Throws: EADDRINUSE when a process holds it, EEXIST when it is no socket.
    func removeStale(kind: ListeningSocket.Kind, address: SocketAddress) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            let number = clinux_errno()
            if number == ENOENT { return }
            throw SystemError("lstat", errno: number, subject: path)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SystemError("bind", errno: EEXIST, subject: "\(path), which is no socket")
        }
        let probe = FileDescriptor(
            owning: try retrying("socket", path) {
                socket(
                    AF_UNIX,
                    kind.socketType | clinux_sock_cloexec | clinux_sock_nonblock,
                    0
                )
            }
        )
        do {
            try retrying("connect", path) {
                address.withPointer { connect(probe.rawValue, $0, $1) }
            }
        } catch {
            switch error.errno {
            case ECONNREFUSED:
                try retrying("unlink", path) { unlink(path) }
                return
            case ENOENT: return
            // A full queue, or a listener for the other kind of socket.
            case EAGAIN, EPROTOTYPE: break
            default: throw error
            }
        }
        throw SystemError("bind", errno: EADDRINUSE, subject: "\(path), where a process listens")
    }

    /// Makes a socket and binds it here.
    ///
    /// It has the rights of `mode` less the umask, never more.
    ///
    /// The kernel takes them from the socket's own. Setting the umask instead would change it for
    /// all threads of the process.
    func bind(
        kind: ListeningSocket.Kind,
        mode: UInt32,
        address: SocketAddress
    ) throws(SystemError) -> FileDescriptor {
        let flags = clinux_sock_cloexec | clinux_sock_nonblock
        let descriptor = FileDescriptor(
            owning: try retrying("socket", path) { socket(AF_UNIX, kind.socketType | flags, 0) }
        )
        try retrying("fchmod", path) { fchmod(descriptor.rawValue, mode) }
        try retrying("bind", path) {
            address.withPointer { Glibc.bind(descriptor.rawValue, $0, $1) }
        }
        return descriptor
    }

    /// Gives the socket the rights that the umask withheld, and says which file it is.
    ///
    /// Goes through a descriptor of the file itself: a name could lead somewhere else the second
    /// time.
    func grant(_ mode: UInt32) throws(SystemError) -> Identity {
        let file = try FileDescriptor.openFile(path, flags: clinux_o_path | O_NOFOLLOW)
        var status = stat()
        try retrying("fstat", path) { fstat(file.rawValue, &status) }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SystemError("bind", errno: EEXIST, subject: "\(path), which is no socket")
        }
        if status.st_mode & 0o7777 != mode {
            try retrying("chmod", path) { chmod("/proc/self/fd/\(file.rawValue)", mode) }
        }
        return Identity(status)
    }

    /// Removes the file if it is this one.
    func remove(_ identity: Identity) {
        var status = stat()
        guard lstat(path, &status) == 0, Identity(status) == identity else { return }
        _ = unlink(path)
    }
}
