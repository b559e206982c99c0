import Testing

/// kernelsupd as Debian's systemd runs it: the installed unit, in a machine of each test's own.
@Suite(
    .serialized,
    .enabled(
        if: SystemdBox.obstacle == nil,
        "no test under a real systemd: \(SystemdBox.obstacle ?? "")"
    )
)
struct SystemdTests {
    private static let health = "2 kernels: 2 healthy"

    private func makeStartedBox() throws -> SystemdBox {
        let box = try SystemdBox()
        let started = try box.run("systemctl", "start", "kernelsupd")
        guard started.status == 0 else {
            let log = try box.run("journalctl", "-u", "kernelsupd").text
            throw SystemdBox.Failure(description: "\(started.text)\n\(log)")
        }
        return box
    }

    private func processes(_ box: SystemdBox) throws -> String {
        try box.run("pgrep", "-fl", "kernelsup|FaultWorker").text
    }

    @Test func `the unit has no mistake that systemd knows of`() throws {
        let box = try SystemdBox()
        let verdict = try box.run(
            "systemd-analyze",
            "verify",
            "--man=no",
            "--recursive-errors=no",
            "kernelsupd.service"
        )
        #expect(verdict == SystemdBox.Output(status: 0, text: ""))
    }

    @Test func `a start ends when every worker is ready, and the status line says so`() throws {
        let box = try makeStartedBox()
        // Both at once: what `start` waited for is what a caller finds.
        #expect(try box.run("kernelsupctl", "health").status == 0)
        #expect(try box.run("systemctl", "is-active", "kernelsupd").text == "active")
        #expect(try box.property("StatusText") == Self.health)
        #expect(try box.run("systemctl", "status", "kernelsupd").text.contains(Self.health))
        #expect(try box.shell("stat -c %a /run/kernelsupd/*.sock").text == "660\n660")
        let echo = try box.shell("kernelsupctl call core/echo data=@/etc/passwd --out data=-")
        let file = try box.run("cat", "/etc/passwd")
        #expect(echo == file)
    }

    @Test func `records have the priorities that operators filter by`() throws {
        let box = try makeStartedBox()
        let worker = try #require(try box.worker("fault/sleep/0"))
        _ = try box.run("kill", "-KILL", worker)
        try box.wait(for: "another worker") {
            let next = try box.worker("fault/sleep/0")
            return try next != nil && next != worker
                && box.run("kernelsupctl", "health").status == 0
        }
        #expect(try box.priorities(of: "configuration in force") == ["5"])
        #expect(try box.priorities(of: "is starting") == ["6"])
        #expect(try box.priorities(of: "was killed by SIGKILL") == ["4"])
        // The prefix was read, not shown.
        #expect(try !box.journal().contains { $0.message.hasPrefix("<") })
    }

    @Test func `a reload puts a right file into force and a wrong one not`() throws {
        let box = try makeStartedBox()
        let daemon = try box.property("MainPID")
        let worker = try box.worker("core/0")
        _ = try box.run("systemctl", "log-level", "debug")
        let file = "/etc/kernelsupd/kernelsupd.toml"

        _ = try box.shell("sed -i 's/^#max_queued = 64/max_queued = 7/' \(file)")
        #expect(try box.run("systemctl", "reload", "kernelsupd").status == 0)
        try box.wait(for: "the new configuration") {
            try box.journal().count { $0.message.contains("configuration in force") } == 2
        }
        try box.wait(for: "the end of the reload") { try box.property("ActiveState") == "active" }
        #expect(try box.notifications() == ["RELOADING=1", "READY=1"])

        _ = try box.shell("sed -i 's/^max_queued = 7/max_queud = 7/' \(file)")
        #expect(try box.run("systemctl", "reload", "kernelsupd").status == 0)
        try box.wait(for: "the refusal") { try box.priorities(of: "reload refused") == ["3"] }
        #expect(try box.priorities(of: "\(file):") == ["3"])
        #expect(try box.journal().contains { $0.message.contains("max_queud") })
        try box.wait(for: "the end of the reload") { try box.property("ActiveState") == "active" }
        let both = ["RELOADING=1", "READY=1", "RELOADING=1", "READY=1"]
        #expect(try box.notifications() == both)

        // Nothing that serves was touched by either.
        #expect(try box.property("MainPID") == daemon)
        #expect(try box.worker("core/0") == worker)
        #expect(try box.run("kernelsupctl", "health").status == 0)
    }

    @Test func `a daemon that stands still is killed by the watchdog and started again`() throws {
        let box = try makeStartedBox()
        let daemon = try box.property("MainPID")
        let worker = try #require(try box.worker("core/0"))
        _ = try box.run("kill", "-STOP", daemon)
        try box.wait(for: "the restart") { try box.property("NRestarts") == "1" }
        try box.wait(for: "the new daemon") { try box.property("ActiveState") == "active" }
        #expect(try box.property("MainPID") != daemon)
        #expect(try box.run("test", "-d", "/proc/\(worker)").status == 1)
        #expect(try box.run("kernelsupctl", "health").status == 0)
        let log = try box.run("journalctl", "_PID=1", "-o", "cat").text
        #expect(log.contains("kernelsupd.service: Watchdog timeout"))
    }

    @Test func `a killed daemon is started again, and its workers went with it`() throws {
        let box = try makeStartedBox()
        let daemon = try box.property("MainPID")
        let workers = [try box.worker("core/0"), try box.worker("fault/sleep/0")]
        _ = try box.run("kill", "-KILL", daemon)
        try box.wait(for: "the restart") { try box.property("NRestarts") == "1" }
        try box.wait(for: "the new daemon") { try box.property("ActiveState") == "active" }
        #expect(try box.property("StatusText") == Self.health)
        for case let worker? in workers {
            #expect(try box.run("test", "-d", "/proc/\(worker)").status == 1)
        }
        #expect(try processes(box).split(separator: "\n").count == 3)
    }

    @Test func `a stop lets a running call end and leaves nothing`() throws {
        let box = try makeStartedBox()
        let call = "kernelsupctl call fault/sleep x='[1, 2]' milliseconds=4000"
        // As a unit of its own, so that nothing of the test's is held open by it.
        let line = "(\(call); echo exit $?) >/tmp/answer 2>&1"
        #expect(try box.run("systemd-run", "--quiet", "bash", "-c", line).status == 0)
        try box.wait(for: "the call to run") {
            try box.run("kernelsupctl", "status", "--format", "json").text
                .contains(/"running_for_s":[0-9]/)
        }
        #expect(try box.run("systemctl", "stop", "kernelsupd").status == 0)
        try box.wait(for: "the answer") { try box.shell("grep exit /tmp/answer").status == 0 }
        #expect(try box.run("tail", "-n1", "/tmp/answer").text == "exit 0")
        #expect(try box.property("Result") == "success")
        #expect(try box.property("ActiveState") == "inactive")
        #expect(try processes(box) == "")
        #expect(try box.run("test", "-e", "/run/kernelsupd").status == 1)
        #expect(try box.priorities(of: "draining: 1 call may end") == ["5"])
    }

    @Test func `a wrong configuration is reported and not tried again`() throws {
        let box = try SystemdBox()
        _ = try box.shell("echo 'max_restart = 3' >>/etc/kernelsupd/kernels.d/echo.toml")
        #expect(try box.run("systemctl", "start", "kernelsupd").status == 1)
        #expect(try box.property("Result") == "exit-code")
        #expect(try box.property("ExecMainStatus") == "78")
        #expect(try box.property("NRestarts") == "0")
        let log = try box.run("journalctl", "-u", "kernelsupd", "-o", "cat").text
        #expect(log.contains("echo.toml:"))
        #expect(log.contains("max_restart"))
    }
}
