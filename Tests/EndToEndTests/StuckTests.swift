import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import Testing

/// A worker that SIGKILL does not end.
///
/// No test can hang a process in a driver. A daemon without CAP_KILL whose worker is another user's
/// sees the same: its signals change nothing.
@Suite(.showsDaemonLog, .enabled(if: WithoutKill.isPossible))
struct StuckTests {
    private static let configuration: DaemonConfiguration = {
        var kernel = KernelFile.fault("hang-kernel", isIdempotent: false)
        kernel.tables["process"] = ["user": #""nobody""#]
        kernel.tables["lifecycle"] = ["kill_timeout": #""200ms""#]
        var configuration = DaemonConfiguration([kernel])
        configuration.wrapper = WithoutKill.wrapper
        return configuration
    }()

    private func run(_ daemon: DaemonUnderTest, _ words: String...) throws -> String {
        let finished = try Finished.run(
            BuildProducts.control,
            words + ["--socket-directory", "\(daemon.directory.path)/run"]
        )
        #expect(finished.status == 0, "\(finished)")
        return finished.output
    }

    @Test func `status and explain show where a worker hangs that does not end`() throws {
        try withDaemon(Self.configuration) { daemon in
            let pid = try daemon.workerPID(of: "fault/hang-kernel")
            // It would outlive a daemon that can't end it.
            defer { _ = kill(pid, SIGKILL) }
            let failure = daemon.failure("fault/hang-kernel", timeout: .milliseconds(200))
            #expect(failure?.code == .deadlineExceeded)
            try daemon.waitUntil("it is stuck") {
                $0.slot(of: "fault/hang-kernel")?.state == .stuck
            }
            let slot = try #require(try daemon.kernel("fault/hang-kernel").slots.first)
            #expect(slot.pid == Int(pid))
            let stuck = try #require(slot.stuck)
            #expect(stuck.program == "FaultWorker")
            // A fault of this kind sleeps where signals reach it, if they are allowed to.
            #expect(stuck.state == "S")
            #expect(stuck.waitChannel == ProcessSituation(of: pid)?.waitChannel)

            let place = "process \(pid) (FaultWorker), asleep (S)"
            #expect(try run(daemon, "status", "fault/hang-kernel").contains("stuck: \(place)"))
            let explanation = try run(daemon, "explain", "fault/hang-kernel")
            #expect(explanation.contains("stuck   fault/hang-kernel/0: \(place)"))
            #expect(explanation.contains("ladder  skipped restart_kernel: the worker does not end"))

            // Who can ends it, and the slot goes on.
            #expect(kill(pid, SIGKILL) == 0)
            let next = try daemon.waitUntil("the next worker is ready") {
                $0.slot(of: "fault/hang-kernel")?.state == .ready
            }
            #expect(next.slot(of: "fault/hang-kernel")?.stuck == nil)
        }
    }
}

/// Starts a program that may signal its own user's processes only.
private enum WithoutKill {
    private static let tool = "/usr/bin/setpriv"
    static let wrapper = [tool, "--bounding-set=-kill", "--inh-caps=-kill"]
    static var isPossible: Bool { getuid() == 0 && access(tool, X_OK) == 0 }
}
