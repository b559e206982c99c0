import ControlProtocol
import Glibc
import LinuxSystem
import Testing

/// What `[process]` says about a worker's process.
@Suite(.showsDaemonLog)
struct WorkerProcessTests {
    private let sleeper = KernelFile.command("plain/sleep", ["/bin/sleep", "1000"])

    @Test func `a worker is killed for memory before the daemon, whatever the daemon's score`()
        throws
    {
        try withDaemon(DaemonConfiguration([sleeper]), until: { _ in true }) { daemon in
            let pid = try startedWorker(of: daemon)
            #expect(try score(of: pid) == "300")
            #expect(try score(of: daemon.pid) == score(of: getpid()))
        }
    }

    @Test func `a worker has the score, umask, limits, directory and user that are configured`()
        throws
    {
        try #require(geteuid() == 0)
        var configuration = DaemonConfiguration([sleeper])
        configuration.tables["defaults.process"] = [
            "oom_score_adjust": "317", "umask": #""0027""#, "open_files": "77",
            "memory": #""512MiB""#, "core_size": #""0""#, "working_directory": #""/tmp""#,
            "user": #""nobody""#,
        ]
        try withDaemon(configuration, until: { _ in true }) { daemon in
            let pid = try startedWorker(of: daemon)
            #expect(try score(of: pid) == "317")
            let identity = try #require(try UserIdentity.ofUser(named: "nobody"))
            let ids = String(repeating: "\t\(identity.user)", count: 4).dropFirst()
            #expect(try status("Uid", of: pid) == ids)
            #expect(try status("Umask", of: pid) == "0027")
            #expect(try link("/proc/\(pid)/cwd") == "/tmp")
            let limits = try text("/proc/\(pid)/limits")
            let expected = [
                ("Max open files", "77"), ("Max data size", "\(512 << 20)"),
                ("Max core file size", "0"),
            ]
            for (name, value) in expected {
                let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix(name) })
                #expect(line.split(separator: " ").contains(Substring(value)), "\(line)")
            }
        }
    }

    // S06
    @Test func `a working directory that is gone at a start is an error by name`() throws {
        let place = try TestDirectory()
        defer { place.remove() }
        try place.makeDirectory("home")
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["defaults.process", "working_directory"] = "\"\(place.path)/home\""
        try withDaemon(configuration) { daemon in
            let pid = try daemon.workerPID(of: "fault/echo")
            place.deleteDirectory("home")
            try #require(kill(pid, SIGKILL) == 0)
            let status = try daemon.waitUntil("the kernel is down") {
                $0.state(of: "fault/echo") == .down
            }
            let slot = try #require(status.slot(of: "fault/echo"))
            #expect(slot.state == .failed)
            #expect(slot.restarts == 1)
            let why = try #require(slot.lastExit)
            #expect(why.contains("chdir \(place.path)/home: ENOENT"), "\(why)")
        }
    }

    // S06
    @Test func `a user that the daemon may not become is an error by name`() throws {
        try #require(geteuid() == 0)
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["defaults.process", "user"] = #""daemon""#
        let directory = try DaemonUnderTest.makeDirectory(configuration)
        defer { directory.remove() }
        for name in ["", "run", "cache", "kernels.d"] {
            try #require(chown("\(directory.path)/\(name)", 65534, 65534) == 0)
        }
        let log = directory.path + "/daemon.log"
        let daemon = try RunningProcess.start(
            "/usr/bin/setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", BuildProducts.daemon]
                + ["--config", "\(directory.path)/kernelsupd.toml"],
            output: log,
            errors: log
        )
        defer { withExtendedLifetime(daemon) {} }
        try eventually("the error: \(directory.text("daemon.log"))") {
            directory.text("daemon.log").contains("setgroups, groups: 1: EPERM")
        }
        let starts = directory.text("daemon.log").split(separator: "\n")
            .filter { $0.contains("is starting") }
        #expect(starts.count == 1)
        try daemon.signal(SIGTERM)
        #expect(try daemon.wait() == .exited(0))
    }

    @Test func `a change of a worker's process replaces the worker`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        try withDaemon(configuration) { daemon in
            let before = try daemon.workerPID(of: "fault/echo")
            configuration["defaults.process", "oom_score_adjust"] = "301"
            try DaemonUnderTest.write(configuration, to: daemon.directory)
            try daemon.process.signal(SIGHUP)
            try daemon.waitUntil("another worker is ready") {
                let slot = $0.slot(of: "fault/echo")
                return slot?.state == .ready && slot?.pid != Int(before)
            }
            #expect(try score(of: daemon.workerPID(of: "fault/echo")) == "301")
        }
    }

    // MARK: - Looking in

    /// Its program runs, so all of the start is done.
    private func startedWorker(of daemon: DaemonUnderTest) throws -> Int32 {
        try eventually("the program runs; \(daemon.log)") {
            let pid = try daemon.status().slot(of: "plain/sleep")?.pid.map { Int32($0) }
            guard let pid, try status("Name", of: pid) == "sleep" else { return nil }
            return pid
        }
    }

    private func score(of pid: Int32) throws -> String {
        try String(text("/proc/\(pid)/oom_score_adj").dropLast())
    }

    private func status(_ field: String, of pid: Int32) throws -> String {
        let line = try text("/proc/\(pid)/status").split(separator: "\n")
            .first { $0.hasPrefix("\(field):\t") }
        return String(try #require(line).dropFirst(field.utf8.count + 2))
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try contents(of: path), as: UTF8.self)
    }

    private func link(_ path: String) throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink(path, $0, bytes.count) } ?? 0
        }
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
