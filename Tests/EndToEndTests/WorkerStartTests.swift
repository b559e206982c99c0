import ControlProtocol
import Glibc
import LinuxSystem
import Testing

/// What a worker process begins with.
@Suite(.showsDaemonLog)
struct WorkerStartTests {
    // S01, S02
    @Test func `a worker starts with a clean slate`() throws {
        // A program that changes nothing about itself and never says hello.
        let configuration = DaemonConfiguration([.command("plain/sleep", ["/bin/sleep", "1000"])])
        try withDaemon(configuration, until: { _ in true }) { daemon in
            let pid: Int32 = try eventually("the program runs") {
                let pid = try daemon.status().slot(of: "plain/sleep")?.pid.map { Int32($0) }
                guard let pid, try ProcessTable.statusField("Name", of: pid) == "sleep" else {
                    return nil
                }
                return pid
            }
            // Its loader has files open of its own.
            try eventually("exactly 0, 1, 2 and the channel are open") {
                try ProcessTable.descriptors(of: pid).keys.sorted() == [0, 1, 2, 3]
            }
            let descriptors = try ProcessTable.descriptors(of: pid)
            #expect(descriptors[0] == "/dev/null")
            #expect(descriptors[1]?.hasPrefix("pipe:") == true)
            #expect(descriptors[2]?.hasPrefix("pipe:") == true)
            #expect(descriptors[2] != descriptors[1])
            #expect(descriptors[3]?.hasPrefix("socket:") == true)
            for field in ["SigBlk", "SigIgn", "SigCgt"] {
                #expect(try ProcessTable.statusField(field, of: pid) == "0000000000000000")
            }
            #expect(getsid(pid) == pid)
            #expect(getpgid(pid) == pid)
            #expect(try ProcessTable.statusField("PPid", of: pid) == "\(daemon.pid)")
            #expect(try ProcessTable.statusField("NoNewPrivs", of: pid) == "1")
        }
    }

    @Test func `a worker's environment is what the configuration says and nothing else`() throws {
        var configuration = DaemonConfiguration([.command("plain/sleep", ["/bin/sleep", "1000"])])
        configuration["defaults.environment", "LANG"] = #""de_DE.UTF-8""#
        configuration.kernels[0].tables["environment"] = ["MINE": #""a b=c""#]
        try withDaemon(configuration, until: { _ in true }) { daemon in
            let pid: Int32 = try eventually("the program runs") { daemon.workers.first }
            let directory = daemon.directory.path
            let expected = [
                "FAULT_COUNT_FILE=\(directory)/runs", "HOME=\(directory)/cache",
                "KERNELSUP_CHANNEL=3", "KERNELSUP_WORKER=plain/sleep/0/1",
                "KSUP_TEST=\(directory)", "LANG=de_DE.UTF-8",
                "MINE=a b=c", "PATH=/usr/local/bin:/usr/bin:/bin", "SWIFT_BACKTRACE=enable=no",
                "XDG_CACHE_HOME=\(directory)/cache",
            ]
            #expect(try ProcessTable.environment(of: pid).sorted() == expected)
        }
    }

    // L04
    @Test func `what a worker prints is in the log, line by line, whatever it is`() throws {
        let script = #"echo good line; printf 'half'; echo err >&2; printf '\377\000x\n'; exit 1"#
        var configuration = DaemonConfiguration([
            .command("noisy/one", ["/bin/sh", "-c", script.replacingBackslashes])
        ])
        configuration["defaults.recovery", "max_restarts"] = "0"
        try withDaemon(configuration) { daemon in
            try daemon.waitUntil("quarantine") {
                $0.slot(of: "noisy/one")?.state == .quarantined
            }
            #expect(daemon.log.contains(": good line\n"))
            #expect(daemon.log.contains(": err\n"))
            #expect(daemon.log.contains(": half\u{FFFD}␀x MARKS=repaired,controls\n"))
            #expect(ProcessTable.isAlive(daemon.pid))
        }
    }

    // L01
    @Test func `a worker that floods the log is not blocked and its calls are served`() throws {
        // 2 MB of lines, many times what a pipe holds; the mark is made when all were taken.
        let flood =
            "yes 0123456789012345678901234567890123456789012345678901234567890123456789 "
            + "| head -c 2000000; touch $HOME/flooded"
        let script = "(\(flood)) & exec \(BuildProducts.faultWorker)"
        let configuration = DaemonConfiguration([.command("fault/echo", ["/bin/sh", "-c", script])])
        try withDaemon(configuration) { daemon in
            var served = 0
            try eventually("all output is taken") {
                try daemon.expectService(of: "fault/echo")
                served += 1
                return access("\(daemon.directory.path)/cache/flooded", F_OK) == 0
            }
            #expect(served > 0)
            let restarts = try daemon.kernel("fault/echo").restarts
            #expect(restarts == 0)
        }
    }

    // D03
    @Test func `what a worker has started goes with it`() throws {
        let script = "sleep 300 & exec \(BuildProducts.faultWorker)"
        let configuration = DaemonConfiguration([.command("fault/echo", ["/bin/sh", "-c", script])])
        try withDaemon(configuration) { daemon in
            let worker = try daemon.workerPID(of: "fault/echo")
            #expect(daemon.workers.count == 2)
            try daemon.killWorker(of: "fault/echo")
            try daemon.waitUntil("a new worker is ready") {
                $0.slot(of: "fault/echo")?.state == .ready
                    && $0.slot(of: "fault/echo")?.pid != Int(worker)
            }
            // The new worker and its own child.
            try eventually("the old child is gone") { daemon.workers.count == 2 }
            let end = try daemon.stop()
            #expect(end == .exited(0))
            // SIGKILL was sent before the end; the kernel may take a moment over it.
            try daemon.waitUntilNoWorkerLives()
        }
    }
}

extension String {
    /// For a place inside a TOML basic string.
    fileprivate var replacingBackslashes: String {
        split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
    }
}
