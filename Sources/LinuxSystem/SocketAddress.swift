internal import CLinux
internal import Glibc

/// The address of a local socket, checked before the kernel sees it.
struct SocketAddress {
    /// The path's bytes that fit beside the terminating zero.
    static let maxPathBytes = 107

    private var storage = sockaddr_un()

    /// - Throws: ENAMETOOLONG over 107 bytes, ENOENT for an empty path, EINVAL for a path with a
    ///   zero byte. `sockaddr_un` would cut or misread them without a word.
    init(path: String, call: String) throws(SystemError) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty else {
            throw SystemError(call, errno: ENOENT, subject: "a socket with an empty path")
        }
        guard bytes.count <= Self.maxPathBytes else {
            throw SystemError(
                call,
                errno: ENAMETOOLONG,
                subject: "\(path) (\(bytes.count) bytes; a socket's path has at most "
                    + "\(Self.maxPathBytes))"
            )
        }
        guard !bytes.contains(0) else {
            throw SystemError(call, errno: EINVAL, subject: "a socket path with a zero byte")
        }
        storage.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &storage.sun_path) { $0.copyBytes(from: bytes) }
    }

    /// Gives the address to `bind` or `connect`.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            // Every socket address begins as a sockaddr does; the length tells the kernel the rest.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
