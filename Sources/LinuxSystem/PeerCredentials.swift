internal import CLinux
internal import Glibc

/// Who was at the other end of a local socket when it was connected, by the kernel's word.
public struct PeerCredentials: Hashable, Sendable {
    /// The process that connected, or that listened; it may be gone by now.
    ///
    /// 0 for one that is outside of this process's pid namespace.
    public let pid: Int32
    public let uid: UInt32
    public let gid: UInt32

    public init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }

    /// The credentials of the peer of a connected AF_UNIX socket.
    public static func of(_ descriptor: Int32) throws(SystemError) -> PeerCredentials {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        try retrying("getsockopt", "SO_PEERCRED of descriptor \(descriptor)") {
            clinux_peer_credentials(descriptor, &pid, &uid, &gid)
        }
        return PeerCredentials(pid: pid, uid: uid, gid: gid)
    }
}
