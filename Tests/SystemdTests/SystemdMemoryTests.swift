import Testing

/// The installed unit where its service manager has the controller of memory to delegate.
@Suite(
    .serialized,
    .enabled(
        if: SystemdBox.memoryObstacle == nil,
        "no control of memory under a real systemd: \(SystemdBox.memoryObstacle ?? "")"
    )
)
struct SystemdMemoryTests {
    private static let unit = "/sys/fs/cgroup/system.slice/kernelsupd.service"
    private static let dropIn = "/etc/systemd/system/kernelsupd.service.d/test.conf"

    /// With two kernels of the fault worker, one of which takes memory, as much as it is told.
    private func makeBox() throws -> SystemdBox {
        let box = try SystemdBox()
        let manifest = """
            [kernel]
            name = "fault/leak"
            command = ["/usr/libexec/kernelsupd/FaultWorker"]

            [process]
            memory = "64MiB"
            """
        let directory = "/etc/kernelsupd/kernels.d"
        _ = try box.shell("rm \(directory)/echo.toml; echo '\(manifest)' >\(directory)/leak.toml")
        // No time is short where the machine is emulated.
        _ = try box.shell("sed -i 's/^WatchdogSec=.*/WatchdogSec=60/' \(Self.dropIn)")
        return box
    }

    /// Starts the service and gives the daemon's pid.
    private func start(_ box: SystemdBox) throws -> String {
        let started = try box.run("systemctl", "start", "kernelsupd")
        guard started.status == 0 else {
            let log = try box.run("journalctl", "-u", "kernelsupd").text
            throw SystemdBox.Failure(description: "\(started.text)\n\(log)")
        }
        return try box.property("MainPID")
    }

    /// Takes memory until the kernel kills the worker; the next one answers.
    private func leak(_ box: SystemdBox, end: String) throws {
        let call = try box.run("kernelsupctl", "call", "fault/leak", "x=[1]", "amount=4096")
        #expect(call.status != 0 && call.text.contains(end), "\(call)")
        #expect(try box.run("kernelsupctl", "call", "fault/leak", "x=[1]").status == 0)
    }

    /// systemd has seen a kill in this run of the service, too, and lets it be.
    private func expectUnharmed(_ box: SystemdBox, daemon: String) throws {
        let run = try box.property("InvocationID")
        let seen = "journalctl --sync; journalctl _PID=1 INVOCATION_ID=\(run) | grep 'OOM killer'"
        try box.wait(for: "systemd's own word about it") { try box.shell(seen).status == 0 }
        let names = "ActiveState,NRestarts,MainPID"
        let state = try box.run("systemctl", "show", "-p", names, "kernelsupd").text
        #expect(
            Set(state.split(separator: "\n"))
                == ["ActiveState=active", "NRestarts=0", "MainPID=\(daemon)"]
        )
    }

    /// Goes from one state to the next: a machine takes long to boot where another is emulated.
    @Test func `a worker out of memory is replaced, and systemd lets the service be`() throws {
        let box = try makeBox()
        var daemon = try start(box)
        let list = "cd \(Self.unit) && find * -type d | sort"
        let values = "cat supervisor/cgroup.procs worker-*-leak-*/memory.{max,oom.group}"
        let divided = ["supervisor", "worker-fault-leak-0-1", "worker-fault-sleep-0-2"]
        #expect(
            try box.shell("\(list); \(values)").text.split(separator: "\n").map(String.init)
                == divided + [daemon, "\(64 << 20)", "1"]
        )
        try leak(box, end: "was killed by SIGKILL: out of memory")
        try expectUnharmed(box, daemon: daemon)
        #expect(
            try box.shell(list).text
                == "supervisor\nworker-fault-leak-0-3\nworker-fault-sleep-0-2"
        )

        // The command of a reload runs in the divided group.
        #expect(try box.run("systemctl", "reload", "kernelsupd").status == 0)
        try box.wait(for: "the end of the reload") { try box.property("ActiveState") == "active" }

        #expect(try box.run("systemctl", "stop", "kernelsupd").status == 0)
        #expect(try box.property("Result") == "success")
        #expect(try box.run("test", "-e", Self.unit).status == 1)

        // Nothing delegated, all that a worker has taken is the service's own.
        let settings = "Delegate=no\\nMemoryMax=256M"
        let manifest = "/etc/kernelsupd/kernels.d/leak.toml"
        _ = try box.shell(
            "sed -i '/^memory/d' \(manifest); echo -e '\(settings)' >>\(Self.dropIn); "
                + "systemctl daemon-reload"
        )
        daemon = try start(box)
        let reason = "\(Self.unit) is not delegated (Delegate= in the unit)"
        #expect(try box.priorities(of: "workers get no control groups: \(reason); ") == ["5"])
        let end = "was killed by SIGKILL, probably out of memory"
        try leak(box, end: end)
        try expectUnharmed(box, daemon: daemon)
    }
}
