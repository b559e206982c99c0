import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import Testing

/// Breakers and alerts of a daemon that lives, seen and steered from the command line.
@Suite(.showsDaemonLog)
struct BreakerControlTests {
    /// A breaker that opens at the third failure, for longer than any test takes.
    private static func configuration(_ kernels: KernelFile...) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(kernels)
        configuration["defaults.breaker", "failure_threshold"] = "3"
        configuration["defaults.breaker", "timeout"] = #""1h""#
        configuration["defaults.breaker", "max_timeout"] = #""1h""#
        return configuration
    }

    // B12: a breaker that a person holds open is not let go by a crash at night.
    @Test func `an operator's word holds over the daemon's death, and is gone when taken back`()
        throws
    {
        let configuration = BreakerControlTests.configuration(.fault("echo"))
        try withDaemon(configuration) { daemon in
            let call = ["call", "fault/echo", "x=[1]"]
            #expect(try daemon.control(["breaker", "fault/echo", "--set", "open"]).status == 0)
            #expect(daemon.directory.text("run/overrides") == "forced_open fault/echo\n")
            try daemon.process.signal(SIGKILL)
            _ = try daemon.process.wait()

            let next = try DaemonUnderTest.start(in: daemon.directory, log: "next.log")
            try eventually("the next one is ready") {
                daemon.directory.text("next.log").contains("ready:")
            }
            let refused = try daemon.control(call)
            #expect(refused.status == 2 && refused.errors.contains("operator's word"), "\(refused)")
            #expect(try daemon.control(["breaker", "fault/echo", "--set", "auto"]).status == 0)
            #expect(try daemon.control(call).status == 0)
            #expect(daemon.directory.text("run/overrides") == "")
            try next.signal(SIGTERM)
            _ = try next.wait()
        }
    }

    @Test func `lines that say nothing are named, and the others hold`() throws {
        let configuration = BreakerControlTests.configuration(.fault("echo"))
        let directory = try DaemonUnderTest.makeDirectory(configuration)
        defer { directory.remove() }
        try directory.write("run/overrides", "open\nforced_open fault/echo\nobserve fault/fail\n")
        let daemon = try DaemonUnderTest.start(in: directory, log: "log")
        try eventually("it is ready") { directory.text("log").contains("ready:") }
        #expect(directory.text("log").contains("1 lines of"))
        #expect(directory.text("log").contains("breaker of fault/echo was set to forced_open"))
        // What it says of a kernel that isn't configured holds when that comes.
        let both = BreakerControlTests.configuration(.fault("echo"), .fault("fail"))
        try DaemonUnderTest.write(both, to: directory)
        try daemon.signal(SIGHUP)
        try eventually("it is in force") {
            directory.text("log").contains("breaker of fault/fail was set to observe")
        }
        try daemon.signal(SIGTERM)
        #expect(try daemon.wait() == .exited(0))
    }

    @Test func `a kernel that keeps failing opens its breaker, and a word lets calls through`()
        throws
    {
        try withDaemon(BreakerControlTests.configuration(.fault("fail"))) { daemon in
            let call = ["call", "fault/fail", "x=[1]"]
            for _ in 0..<3 {
                #expect(try daemon.control(call).status == 1)
            }
            let open = try daemon.breaker(of: "fault/fail")
            #expect(open.state == .open && open.override == .none)
            #expect([open.failures, open.consecutiveFailures, open.openings] == [3, 3, 1])
            #expect(open.successRate == 0)
            #expect(try #require(open.retryAfter) > 3000)

            let shown = try daemon.control(["breaker", "fault/fail"])
            #expect(shown.status == 0 && shown.output.contains("open since"), "\(shown)")

            let refused = try daemon.control(call)
            #expect(refused.status == 2, "\(refused)")
            #expect(refused.errors.contains("circuit open") && refused.errors.contains("KSUP-R10"))
            #expect(refused.errors.contains("not run: safe to send again after"))
            let document = try daemon.control(call + ["--format", "json"])
            #expect(document.output.contains(#""code":"circuit_open""#), "\(document)")
            #expect(daemon.runs == 3)
            #expect(try daemon.kernel("fault/fail").resilience.refusedByBreaker == 2)
            let health = try daemon.health()
            #expect(health.components.map(\.reasonID) == ["KSUP-R10"])
            #expect(health.components.map(\.resilience.breakers.first?.state) == [.open])

            let closed = try daemon.control(["breaker", "fault/fail", "--set", "closed"])
            #expect(closed.status == 0 && closed.output.contains("held closed"), "\(closed)")
            #expect(try daemon.control(call).status == 1)
            #expect(daemon.runs == 4)
            #expect(try daemon.kernel("fault/fail").state == .healthy)
            let status = try daemon.control(["status"])
            #expect(status.output.contains("breaker held closed"), "\(status)")

            let auto = try daemon.control(["breaker", "fault/fail", "--set", "auto"])
            #expect(auto.status == 0 && auto.output.contains("open since"), "\(auto)")
            #expect(try daemon.control(call).status == 2)
            #expect(daemon.runs == 4)
        }
    }

    @Test func `a breaker that is set open refuses at once, until it is taken back`() throws {
        try withDaemon(BreakerControlTests.configuration(.fault("echo"))) { daemon in
            let call = ["call", "fault/echo", "x=[1]"]
            #expect(try daemon.control(call).status == 0)
            for _ in 0..<2 {
                let set = try daemon.control(["breaker", "fault/echo", "--set", "open"])
                #expect(set.status == 0 && set.output.contains("held open"), "\(set)")
            }
            #expect(try daemon.breaker(of: "fault/echo").override == .forcedOpen)
            let refused = try daemon.control(call)
            #expect(refused.status == 2 && refused.errors.contains("operator"), "\(refused)")
            #expect(try daemon.control(["health"]).status == 2)
            #expect(try daemon.control(["breaker", "fault/echo", "--set", "observe"]).status == 0)
            #expect(try daemon.control(call).status == 0)
            #expect(try daemon.control(["breaker", "fault/echo", "--set", "auto"]).status == 0)
            let after = try daemon.breaker(of: "fault/echo")
            #expect(after.state == .closed && after.override == .none)
            #expect(after.wouldHaveRefused == 0)
            #expect(try daemon.kernel("fault/echo").resilience.refusedByBreaker == 1)
            #expect(daemon.runs == 2)
        }
    }

    private static let setpriv = "/usr/bin/setpriv"

    @Test(.enabled(if: geteuid() == 0 && access(setpriv, X_OK) == 0))
    func `another user who may ask may not steer`() throws {
        var configuration = BreakerControlTests.configuration(.fault("echo"))
        configuration["daemon", "socket_mode"] = #""0666""#
        try withDaemon(configuration) { daemon in
            try #require(chmod(daemon.directory.path, 0o755) == 0)
            func asOther(_ words: [String]) throws -> Finished {
                let place = ["--socket-directory", "\(daemon.directory.path)/run"]
                return try Finished.run(
                    BreakerControlTests.setpriv,
                    ["--reuid", "65534", "--clear-groups", BuildProducts.control] + words + place
                )
            }
            // Where the program was built, another user may not come.
            guard try asOther(["version"]).status == 0 else { return }
            #expect(try asOther(["breaker", "fault/echo"]).status == 0)
            for words in [["breaker", "fault/echo", "--set", "open"], ["ack", "fault/echo"]] {
                let denied = try asOther(words)
                #expect(denied.status == 5 && denied.errors.contains("not allowed"), "\(denied)")
            }
            #expect(try daemon.breaker(of: "fault/echo").override == .none)
        }
    }

    @Test func `what can't be steered is refused and changes nothing`() throws {
        try withDaemon(BreakerControlTests.configuration(.fault("echo"))) { daemon in
            for words in [["breaker", "fault/eko"], ["breaker", "fault/eko", "--set", "open"]] {
                let unknown = try daemon.control(words)
                #expect(unknown.status == 4 && unknown.errors.contains("'fault/echo'"))
            }
            let word = try daemon.control(["breaker", "fault/echo", "--set", "shut"])
            #expect(word.status == 64 && word.errors.contains("'shut'"), "\(word)")
            #expect(try daemon.control(["ack", "nobody"]).status == 4)
            #expect(try daemon.breaker(of: "fault/echo").override == .none)
        }
    }

    @Test func `an alert waits until it is acknowledged, once`() throws {
        var configuration = DaemonConfiguration([.fault("sleep", "--exit-at-start", "1")])
        configuration["defaults.recovery", "max_restarts"] = "1"
        try withDaemon(configuration) { daemon in
            try daemon.waitUntil("an alert") {
                $0.kernels.first?.resilience.alert == .raised
            }
            let status = try daemon.control(["status"])
            #expect(status.output.contains("1 alert not acknowledged"), "\(status)")
            let first = try daemon.control(["ack", "fault/sleep"])
            #expect(first.status == 0, "\(first)")
            #expect(first.output.contains("acknowledged the alert of fault/sleep"), "\(first)")
            #expect(first.output.contains("notify_operator"), "\(first)")
            let second = try daemon.control(["ack", "fault/sleep"])
            #expect(second.status == 0, "\(second)")
            #expect(second.output.contains("nothing to acknowledge"), "\(second)")
            #expect(try daemon.kernel("fault/sleep").resilience.alert == .acknowledged)
        }
    }
}

extension DaemonUnderTest {
    fileprivate func control(_ words: [String]) throws -> Finished {
        try Finished.run(
            BuildProducts.control,
            words + ["--socket-directory", "\(directory.path)/run"]
        )
    }

    /// The breaker before the kernel's first slot.
    fileprivate func breaker(of name: String) throws -> BreakerStatus {
        try #require(try kernel(name).resilience.breakers.first)
    }
}
