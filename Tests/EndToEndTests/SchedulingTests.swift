import Glibc
import LinuxSystem
import Testing

/// The daemon's place among all that wants a processor.
@Suite(.showsDaemonLog, .enabled(if: RealTime.isPermitted, "no real-time scheduling here"))
struct SchedulingTests {
    @Test func `the daemon runs before what is not real-time, and its workers do not`() throws {
        try withDaemon(DaemonConfiguration([.fault("echo")])) { daemon in
            #expect(RealTimeScheduling.isOn(daemon.pid))
            #expect(!RealTimeScheduling.isOn(try daemon.workerPID(of: "fault/echo")))
            try daemon.killWorker(of: "fault/echo")
            try daemon.expectService(of: "fault/echo")
            #expect(!RealTimeScheduling.isOn(try daemon.workerPID(of: "fault/echo")))
            #expect(daemon.log.contains("runs with real-time scheduling, SCHED_RR (real_time)"))
        }
    }

    @Test func `a reload takes it away and brings it back`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["daemon", "real_time"] = "false"
        try withDaemon(configuration) { daemon in
            #expect(!RealTimeScheduling.isOn(daemon.pid))
            #expect(!daemon.log.contains("real-time"))
            configuration["daemon", "real_time"] = "true"
            try daemon.reload(configuration)
            #expect(RealTimeScheduling.isOn(daemon.pid))
            configuration["daemon", "real_time"] = "false"
            try daemon.reload(configuration)
            #expect(!RealTimeScheduling.isOn(daemon.pid))
            #expect(daemon.log.contains("runs without real-time scheduling\n"))
        }
    }

    @Test func `who is started nice stays so`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration.wrapper = ["/usr/bin/nice", "-n", "3"]
        try withDaemon(configuration) { daemon in
            #expect(!RealTimeScheduling.isOn(daemon.pid))
            #expect(daemon.log.contains("keeps the scheduling policy and nice value"))
        }
    }

    @Test(.enabled(if: RealTime.canBeTakenAway))
    func `without the right to it the daemon says so and serves`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration.wrapper = RealTime.withoutRight
        try withDaemon(configuration) { daemon in
            #expect(!RealTimeScheduling.isOn(daemon.pid))
            let message = "runs without real-time scheduling: sched_setscheduler SCHED_RR: EPERM"
            #expect(daemon.log.contains(message))
            try daemon.expectService(of: "fault/echo")
        }
    }
}

/// What this machine allows.
private enum RealTime {
    static let withoutRight = [
        "/usr/bin/setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice",
    ]

    /// The daemon inherits what holds for the tests.
    static let isPermitted: Bool = {
        guard !RealTimeScheduling.isChosen() else { return false }
        do {
            try RealTimeScheduling.start()
            try RealTimeScheduling.stop()
            return true
        } catch {
            return false
        }
    }()

    static var canBeTakenAway: Bool { getuid() == 0 && access(withoutRight[0], X_OK) == 0 }
}
