import ControlProtocol
import Glibc
import KernelClient
import SupervisionKit
import Testing

/// What the daemon's probes find out of workers that have nothing else to say.
@Suite(.showsDaemonLog)
struct ProbeTests {
    /// Probed often, and given up after three failures and three more.
    private func configuration(_ kernels: KernelFile...) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(kernels)
        configuration["defaults.health", "interval"] = #""100ms""#
        configuration["defaults.health", "timeout"] = #""90ms""#
        return configuration
    }

    @Test func `an idle worker that answers no probe is replaced`() throws {
        try withDaemon(configuration(.fault("echo"))) { daemon in
            let pid = try daemon.workerPID(of: "fault/echo")
            try #require(kill(pid, SIGSTOP) == 0)
            let slot = try daemon.waitUntil("the worker was replaced") {
                $0.slot(of: "fault/echo")?.restarts ?? 0 > 0
            }.slot(of: "fault/echo")
            #expect(slot?.lastExit?.contains("no answer to a probe") == true)
            #expect(daemon.log.contains("gets no new calls: no answer to a probe"))
            try daemon.expectService(of: "fault/echo")
        }
    }

    @Test func `a worker whose compute thread is stuck in a look is replaced`() throws {
        try withDaemon(configuration(.fault("echo", "--probe", "never"))) { daemon in
            try daemon.waitUntil("the worker was replaced") {
                $0.slot(of: "fault/echo")?.lastExit?.contains("no answer to a probe") == true
            }
            #expect(daemon.runs == 0)
        }
    }

    @Test func `a worker that says it fails gets no calls and is replaced`() throws {
        try withDaemon(configuration(.fault("echo", "--probe", "failed"))) { daemon in
            try daemon.waitUntil("it is shown unhealthy") {
                $0.slot(of: "fault/echo")?.probe == .unhealthy
            }
            try daemon.waitUntil("the worker was replaced") {
                $0.slot(of: "fault/echo")?.lastExit?.contains("broken, as asked") == true
            }
        }
    }

    /// W05: the calls succeed and nothing crashes; only the known answer shows the wrong numbers.
    @Test func `a worker that begins to answer garbage is found by its probe and replaced`() throws
    {
        try withDaemon(configuration(.fault("corrupt"))) { daemon in
            let first = try daemon.call("fault/corrupt", amount: 1)
            #expect(first["x"]?.f32 == [1, 2, 3])
            let slot = try daemon.waitUntil("the worker was replaced") {
                $0.slot(of: "fault/corrupt")?.restarts ?? 0 > 0
            }.slot(of: "fault/corrupt")
            #expect(
                slot?.lastExit?.contains(
                    "fault/corrupt: wrong answer to a known call: "
                        + "element 0 of 'x' is 2.0, expected 1.0"
                ) == true
            )
            #expect(try daemon.call("fault/corrupt")["x"]?.f32 == [1, 2, 3])
        }
    }

    @Test func `a worker that says it is degraded serves on, and is shown so`() throws {
        try withDaemon(configuration(.fault("echo", "--probe", "degraded"))) { daemon in
            let status = try daemon.waitUntil("it is shown degraded") {
                $0.slot(of: "fault/echo")?.probe == .degraded
            }
            let slot = status.slot(of: "fault/echo")
            #expect(slot?.probeWhy?.contains("fault/echo: slow, as asked") == true)
            try daemon.expectService(of: "fault/echo")
            #expect(try daemon.kernel("fault/echo").restarts == 0)
        }
    }

    @Test func `a busy worker fails no probe`() throws {
        try withDaemon(configuration(.fault("late"), .fault("echo"))) { daemon in
            let pid = try daemon.workerPID(of: "fault/late")
            // Longer than the six probes take that would cost a silent worker its life.
            let result = try daemon.call("fault/late", milliseconds: 2000)
            #expect(result.attempts == 1)
            #expect(try daemon.workerPID(of: "fault/late") == pid)
            #expect(!daemon.log.contains("gets no new calls"))
        }
    }

    @Test func `a worker in another language answers probes`() throws {
        let command = [BuildProducts.python, "\(BuildProducts.pythonDirectory)/worker.py"]
        try withDaemon(configuration(.command("python/scale", command))) { daemon in
            try daemon.waitUntil("its probe is answered") {
                $0.slot(of: "python/scale")?.probe == .healthy
            }
            #expect(try daemon.kernel("python/scale").restarts == 0)
        }
    }
}
