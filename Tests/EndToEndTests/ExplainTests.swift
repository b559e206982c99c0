import ControlProtocol
import LinuxSystem
import Testing

/// `kernelsupctl explain` against a daemon that lives.
@Suite(.showsDaemonLog)
struct ExplainTests {
    /// Says three lines and exits with 1, twice, and is quarantined.
    private static let loop: DaemonConfiguration = {
        var configuration = DaemonConfiguration([
            .fault("echo", "--say", "lines", "--exit-at-start", "1"), .fault("sleep"),
        ])
        configuration["defaults.recovery", "max_restarts"] = "2"
        configuration["defaults.recovery", "retry_quarantined"] = #""300s""#
        return configuration
    }()

    private func run(_ daemon: DaemonUnderTest, _ words: [String]) throws -> Finished {
        try Finished.run(
            BuildProducts.control,
            words + ["--socket-directory", "\(daemon.directory.path)/run"]
        )
    }

    private func explanation(_ daemon: DaemonUnderTest, _ name: String) throws -> Explanation {
        let finished = try run(daemon, ["explain", name, "--format", "json"])
        #expect(finished.status == 0, "\(finished)")
        return try ControlCoding.decode(Explanation.self, from: Array(finished.output.utf8))
    }

    private func waitForQuarantine(_ daemon: DaemonUnderTest) throws {
        try daemon.waitUntil("quarantine") {
            $0.slot(of: "fault/echo")?.state == .quarantined
        }
    }

    @Test func `a worker in a restart loop is explained with its last words`() throws {
        try withDaemon(Self.loop) { daemon in
            try waitForQuarantine(daemon)
            let finished = try run(daemon, ["explain", "fault/echo"])
            #expect(finished.status == 0 && finished.errors.isEmpty)
            let lines = finished.output.split(separator: "\n").map(String.init)
            #expect(lines.first == "fault/echo is down: calls are refused (KSUP-R07 restart_loop)")
            let labels = lines.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != " " } }
            #expect(
                labels.dropFirst()
                    == ["why", "effect", "next", "do", "said", "ladder", "alert", "events"]
            )
            let saying = try #require(lines.firstIndex { $0.hasPrefix("said last") })
            #expect(lines[saying].hasPrefix("said last (fault/echo/0, incarnation "))
            #expect(lines[saying...].joined(separator: " ").contains("3 of 3 lines)"))
            let said = lines[(saying + 1)...].prefix { $0.hasPrefix("  ") }
            #expect(
                said.map { $0.dropFirst(16) } == [
                    "opening device 0", "loading tables", "tables are missing, giving up",
                    "* it exited with status 1",
                ]
            )
            #expect(finished.output.contains("exited with status 1 ×2 over"))
            #expect(finished.output.contains("exited with status 1; quarantined"))
        }
    }

    @Test func `the last words of a worker are still there when the next one has flooded them`()
        throws
    {
        let place = try TestDirectory()
        defer { place.remove() }
        let script = """
            if mkdir \(place.path)/first 2>/dev/null; \
            then echo first words; echo last words; exit 3; fi; \
            seq 20000; exec \(BuildProducts.faultWorker)
            """
        var configuration = DaemonConfiguration([
            .command("fault/echo", ["/bin/sh", "-c", script])
        ])
        configuration["defaults.log", "rate_limit"] = "1"
        configuration["defaults.log", "rate_burst"] = "1"
        try withDaemon(configuration) { daemon in
            let finished = try run(daemon, ["explain", "fault/echo/0"])
            let lines = finished.output.split(separator: "\n").map(String.init)
            let start = try #require(lines.firstIndex { $0.hasPrefix("said last") })
            #expect(lines[start].contains("stdout, 2 of 2 lines"))
            let since = try #require(lines.firstIndex { $0.hasPrefix("said since") })
            #expect(
                lines[(start + 1)..<since].map { $0.dropFirst(16) }
                    == ["first words", "last words", "* it exited with status 3"]
            )
            #expect(lines[since].contains("20 of 20000 lines"))
            // Of the kernel, too, which is healthy again.
            let kernel = try run(daemon, ["explain", "fault/echo"]).output
            #expect(kernel.contains("is healthy") && kernel.contains("  last words\n"))
            let words = try explanation(daemon, "fault/echo").saidLast
            #expect(words.map(\.end) == ["exited with status 3", nil])
            #expect(words.map { $0.endedAt == nil } == [false, true])
        }
    }

    @Test func `its JSON has every fact as a field`() throws {
        try withDaemon(Self.loop) { daemon in
            try waitForQuarantine(daemon)
            let explanation = try explanation(daemon, "fault/echo")
            #expect(explanation.format == 1)
            #expect(explanation.subject == .kernel)
            #expect(explanation.state == .down)
            #expect(explanation.reasonID == "KSUP-R07")
            let limit = try #require(explanation.limits.first)
            #expect(limit.key == "recovery.max_restarts")
            #expect(limit.value == "2")
            #expect(limit.origin.contains("kernelsupd.toml:"))
            #expect(explanation.next.map(\.action) == ["start", "quarantine"])
            #expect(explanation.next.first?.at != nil)
            let words = try #require(explanation.saidLast.first)
            #expect(words.slot == "fault/echo/0")
            #expect(words.total == 3)
            #expect(words.lines.map(\.stream) == [.stderr, .stderr, .stderr])
            #expect(words.lines.map(\.at) == words.lines.map(\.at).sorted())
            // The newest of three workers, each of which said three lines.
            let starts = daemon.log.split(separator: "\n").filter {
                $0.contains("worker 'fault/echo/0' is starting")
            }
            #expect(starts.last?.hasSuffix("PID=\(words.pid)") == true)
            #expect(
                explanation.output == [
                    .init(slot: "fault/echo/0", written: 9, logged: 9, suppressed: 0, lost: 0)
                ]
            )
            #expect(explanation.events.dropped == 0)
            let ends = explanation.events.list.filter { $0.text.contains("exited with status 1") }
            #expect(ends.map(\.count).reduce(0, +) == 3)
            #expect(explanation.kernels.map(\.name) == ["fault/echo"])
        }
    }

    // Nothing is advised that the daemon would refuse.
    @Test func `each command that is advised is done when it is given`() throws {
        try withDaemon(Self.loop) { daemon in
            try waitForQuarantine(daemon)
            let advice = try explanation(daemon, "fault/echo").advice.map(\.command)
            #expect(advice.contains("kill -HUP \(daemon.pid)"))
            #expect(advice.contains("kernelsupctl ack fault/echo"))
            #expect(advice.last == "man kernelsupd.reasons")
            let check = try #require(advice.first { $0.hasPrefix("kernelsupd ") })
            let words = check.split(separator: " ").map(String.init).dropFirst()
            #expect(try Finished.run(BuildProducts.daemon, Array(words)).status == 0)
            for command in advice where command.hasPrefix("kernelsupctl ") {
                let words = command.split(separator: " ").map(String.init).dropFirst()
                #expect(try run(daemon, Array(words)).status == 0, "\(command)")
            }
            let after = try explanation(daemon, "fault/echo").advice.map(\.command)
            #expect(!after.contains("kernelsupctl ack fault/echo"))
        }
    }

    @Test func `a worker of another protocol is explained by that`() throws {
        let script = """
            import os, socket, sys; sys.dont_write_bytecode = True
            sys.path.insert(0, '\(BuildProducts.pythonDirectory)'); import ksup
            channel = socket.socket(fileno=int(os.environ['KERNELSUP_CHANNEL']))
            channel.send(ksup.hello(1, 9, 10)); channel.recv(65536); sys.exit(76)
            """
        let place = try TestDirectory()
        defer { place.remove() }
        try place.write("worker.py", script)
        let command = [BuildProducts.python, place.path + "/worker.py"]
        let configuration = DaemonConfiguration([.command("fault/new", command)])
        try withDaemon(configuration, until: { $0.state(of: "fault/new") == .down }) { daemon in
            let explanation = try explanation(daemon, "fault/new")
            #expect(explanation.reasonID == "KSUP-R05")
            #expect(explanation.why?.hasSuffix("have no version of the protocol in common") == true)
            // No value of the configuration led to it.
            #expect(explanation.limits == [])
            let events = explanation.events.list.map(\.text)
            #expect(
                events.first
                    == "worker 'fault/new/0' is refused: the worker speaks protocol 9 to 10, the "
                    + "daemon 1",
                "\(events)"
            )
        }
    }

    @Test func `a breaker that a person holds open is explained by that`() throws {
        try withDaemon(Self.loop) { daemon in
            _ = try run(daemon, ["breaker", "fault/sleep", "--set", "open"])
            let explanation = try explanation(daemon, "fault/sleep")
            #expect(explanation.reasonID == "KSUP-R10")
            #expect(explanation.next == [])
            let commands = explanation.advice.map(\.command)
            #expect(commands.contains("kernelsupctl breaker fault/sleep --set auto"))
            #expect(!commands.contains("kernelsupctl breaker fault/sleep --set closed"))
            for command in commands where command.hasPrefix("kernelsupctl ") {
                let words = command.split(separator: " ").map(String.init).dropFirst()
                #expect(try run(daemon, Array(words)).status == 0, "\(command)")
            }
            let healthy = try self.explanation(daemon, "fault/sleep")
            #expect(healthy.state == .healthy)
        }
    }

    @Test func `what is healthy takes few lines`() throws {
        try withDaemon(.fault("echo")) { daemon in
            let finished = try run(daemon, ["explain", "fault/echo"])
            #expect(finished.status == 0, "\(finished)")
            #expect(finished.output.hasPrefix("fault/echo is healthy since "))
            #expect(finished.output.split(separator: "\n").count <= 3)
        }
    }

    @Test func `groups and slots are explained too`() throws {
        var configuration = DaemonConfiguration([
            .fault("echo", "--say", "both", group: "small"),
            .fault("sleep", "--say", "both", group: "small"),
        ])
        configuration["groups.small", "replicas"] = "2"
        try withDaemon(configuration) { daemon in
            let group = try explanation(daemon, "small")
            #expect(group.subject == .group)
            #expect(group.kernels.map(\.name) == ["fault/echo", "fault/sleep"])
            let slot = try explanation(daemon, "small/1")
            #expect(slot.subject == .slot)
            #expect(slot.saidLast.map(\.slot) == ["small/1"])
            #expect(
                Set(slot.saidLast.flatMap(\.lines).map { "\($0.stream): \($0.text)" })
                    == ["stdout: to stdout", "stderr: to stderr"]
            )
            let text = try run(daemon, ["explain", "small/1"]).output
            #expect(text.hasPrefix("small/1 is ready: "))
        }
    }

    // L03, L04
    @Test func `lines that the log could not take are counted, and kept all the same`() throws {
        let kernel = KernelFile.fault("echo", "--say", "long")
        let configuration = DaemonConfiguration([kernel])
        try withDaemon(configuration, outputInto: "/dev/full") { daemon in
            let pieces = 10 << 20 / 2048
            let whole: Explanation = try eventually("all of it is read") {
                let now = try explanation(daemon, "fault/echo/0")
                return now.output.first?.written == pieces + 1 ? now : nil
            }
            let account = try #require(whole.output.first)
            #expect(account.logged == 0)
            #expect(account.suppressed + account.lost == account.written)
            let words = try #require(whole.saidLast.first)
            #expect(words.total == pieces + 1)
            #expect(words.lines.last?.text == "after it")
            #expect(words.lines.dropLast(2).allSatisfy { $0.marks == [.cut] })
        }
    }

    @Test func `an unknown name is told with those that are near it`() throws {
        try withDaemon(.fault("echo")) { daemon in
            let names = [("fault/ecko", "'fault/echo'"), ("fault/echo/1", "'fault/echo/0'")]
            for (name, near) in names {
                let finished = try run(daemon, ["explain", name])
                #expect(finished.status == 4, "\(finished)")
                #expect(finished.output.isEmpty)
                #expect(finished.errors.contains(near), "\(finished.errors)")
            }
        }
    }
}
