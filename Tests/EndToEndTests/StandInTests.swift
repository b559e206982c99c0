import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import Testing

/// Degraded profiles and backups with real processes and sockets.
@Suite(.showsDaemonLog)
struct StandInTests {
    /// A program that serves only where it runs as the degraded profile of its kernel.
    private static func servesDegraded(_ name: String) -> KernelFile {
        var kernel = KernelFile.named(name)
        let worker = kernel.command.map { "'\($0)'" }.joined(separator: " ")
        kernel.command = [
            "/bin/sh", "-c", "[ $KERNELSUP_DEGRADED ] || exit 3; exec \(worker)",
        ]
        kernel.tables["recovery"] = ["permanent_exit_codes": "[3]"]
        kernel.tables["degraded.device"] = ["type": #""cpu""#]
        return kernel
    }

    /// A kernel that nothing here can serve, with a backup.
    private static func broken(_ name: String, backup socket: String) -> KernelFile {
        var kernel = KernelFile.named(name)
        kernel.command = ["/bin/sh", "-c", "exit 3"]
        kernel.tables["recovery"] = [
            "permanent_exit_codes": "[3]", "max_restarts": "0", "retry_quarantined": #""1s""#,
            "window": #""1s""#,
        ]
        kernel.tables["backup"] = ["socket": "\"\(socket)\""]
        return kernel
    }

    @Test func `calls are served by the degraded profile, and the replies say so`() throws {
        let configuration = DaemonConfiguration([Self.servesDegraded("test/echo")])
        try withDaemon(configuration) { daemon in
            try daemon.waitUntil("the degraded profile") {
                $0.state(of: "test/echo") == .degraded
            }
            let result = try daemon.call("test/echo")
            #expect(result["x"]?.f32 == [1, 2, 3])
            #expect(result.isDegraded)
            #expect(
                result.degradedWhy.hasPrefix("served by the degraded profile of test/echo: worker ")
            )
            let kernel = try daemon.kernel("test/echo")
            #expect(kernel.reasonID == "KSUP-R14")
            #expect(kernel.slots.map(\.role) == [.active, .degraded])
        }
    }

    /// Larger than a frame's inline part, and a name of another length in a frame with inline data.
    @Test func `another kernel stands in under its own name, whatever the call carries`() throws {
        var broken = KernelFile.named("test/precise")
        broken.command = ["/bin/sh", "-c", "exit 3"]
        broken.tables["recovery"] = ["permanent_exit_codes": "[3]"]
        broken.preface = "degraded_kernel = \"test/a-much-longer-and-simpler-one\"\n"
        let configuration = DaemonConfiguration([
            broken, .named("test/a-much-longer-and-simpler-one"),
        ])
        try withDaemon(configuration) { daemon in
            try daemon.waitUntil("the other kernel") { $0.state(of: "test/precise") == .degraded }
            for count in [1, 1000, 100_000] {
                let x = (0..<count).map { Float($0) }
                let result = try daemon.call("test/precise", x: x)
                #expect(result["x"]?.f32 == x)
                #expect(result.isDegraded)
            }
        }
    }

    @Test func `calls go to the backup daemon, survive its end, and come back to it`() throws {
        let backup = DaemonConfiguration([.named("test/echo")])
        try withDaemon(backup) { other in
            let socket = other.callsPath
            var configuration = DaemonConfiguration([Self.broken("test/echo", backup: socket)])
            configuration["defaults.health", "interval"] = #""100ms""#
            configuration["defaults.health", "timeout"] = #""90ms""#
            try withDaemon(configuration) { daemon in
                try daemon.waitUntil("failover") { $0.state(of: "test/echo") == .degraded }
                let result = try daemon.call("test/echo")
                #expect(result["x"]?.f32 == [1, 2, 3])
                #expect(result.isDegraded)
                #expect(result.degradedWhy.hasPrefix("served by the backup of test/echo: worker "))
                let large = (0..<100_000).map { Float($0) }
                #expect(try daemon.call("test/echo", x: large)["x"]?.f32 == large)
                #expect(try daemon.kernel("test/echo").reasonID == "KSUP-R15")

                #expect(try other.stop() == .exited(0))
                try daemon.waitUntil("nobody serves") { $0.state(of: "test/echo") == .down }
                #expect(daemon.failure("test/echo")?.code == .unavailable)
                let again = try DaemonUnderTest.start(in: other.directory, log: "again.log")
                _ = again
                try daemon.waitUntil("the backup is back") {
                    $0.state(of: "test/echo") == .degraded
                }
                #expect(try daemon.call("test/echo").isDegraded)
            }
        }
    }

    // A loop of daemons: a call that was passed on once is not passed on again.
    @Test func `two daemons that are each other's backup refuse what neither can serve`() throws {
        let directory = try TestDirectory()
        let first = "\(directory.path)/first"
        let configuration = DaemonConfiguration([Self.broken("test/echo", backup: first)])
        try withDaemon(configuration) { one in
            // The first one's backup is wherever this link leads.
            let other = DaemonConfiguration([Self.broken("test/echo", backup: one.callsPath)])
            try withDaemon(other) { two in
                #expect(symlink(two.callsPath, first) == 0)
                #expect(one.failure("test/echo")?.code == .unavailable)
                #expect(two.failure("test/echo")?.code == .unavailable)
                try one.waitUntil("down") { $0.state(of: "test/echo") == .down }
            }
        }
    }

    @Test func `a socket that turns out to be the daemon's own is refused for good`() throws {
        let directory = try TestDirectory()
        let link = "\(directory.path)/link"
        let configuration = DaemonConfiguration([Self.broken("test/echo", backup: link)])
        try withDaemon(configuration) { daemon in
            #expect(symlink(daemon.callsPath, link) == 0)
            try daemon.waitUntil("refused") { status in
                status.kernels.first?.slots.contains {
                    $0.role == .backup && $0.state == .failed
                        && $0.lastExit?.contains("this daemon's own socket") == true
                } == true
            }
            #expect(daemon.failure("test/echo")?.code == .unavailable)
        }
    }
}

/// Stand-ins that can't help: nobody says that they serve, and callers learn what is wrong at home.
@Suite(.showsDaemonLog)
struct UselessStandInTests {
    /// A kernel without a worker before its first call, with a backup.
    private static func refused(_ socket: String) -> DaemonConfiguration {
        var kernel = KernelFile.fault("echo")
        kernel.tables["lifecycle"] = ["start": #""on_demand""#]
        kernel.tables["backup"] = ["socket": "\"\(socket)\""]
        return DaemonConfiguration([kernel])
    }

    private func explanation(_ daemon: DaemonUnderTest, _ name: String) throws -> Explanation {
        let finished = try daemon.control("explain", name, "--format", "json")
        #expect(finished.status == 0, "\(finished)")
        return try ControlCoding.decode(Explanation.self, from: Array(finished.output.utf8))
    }

    @Test func `a backup that is nowhere is asked, explained, and never said to serve`() throws {
        let directory = try TestDirectory()
        let socket = "\(directory.path)/nowhere.sock"
        try withDaemon(Self.refused(socket)) { daemon in
            #expect(try daemon.control("breaker", "fault/echo", "--set", "open").status == 0)
            try daemon.waitUntil("down") { $0.state(of: "fault/echo") == .down }
            let kernel = try daemon.kernel("fault/echo")
            #expect(kernel.reasonID == "KSUP-R10")
            #expect(kernel.why?.contains("\(socket): ENOENT") == true)
            // Before its deadline, and with what is wrong here.
            #expect(daemon.failure("fault/echo")?.code == .circuitOpen)

            let whole = try explanation(daemon, "fault/echo")
            let why = try #require(whole.why)
            #expect(why.contains("its backup can't serve: worker 'fault/echo~backup/0' could not"))
            #expect(whole.events.list.contains { $0.text.contains("\(socket): ENOENT") })
            #expect(whole.next.contains { $0.text == "the backup is tried again" })
            for name in ["fault/echo~backup", "fault/echo~backup/0"] {
                let own = try explanation(daemon, name)
                #expect(own.consequence == "it can't serve calls of fault/echo now")
                #expect(own.why?.contains("\(socket): ENOENT") == true)
                #expect(own.why?.contains("breaker") == false)
            }
        }
    }

    @Test func `taking a backup and coming home are events`() throws {
        try withDaemon(DaemonConfiguration([.fault("echo")])) { other in
            try withDaemon(Self.refused(other.callsPath)) { daemon in
                #expect(try daemon.control("breaker", "fault/echo", "--set", "open").status == 0)
                try daemon.waitUntil("failover") { $0.state(of: "fault/echo") == .degraded }
                #expect(try daemon.control("breaker", "fault/echo", "--set", "auto").status == 0)
                try daemon.waitUntil("home") { $0.state(of: "fault/echo") == .healthy }
                let events = try explanation(daemon, "fault/echo").events.list.map(\.text)
                #expect(events.contains("calls of fault/echo are served by its backup"))
                #expect(events.contains("calls of fault/echo go to its own workers again"))
            }
        }
    }
}

/// A device that is there stands in for one that is not.
@Suite(.serialized, .showsDaemonLog)
struct DegradedDeviceTests {
    @Test func `a kernel whose device is missing is served by another one`() throws {
        var kernel = KernelFile.builtin("core/vector-add")
        kernel.writtenText =
            (kernel.writtenText ?? "")
                + """
                [recovery]
                max_restarts = 0
                [device]
                name = "a device that nobody has"
                [degraded.device]
                type = "cpu"

                """
        try withDaemon(.openCL(kernel)) { daemon in
            try daemon.waitUntil("the degraded profile") {
                $0.state(of: "core/vector-add") == .degraded
            }
            let result = try daemon.call(
                "core/vector-add",
                [Tensor("a", [1, 2] as [Float]), Tensor("b", [3, 4] as [Float])]
            )
            #expect(result["sum"]?.f32 == [4, 6])
            #expect(result.isDegraded)
        }
    }
}
