import Glibc
import Testing

@testable import LinuxSystem

@Suite struct `A control group` {
    private let mounts = """
        30 23 0:26 / /sys/fs/cgroup rw,nosuid - tmpfs tmpfs rw
        31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        32 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw

        """

    @Test func `is found below the mount of version 2`() {
        let group = ControlGroup.find(
            memberships: "4:memory:/elsewhere\n0::/system.slice/x.service\n",
            mounts: mounts
        )
        #expect(group?.path == "/sys/fs/cgroup/unified/system.slice/x.service")
        #expect(group?.name == "x.service")
        #expect(group?.parent.path == "/sys/fs/cgroup/unified/system.slice")
        let root = ControlGroup.find(memberships: "0::/\n", mounts: mounts)
        #expect(root?.path == "/sys/fs/cgroup/unified")
    }

    @Test func `is found below a mount that shows a part of the tree`() {
        let part = "32 30 0:28 /a/b /cg rw shared:1 - cgroup2 cgroup2 rw\n"
        let own = ControlGroup.find(memberships: "0::/a/b/c\n", mounts: part)
        #expect(own?.path == "/cg/c")
        #expect(ControlGroup.find(memberships: "0::/a/bc\n", mounts: part) == nil)
    }

    @Test func `is not there without version 2`() {
        #expect(ControlGroup.find(memberships: "4:memory:/x\n", mounts: mounts) == nil)
        let old = "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        #expect(ControlGroup.find(memberships: "0::/\n", mounts: old) == nil)
    }
}
