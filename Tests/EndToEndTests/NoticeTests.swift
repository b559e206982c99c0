import ControlProtocol
import Glibc
import LinuxSystem
import Testing

/// The operator's command: once for each alert, whatever becomes of it.
@Suite(.showsDaemonLog)
struct NoticeTests {
    /// Kernels whose worker can't be started: each raises an alert at once.
    private static func broken(_ names: String...) -> [KernelFile] {
        names.map { KernelFile.named($0, "--exit-at-start", "78") }
    }

    /// A daemon that runs a shell's script for each alert.
    private static func configuration(
        _ kernels: [KernelFile],
        _ script: String,
        timeout: String = "30s"
    ) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(kernels)
        configuration["daemon.notify", "command"] = #"["/bin/sh", "-c", '''\#(script)''']"#
        configuration["daemon.notify", "timeout"] = "\"\(timeout)\""
        return configuration
    }

    private static func lines(_ daemon: DaemonUnderTest, _ text: String) -> Int {
        daemon.log.split(separator: "\n").count { $0.contains(text) }
    }

    @Test func `the command runs once for an alert, with the facts and nothing else`() throws {
        let place = try TestDirectory()
        defer { place.remove() }
        let script = """
            env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | sort >>\(place.path)/facts
            echo told the operator; exit 3
            """
        let kernels = NoticeTests.broken("bad/one") + [.fault("echo")]
        try withDaemon(NoticeTests.configuration(kernels, script), until: { _ in true }) { daemon in
            try eventually("the command's end") {
                NoticeTests.lines(daemon, "the operator's command exited with status 3") > 0
            }
            try daemon.expectService(of: "fault/echo")
            let facts = place.text("facts").split(separator: "\n").map(String.init)
            let names = facts.map { $0.prefix { $0 != "=" } }
            #expect(
                names == [
                    "KERNELSUP_ALERT_GROUP", "KERNELSUP_ALERT_KERNELS", "KERNELSUP_ALERT_MESSAGE",
                    "KERNELSUP_ALERT_NUMBER", "KERNELSUP_ALERT_SINCE", "LANG", "PATH",
                ]
            )
            try #require(facts.count == 7)
            #expect(facts[0] == "KERNELSUP_ALERT_GROUP=bad/one")
            #expect(facts[1] == "KERNELSUP_ALERT_KERNELS=bad/one")
            #expect(facts[2].hasPrefix("KERNELSUP_ALERT_MESSAGE='bad/one' needs an operator"))
            #expect(facts[3] == "KERNELSUP_ALERT_NUMBER=1")
            let time = /KERNELSUP_ALERT_SINCE=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/
            #expect(facts[4].wholeMatch(of: time) != nil, "\(facts[4])")
            #expect(NoticeTests.lines(daemon, "]: told the operator") == 1)
        }
    }

    @Test func `a command that hangs is killed with its group, and the next alert has its turn`()
        throws
    {
        let place = try TestDirectory()
        defer { place.remove() }
        let script = """
            echo "$KERNELSUP_ALERT_GROUP $$" >>\(place.path)/runs
            if [ "$KERNELSUP_ALERT_NUMBER" = 1 ]; then sleep 1000 & sleep 1000; fi
            """
        let kernels = NoticeTests.broken("bad/one", "bad/two")
        let configuration = NoticeTests.configuration(kernels, script, timeout: "500ms")
        try withDaemon(configuration, until: { _ in true }) { daemon in
            try eventually("the second run") {
                place.text("runs").split(separator: "\n").count == 2
            }
            let runs = place.text("runs").split(separator: "\n").map { $0.split(separator: " ") }
            #expect(Set(runs.map { $0[0] }) == ["bad/one", "bad/two"])
            let killed = "the operator's command took longer than 500ms and was killed"
            #expect(NoticeTests.lines(daemon, killed) == 1)
            let first = try #require(Int32(runs[0][1]))
            #expect(kill(-first, 0) == -1)
            #expect(NoticeTests.lines(daemon, "left by an unknown worker") == 0)
        }
    }

    @Test func `an alert that is acknowledged while it waits is not told`() throws {
        let place = try TestDirectory()
        defer { place.remove() }
        let script = """
            echo "$KERNELSUP_ALERT_GROUP" >>\(place.path)/runs
            until test -e \(place.path)/go; do sleep 0.01; done
            """
        let kernels = NoticeTests.broken("bad/one", "bad/two")
        try withDaemon(NoticeTests.configuration(kernels, script), until: { _ in true }) { daemon in
            try daemon.waitUntil("two alerts") { status in
                status.kernels.allSatisfy { $0.resilience.alert == .raised }
            }
            let first: String = try eventually("the first run") {
                place.text("runs").split(separator: "\n").first.map(String.init)
            }
            let other = first == "bad/one" ? "bad/two" : "bad/one"
            let words = ["ack", other, "--socket-directory", daemon.directory.path + "/run"]
            #expect(try Finished.run(BuildProducts.control, words).status == 0)
            try place.write("go", "")
            let line =
                "the operator's command is not run for '\(other)': its alert was acknowledged"
            try eventually("the log's word") { NoticeTests.lines(daemon, line) == 1 }
            #expect(place.text("runs") == first + "\n")
        }
    }

    @Test func `the daemon ends without waiting for the command`() throws {
        let place = try TestDirectory()
        defer { place.remove() }
        // What the command has started goes with it.
        let script = "echo $$ >\(place.path)/runs; sleep 1000 & sleep 1000; true"
        let configuration = NoticeTests.configuration(
            NoticeTests.broken("bad/one", "bad/two"),
            script,
            timeout: "1h"
        )
        try withDaemon(configuration, until: { _ in true }) { daemon in
            try eventually("a run") { place.text("runs").hasSuffix("\n") }
            try daemon.waitUntil("both are down") { status in
                status.kernels.allSatisfy { $0.state == .down }
            }
            #expect(try daemon.stop() == .exited(0))
            #expect(NoticeTests.lines(daemon, "was not run for 1 alert: the daemon ends") == 1)
            let run = try #require(Int32(place.text("runs").dropLast()))
            #expect(kill(-run, 0) == -1)
        }
    }

    @Test func `a missing command is refused, and one that disappears is said once`() throws {
        let place = try TestDirectory()
        defer { place.remove() }
        let path = "\(place.path)/tell"
        try place.write("tell", "#!/bin/sh\n", mode: 0o755)
        // The worker dies for good when a test wants it to.
        var configuration = DaemonConfiguration([.fault("exit")])
        configuration["daemon.notify", "command"] = "[\"\(path)\"]"
        try withDaemon(configuration) { daemon in
            place.delete("tell")
            let check = try RunningProcess.start(
                BuildProducts.daemon,
                ["--config", daemon.configurationPath, "--check"],
                output: "\(place.path)/check",
                errors: "\(place.path)/check"
            )
            #expect(try check.wait() == .exited(78))
            #expect(place.text("check").contains("names a program that can't be found: \(path)"))
            try daemon.process.signal(SIGHUP)
            try eventually("the reload is refused") {
                NoticeTests.lines(daemon, "names a program that can't be found") > 0
            }
            _ = daemon.failure("fault/exit", amount: 78)
            let line = "the operator's command could not be started: execve \(path): ENOENT"
            try eventually("the log's word") { NoticeTests.lines(daemon, line) > 0 }
            #expect(try daemon.stop() == .exited(0))
            #expect(NoticeTests.lines(daemon, "the operator's command could not") == 1)
        }
    }
}
