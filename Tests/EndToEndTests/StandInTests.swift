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
