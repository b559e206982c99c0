import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// kernelsupctl against a daemon that lives.
@Suite(.showsDaemonLog)
struct CommandLineTests {
    private static let kernels: [KernelFile] = [
        .fault("echo"), .fault("sleep"), .fault("fail"), .fault("crash", isIdempotent: false),
    ]

    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func `health is unknown to a user who may not ask`() throws {
        try withDaemon(.fault("echo")) { daemon in
            let words = ["--reuid", "65534", "--clear-groups", BuildProducts.control, "health"]
            let places = ["--socket-directory", daemon.directory.path + "/run"]
            let finished = try Finished.run("/usr/bin/setpriv", words + places)
            #expect(finished.status == 3, "\(finished)")
            #expect(finished.output.hasPrefix("UNKNOWN: not allowed to connect to "))
            let document = try Finished.run(
                "/usr/bin/setpriv",
                words + places + ["--format", "json"]
            )
            #expect(document.status == 3)
            #expect(document.output.contains("\"status\":\"unknown\""))
        }
    }

    @Test func `call prints the result and tells failures by its exit status`() throws {
        try withDaemon(DaemonConfiguration(CommandLineTests.kernels)) { daemon in
            let good = try run(daemon, "call", "fault/echo", "x=[1,2,3]")
            #expect(good.status == 0, "\(good)")
            #expect(good.output.contains("x") && good.output.contains("3"))

            let failed = try run(daemon, "call", "fault/fail", "x=[1]")
            #expect(failed.status == 1)
            #expect(failed.errors.contains("failed as it was asked to"))
            #expect(failed.errors.contains("ran and failed"))

            let died = try run(daemon, "call", "fault/crash", "x=[1]")
            #expect(died.status == 1)
            #expect(died.errors.contains("SIGSEGV") && died.errors.contains("ran, answer lost"))

            let late = try run(
                daemon,
                "call",
                "fault/sleep",
                "x=[1]",
                "milliseconds=600000",
                "--timeout",
                "1s"
            )
            #expect(late.status == 6)

            let unknown = try run(daemon, "call", "fault/ecko", "x=[1]")
            #expect(unknown.status == 4)
            #expect(unknown.errors.contains("fault/echo"))

            let missing = try run(daemon, "call", "fault/echo")
            #expect(missing.status == 64)
            #expect(missing.errors.contains("'x'"))

            let verb = try run(daemon, "stauts")
            #expect(verb.status == 64)
            #expect(verb.errors.contains("status"))
        }
    }

    @Test func `call answers in JSON, a failure too`() throws {
        try withDaemon(DaemonConfiguration(CommandLineTests.kernels)) { daemon in
            let good = try run(daemon, "call", "fault/echo", "x=[1.5,2]", "--format", "json")
            let result = try decode(Result.self, good)
            let expected = Result.Output(type: "f32", shape: [2], data: [1.5, 2])
            #expect(result.outputs["x"] == expected)
            #expect(result.execution == "ran" && result.attempts == 1 && result.format == 1)

            let died = try run(daemon, "call", "fault/crash", "x=[1]", "--format", "json")
            #expect(died.status == 1)
            let failure = try decode(Failure.self, died).error
            #expect(failure.code == "worker_died" && failure.execution == "ran_answer_lost")
        }
    }

    @Test func `status, health and kernels show a healthy service`() throws {
        try withDaemon(.fault("echo"), .fault("sleep")) { daemon in
            let status = try run(daemon, "status")
            #expect(status.status == 0 && status.output.contains("healthy"), "\(status)")
            let document = try decode(Status.self, try run(daemon, "status", "--format", "json"))
            #expect(document.kernels.map(\.name) == ["fault/echo", "fault/sleep"])
            #expect(document.pid == Int(daemon.pid) && document.isReady)

            let health = try run(daemon, "health")
            #expect(health.status == 0 && health.output.hasPrefix("OK:"), "\(health)")
            let judgement = try decode(Health.self, try run(daemon, "health", "--format", "json"))
            #expect(judgement.status == .healthy && judgement.totals == .init(healthy: 2))

            let kernels = try run(daemon, "kernels")
            #expect(kernels.status == 0 && kernels.output.contains("fault/sleep"), "\(kernels)")
            let one = try run(daemon, "kernels", "fault/echo")
            #expect(one.status == 0 && one.output.contains("milliseconds"), "\(one)")
            let list = try run(daemon, "kernels", "--format", "json")
            #expect(list.status == 0 && list.output.contains("fault/echo"), "\(list)")

            let unknown = try run(daemon, "health", "--component", "fault/eko")
            #expect(unknown.status == 4 && unknown.errors.contains("fault/echo"), "\(unknown)")
        }
    }

    @Test func `a kernel that is down makes health critical and its calls refused`() throws {
        var configuration = DaemonConfiguration([
            .fault("echo"), .fault("sleep", "--exit-at-start", "1"),
        ])
        configuration["defaults.recovery", "max_restarts"] = "1"
        try withDaemon(configuration) { daemon in
            try daemon.waitUntil("quarantine") {
                $0.slot(of: "fault/sleep")?.state == .quarantined
            }
            let health = try run(daemon, "health")
            #expect(health.status == 2, "\(health)")
            #expect(health.output.hasPrefix("CRITICAL:"))
            #expect(health.output.contains("KSUP-R07") && health.output.contains("fault/sleep"))
            let judgement = try decode(Health.self, try run(daemon, "health", "--format", "json"))
            #expect(judgement.status == .critical)
            #expect(judgement.components.map(\.reason) == ["restart_loop"])
            let other = try run(daemon, "health", "--component", "fault/echo")
            #expect(other.status == 0, "\(other)")
            // By its device, in any case; the kernel without a worker has none.
            let device = try run(daemon, "health", "--component", "NO DEVICE")
            #expect(device.output.hasPrefix("OK: 1 kernel healthy"), "\(device)")
            let status = try run(daemon, "status")
            #expect(status.status == 0 && status.output.contains("down"), "\(status)")
            let refused = try run(daemon, "call", "fault/sleep", "x=[1]")
            #expect(refused.status == 2, "\(refused)")
            #expect(refused.errors.contains("not run"))
        }
    }

    @Test func `a kernel that restarts makes health degraded`() throws {
        var configuration = DaemonConfiguration([.fault("exit", isIdempotent: false)])
        configuration["defaults.recovery", "restart_delay"] = #""300s""#
        try withDaemon(configuration) { daemon in
            _ = daemon.failure("fault/exit", amount: 1)
            try daemon.waitUntil("backoff") { $0.slot(of: "fault/exit")?.state == .backoff }
            let health = try run(daemon, "health")
            #expect(health.status == 1 && health.output.hasPrefix("WARNING:"), "\(health)")
            #expect(health.output.contains("exited with status 1"))
        }
    }

    @Test func `without a daemon health can't tell and the others say so`() throws {
        let directory = try TestDirectory()
        defer { directory.remove() }
        let place = ["--socket-directory", directory.path]
        let health = try Finished.run(BuildProducts.control, ["health"] + place)
        #expect(health.status == 3 && health.output.hasPrefix("UNKNOWN"), "\(health)")
        for verb in [["status"], ["kernels"], ["call", "fault/echo", "x=[1]"]] {
            let finished = try Finished.run(BuildProducts.control, verb + place)
            #expect(finished.status == 7, "\(finished)")
            #expect(finished.errors.contains("not running"))
        }
    }

    // MARK: - Documents

    private struct Result: Decodable {
        struct Output: Decodable, Equatable {
            var type: String
            var shape: [Int]
            var data: [Double]
        }

        var format: Int
        var execution: String
        var attempts: Int
        var outputs: [String: Output]
    }

    private struct Failure: Decodable {
        struct Error: Decodable {
            var code: String
            var execution: String
        }

        var error: Error
    }

    private func run(_ daemon: DaemonUnderTest, _ words: String...) throws -> Finished {
        try Finished.run(
            BuildProducts.control,
            words + ["--socket-directory", "\(daemon.directory.path)/run"]
        )
    }

    private func decode<Value: Decodable>(
        _ type: Value.Type,
        _ finished: Finished
    ) throws -> Value {
        try ControlCoding.decode(type, from: Array(finished.output.utf8))
    }
}
