internal import CLinux
internal import Glibc

/// A control group of version 2: a directory whose files steer and count the processes in it.
///
/// No process leaves its group by a new session or a double fork, so a group ends whole.
public struct ControlGroup: Hashable, Sendable {
    public let path: String

    public init(path: String) {
        self.path = path
    }

    /// The last part of the path.
    public var name: Substring { path.split(separator: "/").last ?? "" }

    public var parent: ControlGroup {
        ControlGroup(path: String(path.dropLast(name.utf8.count + 1)))
    }

    // MARK: - Finding

    /// The group that this process is in.
    ///
    /// - Returns: nil where there are no control groups of version 2 to be seen.
    public static func ofThisProcess() -> ControlGroup? { find("self") }

    /// The group that a process is in, as this process sees the tree; nil also when it is gone.
    public static func of(pid: Int32) -> ControlGroup? { find("\(pid)") }

    private static func find(_ process: String) -> ControlGroup? {
        guard let memberships = try? SystemFile.text(of: "/proc/\(process)/cgroup"),
            let mounts = try? SystemFile.text(of: "/proc/self/mountinfo", atMost: 16 << 20)
        else { return nil }
        return find(memberships: memberships, mounts: mounts)
    }

    /// Reads what /proc/PID/cgroup and /proc/self/mountinfo say.
    static func find(memberships: String, mounts: String) -> ControlGroup? {
        let own = memberships.split(separator: "\n").first { $0.hasPrefix("0::/") }
        guard let place = own?.dropFirst(3) else { return nil }
        for line in mounts.split(separator: "\n") where line.contains(" - cgroup2 ") {
            let fields = line.split(separator: " ")
            guard fields.count > 4 else { continue }
            // The mount shows the hierarchy from its root downwards.
            let root = fields[3] == "/" ? "" : fields[3]
            guard place == root || place.hasPrefix(root + "/") else { continue }
            let below = place.dropFirst(root.count)
            return ControlGroup(path: String(fields[4]) + (below == "/" ? "" : below))
        }
        return nil
    }

    public var exists: Bool { access(path, F_OK) == 0 }

    /// It is the first of all groups, which nobody can limit or end.
    public var isRoot: Bool { access(path + "/cgroup.type", F_OK) != 0 }

    /// It can be ended as a whole, which takes Linux 5.14.
    public var canBeKilled: Bool { access(path + "/cgroup.kill", F_OK) == 0 }

    /// The service manager has marked it as this service's own to divide.
    public var isDelegated: Bool {
        ["user.delegate", "trusted.delegate"].contains { name in
            var value: UInt8 = 0
            return clinux_getxattr(path, name, &value, 1) == 1 && value == UInt8(ascii: "1")
        }
    }

    public var children: [ControlGroup] {
        SystemFile.names(in: path).filter { isDirectory("\(path)/\($0)") }.map(child)
    }

    private func isDirectory(_ path: String) -> Bool {
        var entry = stat()
        return lstat(path, &entry) == 0 && entry.st_mode & S_IFMT == S_IFDIR
    }

    public func child(_ name: String) -> ControlGroup {
        ControlGroup(path: "\(path)/\(name)")
    }

    // MARK: - Changing

    public func create() throws(SystemError) {
        try retrying("mkdir", path) { mkdir(path, 0o755) }
    }

    /// Takes away the empty group.
    ///
    /// - Throws: EBUSY while a process lives in it.
    public func remove() throws(SystemError) {
        try RealTimeScheduling.yielding { () throws(SystemError) in
            _ = try retrying("rmdir", path) { rmdir(path) }
        }
    }

    /// Moves this process into the group.
    public func join() throws(SystemError) {
        try SystemFile.write("0", to: path + "/cgroup.procs")
    }

    /// Lets the groups below use a controller, such as "memory".
    ///
    /// - Throws: ENOENT when this group doesn't have it, EBUSY when processes are in the group.
    public func enable(_ controller: String) throws(SystemError) {
        try SystemFile.write("+\(controller)", to: path + "/cgroup.subtree_control")
    }

    /// Sets one of the group's files, such as "memory.max".
    public func set(_ file: String, to value: String) throws(SystemError) {
        try SystemFile.write(value, to: "\(path)/\(file)")
    }

    /// SIGKILL for every process of the group and of those below, also those being started.
    public func kill() throws(SystemError) {
        try set("cgroup.kill", to: "1")
    }

    // MARK: - Looking in

    public var processes: [Int32] {
        let text = (try? SystemFile.text(of: path + "/cgroup.procs")) ?? ""
        return text.split(separator: "\n").compactMap { Int32($0) }
    }

    /// How many processes of it the kernel has killed because memory ran out.
    public var outOfMemoryKills: UInt64 {
        let text = (try? SystemFile.text(of: path + "/memory.events")) ?? ""
        return Self.value(of: "oom_kill", in: text) ?? 0
    }

    /// The number behind a name in a file of lines such as "populated 1".
    ///
    /// Looks at bytes: /proc/vmstat has two hundred lines, and is read at each start of a worker.
    static func value(of name: String, in text: String) -> UInt64? {
        let head = Array("\(name) ".utf8)
        var rest = text.utf8[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            if line.starts(with: head) { return UInt64(Substring(line.dropFirst(head.count))) }
            rest = rest[line.endIndex...].dropFirst()
        }
        return nil
    }
}

/// Tells when the last process of a control group has ended.
public struct ControlGroupEvents: ~Copyable, Sendable {
    private let file: FileDescriptor
    private let path: String

    /// Urgent for epoll (EPOLLPRI) when the answer may be another than at the last look.
    public var rawDescriptor: Int32 { file.rawValue }

    public init(of group: ControlGroup) throws(SystemError) {
        path = group.path + "/cgroup.events"
        file = try FileDescriptor.openFile(path, flags: O_RDONLY)
    }

    /// Whether a process lives in the group or in one below it.
    public func isPopulated() throws(SystemError) -> Bool {
        try retrying("lseek", path) { lseek(file.rawValue, 0, SEEK_SET) }
        let text = String(decoding: try SystemFile.bytes(of: file, atMost: 4096), as: UTF8.self)
        return ControlGroup.value(of: "populated", in: text) == 1
    }
}
