internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// The daemon's own part of the tree of control groups, with a group for each worker.
///
///     BASE                      what the service manager has delegated
///     BASE/supervisor           the daemon
///     BASE/worker-NAME-NUMBER   a worker with all that it starts, by slot and incarnation
struct WorkerGroups {
    static let ownName = "supervisor"
    private static let prefix = "worker-"

    let base: ControlGroup
    /// Controllers that the workers' groups have.
    let controllers: [String]

    /// The kernel limits and counts the memory of each group.
    var limitMemory: Bool { controllers.contains("memory") }

    /// Why there are no groups for workers.
    struct Unavailable: Error {
        let reason: String
    }

    /// Moves the daemon out of the way, for a group with processes in it can't give controllers to
    /// groups below it, and ends what a former daemon has left.
    ///
    /// Only in a group that is the daemon's to divide: one that is marked as delegated, or, where
    /// no service manager marks any, one that nobody else is in.
    static func takeOver() throws(Unavailable) -> WorkerGroups {
        guard let current = ControlGroup.ofThisProcess() else {
            throw Unavailable(reason: "no control groups of version 2 are mounted")
        }
        let base = current.name == ownName ? current.parent : current
        try check(base)
        let own = base.child(ownName)
        do {
            if !own.exists { try own.create() }
            guard own.canBeKilled else {
                throw Unavailable(reason: "the kernel can't end a group as a whole")
            }
            try own.join()
        } catch let error as SystemError {
            throw Unavailable(reason: "\(error)")
        } catch {
            throw Unavailable(reason: "\(error)")
        }
        for group in base.children where group.name.hasPrefix(prefix) { endLeftover(group) }
        var controllers: [String] = []
        for controller in ["memory", "pids"] where (try? base.enable(controller)) != nil {
            controllers.append(controller)
        }
        return WorkerGroups(base: base, controllers: controllers)
    }

    private static func check(_ base: ControlGroup) throws(Unavailable) {
        guard !base.isRoot else {
            throw Unavailable(reason: "the daemon is in the root of all control groups")
        }
        guard base.isDelegated || access("/run/systemd/system", F_OK) != 0 else {
            throw Unavailable(reason: "\(base.path) is not delegated (Delegate= in the unit)")
        }
        let processes = base.processes + base.child(ownName).processes
        if let other = processes.first(where: { $0 != getpid() }) {
            throw Unavailable(reason: "process \(other) is in \(base.path) too")
        }
    }

    /// Waits a moment for the end: it comes before the first worker starts.
    private static func endLeftover(_ group: ControlGroup) {
        guard let events = try? ControlGroupEvents(of: group) else { return }
        try? group.kill()
        for _ in 0..<10 where (try? events.isPopulated()) == true {
            var entry = pollfd(fd: events.rawDescriptor, events: Int16(POLLPRI), revents: 0)
            poll(&entry, 1, 100)
        }
        try? group.remove()
    }

    /// Whether a process is in the group of a worker, which ends it.
    func hold(_ pid: Int32) -> Bool {
        ControlGroup.of(pid: pid)?.path.hasPrefix("\(base.path)/\(Self.prefix)") == true
    }

    /// Makes the group of a worker, with its limit.
    func create(
        slot name: String,
        _ worker: WorkerID,
        memory: UInt64?
    ) throws(SystemError) -> ControlGroup {
        let place = String(name.map { $0 == "/" ? "-" : $0 })
        let group = base.child("\(Self.prefix)\(place)-\(worker.incarnation.number)")
        try group.create()
        guard limitMemory else { return group }
        do {
            // Half a worker is of no use: who goes beyond goes whole.
            try? group.set("memory.oom.group", to: "1")
            guard let memory else { return group }
            try group.set("memory.max", to: "\(memory)")
            // What is swapped out is not counted there: a leak would fill the swap first, and the
            // worker crawl. The file is missing where the kernel counts no swap.
            try? group.set("memory.swap.max", to: "0")
            return group
        } catch {
            try? group.remove()
            throw error
        }
    }
}
