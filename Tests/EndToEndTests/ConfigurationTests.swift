import ControlProtocol
import LinuxSystem
import Testing

/// What the daemon says about wrong files and a wrong command line, before anything is started.
@Suite(.showsDaemonLog)
struct ConfigurationTests {
    @Test func `check reports every error of every file and exits with 78`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["defaults.retry", "max_atempts"] = "2"
        configuration["daemon", "max_clients"] = "0"
        try withFiles(configuration) { directory in
            try directory.write("kernels.d/other.toml", "[kernel]\nname = \"x\"\nbuiltin = 3\n")
            let finished = try check(directory)
            #expect(finished.status == 78)
            let errors = finished.errors
            #expect(errors.contains("max_atempts") && errors.contains("max_attempts"), "\(errors)")
            #expect(errors.contains("max_clients"), "\(errors)")
            #expect(errors.contains("kernels.d/other.toml:2:8"), "\(errors)")
            #expect(errors.contains("kernels.d/other.toml:3:11"), "\(errors)")
            #expect(errors.contains("Nothing was started"))
        }
    }

    @Test func `a right configuration passes the check and starts nothing`() throws {
        try withFiles(DaemonConfiguration([.fault("echo"), .fault("sleep")])) { directory in
            let finished = try check(directory)
            #expect(finished.status == 0, "\(finished.errors)")
            #expect(finished.output.contains("2 kernels"))
            #expect(finished.errors == "")
            #expect(try names(in: directory.path + "/run") == [])
        }
    }

    @Test func `a missing program is a warning of the check, and the rest is served`() throws {
        var configuration = DaemonConfiguration([
            .fault("echo"), .command("fault/gone", ["/nowhere/worker"]),
        ])
        // Another daemon that stands in is no kernel of this one's.
        configuration["defaults.backup", "socket"] = #""/nowhere/calls.sock""#
        try withFiles(configuration) { directory in
            let finished = try check(directory)
            #expect(finished.status == 0)
            #expect(finished.output.hasSuffix(": right, 2 kernels, 1 warning\n"))
            let place = "kernels.d/fault-gone.toml:3:11: warning: "
            #expect(finished.errors.contains(place), "\(finished.errors)")
            #expect(finished.errors.contains("KSUP-R05"))
        }
        try withDaemon(configuration, until: { $0.state(of: "fault/echo") == .healthy }) { daemon in
            try daemon.expectService(of: "fault/echo")
            #expect(daemon.log.contains("configuration in force: 2 kernels in 2 groups"))
        }
    }

    @Test func `every value in force is shown with its place, and nothing is started`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["defaults.retry", "max_attempts"] = "2"
        try withFiles(configuration) { directory in
            let finished = try check(directory, "--show-config")
            #expect(finished.status == 0, "\(finished.errors)")
            let lines = finished.output.split(separator: "\n")
            let retries = lines.filter { $0.hasPrefix("retry.max_attempts = 2 ") }
            #expect(retries.count == 1)
            #expect(retries.first?.contains("# \(directory.path)/kernelsupd.toml:") == true)
            #expect(lines.contains("[kernels.\"fault/echo\"]"))
            #expect(try names(in: directory.path + "/run") == [])
        }
    }

    @Test func `a wrong configuration is not shown but refused`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["defaults.retry", "initial"] = "\"1h\""
        try withFiles(configuration) { directory in
            let finished = try check(directory, "--show-config")
            #expect(finished.status == 78)
            #expect(finished.output == "")
            #expect(finished.errors.contains("`initial` (1h) is longer than `max` (10s)"))
        }
    }

    @Test func `an unknown key is refused with the nearest name`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["defaults.recovery", "max_restart"] = "2"
        try withFiles(configuration) { directory in
            let process = try DaemonUnderTest.start(in: directory, log: "log")
            #expect(try process.wait() == .exited(78))
            let log = directory.text("log")
            #expect(log.contains("`max_restart`") && log.contains("`max_restarts`"), "\(log)")
        }
    }

    @Test func `a wrong option is refused with the nearest name`() throws {
        let finished = try Finished.run(BuildProducts.daemon, ["--confg", "/dev/null"])
        #expect(finished.status == 64)
        #expect(finished.errors.contains("did you mean --config?"))
    }

    @Test func `a missing configuration is named`() throws {
        let finished = try Finished.run(BuildProducts.daemon, ["--config", "/nonexistent/x.toml"])
        #expect(finished.status == 78)
        #expect(finished.errors.contains("/nonexistent/x.toml"))
        #expect(finished.errors.contains("ENOENT"))
    }

    @Test func `a missing runtime directory is named`() throws {
        try withFiles(DaemonConfiguration([.fault("echo")])) { directory in
            directory.deleteDirectory("run")
            let process = try DaemonUnderTest.start(in: directory, log: "log")
            #expect(try process.wait() == .exited(1))
            let log = directory.text("log")
            #expect(
                log.contains("\(directory.path)/run") && log.contains("does not exist"),
                "\(log)"
            )
        }
    }

    private func withFiles(
        _ configuration: DaemonConfiguration,
        _ body: (TestDirectory) throws -> Void
    ) throws {
        let directory = try DaemonUnderTest.makeDirectory(configuration)
        defer { directory.remove() }
        try body(directory)
    }

    private func check(
        _ directory: TestDirectory,
        _ option: String = "--check"
    ) throws -> Finished {
        try Finished.run(
            BuildProducts.daemon,
            [option, "--config", "\(directory.path)/kernelsupd.toml"]
        )
    }
}
