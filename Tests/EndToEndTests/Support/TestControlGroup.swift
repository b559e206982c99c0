import Glibc
import LinuxSystem
import Testing

/// A control group for one daemon; it goes with the value, with all that is in it.
final class TestControlGroup: Sendable {
    let group: ControlGroup

    var path: String { group.path }

    /// A group for the daemon to divide, beside this process or below it.
    convenience init() throws {
        try self.init(below: #require(ControlGroup.ofThisProcess()))
    }

    /// A group with a limit of memory to give to others.
    convenience init(controlling controller: String) throws {
        guard let giver = Self.giver(of: controller) else {
            throw SystemError("look for a control group", errno: ENOENT, subject: controller)
        }
        try self.init(below: giver)
        // What a service manager does; there the daemon wants to see it.
        guard access("/run/systemd/system", F_OK) == 0 else { return }
        let line = "import os, sys; os.setxattr(sys.argv[1], 'trusted.delegate', b'1')"
        let marked = try Finished.run(BuildProducts.python, ["-c", line, path])
        try #require(marked.status == 0, "\(marked)")
    }

    private init(below parent: ControlGroup) throws {
        group = parent.child("ksup-test-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        try group.create()
    }

    deinit {
        try? group.kill()
        for part in group.children + [group] {
            _ = try? eventually("\(part.path) is empty", within: .seconds(10)) {
                (try? part.remove()) != nil
            }
        }
    }

    /// The groups in it, in order.
    var parts: [String] { group.children.map { String($0.name) }.sorted() }

    /// Whether this machine lets a test make groups.
    static let isAvailable: Bool = {
        guard access("/run/systemd/system", F_OK) != 0, let made = try? TestControlGroup() else {
            return false
        }
        return made.group.canBeKilled
    }()

    /// Whether it lets a test limit their memory, too.
    static let limitsMemory: Bool = {
        guard let made = try? TestControlGroup(controlling: "memory") else { return false }
        return made.group.canBeKilled
    }()

    /// The nearest group, from this process upwards, that lets those below use a controller.
    private static func giver(of controller: String) -> ControlGroup? {
        var next = ControlGroup.ofThisProcess()
        while let group = next {
            let given = group.text(of: "cgroup.subtree_control").split(separator: " ")
            if given.contains(where: { $0 == controller }) { return group }
            next = group.isRoot ? nil : group.parent
        }
        return nil
    }
}

extension ControlGroup {
    /// What one of the group's files says, without the end of the line; empty when it isn't there.
    func text(of file: String) -> String {
        let bytes = (try? contents(of: "\(path)/\(file)")) ?? []
        return String(String(decoding: bytes, as: UTF8.self).dropLast())
    }
}
