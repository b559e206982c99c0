internal import CLinux
internal import Glibc

/// The numbers that a process of a user has.
public struct UserIdentity: Hashable, Sendable {
    public var user: UInt32
    /// The user's first group.
    public var group: UInt32
    /// All groups of the user, the first one among them.
    public var groups: [UInt32]

    public init(user: UInt32, group: UInt32, groups: [UInt32]) {
        self.user = user
        self.group = group
        self.groups = groups
    }

    /// What the system's user and group databases say of a name.
    ///
    /// - Returns: nil when there is no such user.
    /// - Throws: what getpwnam_r reports, ERANGE for an entry of more than a megabyte.
    public static func ofUser(named name: String) throws(SystemError) -> UserIdentity? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var room = [CChar](repeating: 0, count: 1 << 20)
        let error = room.withUnsafeMutableBufferPointer { room -> Int32 in
            guard let start = room.baseAddress else { return ERANGE }
            return getpwnam_r(name, &entry, start, room.count, &found)
        }
        switch error {
        case 0, ENOENT, ESRCH: break
        default: throw SystemError("getpwnam_r", errno: error, subject: name)
        }
        guard found != nil else { return nil }
        return UserIdentity(
            user: entry.pw_uid,
            group: entry.pw_gid,
            groups: groups(ofUser: name, first: entry.pw_gid)
        )
    }

    private static func groups(ofUser name: String, first: UInt32) -> [UInt32] {
        var groups = [gid_t](repeating: 0, count: 64)
        var count = Int32(groups.count)
        // Too little room: the call says how much it wants.
        if getgrouplist(name, first, &groups, &count) < 0 {
            groups = [gid_t](repeating: 0, count: Int(max(count, 1)))
            count = Int32(groups.count)
            guard getgrouplist(name, first, &groups, &count) >= 0 else { return [first] }
        }
        return groups.prefix(Int(count)).sorted()
    }
}
