import ControlProtocol
import Glibc
import KernelClient
import SupervisionKit
import SupervisionWire
import Testing

/// A worker that dies with a call: what its caller gets, and what the next one gets.
@Suite(.showsDaemonLog)
struct RecoveryTests {
    // Q01
    @Test func `a call whose worker is killed is answered by the next worker`() throws {
        try withDaemon(.fault("sleep")) { daemon in
            let call = Background {
                try daemon.call("fault/sleep", milliseconds: 1000, timeout: .seconds(30))
            }
            try daemon.waitUntilRunning("fault/sleep")
            try daemon.killWorker(of: "fault/sleep")
            let result = try call.value()
            #expect(result["x"]?.f32 == [1, 2, 3])
            #expect(result.attempts == 2)
            #expect(daemon.runs == 2)
        }
    }

    // R08
    @Test func `a call that must not be repeated ends with the signal that killed its worker`()
        throws
    {
        try withDaemon(.fault("sleep", isIdempotent: false)) { daemon in
            let timeout = Duration.seconds(60)
            let call = Background {
                let failure = daemon.failure(
                    "fault/sleep",
                    milliseconds: 60_000,
                    timeout: timeout
                )
                return (failure, now())
            }
            try daemon.waitUntilRunning("fault/sleep")
            let killed = now()
            try daemon.killWorker(of: "fault/sleep")
            let (failure, answered) = try call.value()
            #expect(Ending(failure) == Ending(.workerDied, .answerLost, attempts: 1))
            #expect(failure?.message.contains("SIGKILL") == true)
            #expect(failure?.worker == "fault/sleep/0")
            // Q01: at once, not at its deadline.
            #expect(answered.since(killed) < timeout / 6)
            #expect(daemon.runs == 1)
        }
    }

    @Test func `the caller may say that a call can be repeated`() throws {
        try withDaemon(.fault("crash", isIdempotent: false)) { daemon in
            let result = try daemon.call("fault/crash", amount: 1, flags: .idempotent)
            #expect(result.attempts == 2)
        }
    }

    // Q02: nobody gave a key; the client makes it of what is called.
    @Test func `a call that killed two workers is refused to every client, and others are not`()
        throws
    {
        try withDaemon(.fault("crash")) { daemon in
            let deadly = daemon.failure("fault/crash")
            #expect(Ending(deadly) == Ending(.workerDied, .answerLost, attempts: 2))
            let again = daemon.failure("fault/crash")
            #expect(Ending(again) == Ending(.poisoned, .notRun, attempts: 0))
            #expect((again?.retryAfter ?? .zero) > .seconds(500))
            #expect(daemon.runs == 2)
            // The runs so far are enough for this content to be served.
            let other = try daemon.call("fault/crash", amount: 1)
            #expect(other["x"]?.f32 == [1, 2, 3])
        }
    }

    @Test func `the callers of a call that must not be repeated are refused after two workers`()
        throws
    {
        try withDaemon(.fault("crash", isIdempotent: false)) { daemon in
            for _ in 0..<2 {
                #expect(daemon.failure("fault/crash")?.code == .workerDied)
            }
            #expect(daemon.failure("fault/crash")?.code == .poisoned)
            #expect(daemon.runs == 2)
            // Who wants to see it again can.
            let words = ["call", "fault/crash", "x=[1,2,3]"]
            let places = ["--socket-directory", "\(daemon.directory.path)/run"]
            let refused = try Finished.run(BuildProducts.control, words + places)
            #expect(refused.status == 2)
            #expect(refused.errors.contains("with this content have killed 2 workers"))
            let forced = try Finished.run(BuildProducts.control, words + ["--no-key"] + places)
            #expect(forced.status == 1, "\(forced)")
            #expect(daemon.runs == 3)
        }
    }

    @Test func `the caller may say that a call must not be repeated`() throws {
        try withDaemon(.fault("crash")) { daemon in
            let failure = daemon.failure("fault/crash", amount: 1, flags: .noRetry)
            #expect(Ending(failure) == Ending(.workerDied, .answerLost, attempts: 1))
            #expect(failure?.message.hasSuffix("; its caller allows no second try") == true)
            #expect(daemon.runs == 1)
        }
    }

    // Q02
    @Test func `a call that has killed two workers is not tried a third time`() throws {
        try withDaemon(.fault("crash"), .fault("echo")) { daemon in
            let failure = daemon.failure("fault/crash")
            #expect(Ending(failure) == Ending(.workerDied, .answerLost, attempts: 2))
            #expect(failure?.message.contains("third") == true)
            #expect(daemon.runs == 2)
            try daemon.expectService(of: "fault/echo")
        }
    }

    @Test func `max_attempts counts the first try`() throws {
        var configuration = DaemonConfiguration([.fault("crash")])
        configuration["defaults.retry", "max_attempts"] = "1"
        try withDaemon(configuration) { daemon in
            let failure = daemon.failure("fault/crash")
            #expect(Ending(failure) == Ending(.workerDied, .answerLost, attempts: 1))
            #expect(daemon.runs == 1)
        }
    }

    @Test func `a worker's exit status is named to the caller and in the status`() throws {
        try withDaemon(.fault("exit", isIdempotent: false)) { daemon in
            let failure = daemon.failure("fault/exit", amount: 3)
            #expect(Ending(failure) == Ending(.workerDied, .answerLost, attempts: 1))
            #expect(failure?.message.contains("exited with status 3") == true)
            try daemon.waitUntil("the exit shows") {
                $0.slot(of: "fault/exit")?.lastExit == "exited with status 3"
            }
        }
    }

    @Test func `how each of many workers died is told rightly`() throws {
        var configuration = DaemonConfiguration([.fault("crash", isIdempotent: false)])
        configuration["defaults.breaker", "failure_threshold"] = "100"
        configuration["defaults.breaker", "failure_rate"] = "false"
        try withDaemon(configuration) { daemon in
            for _ in 0..<20 {
                let failure = daemon.failure("fault/crash", key: .none)
                #expect(failure?.message.contains("SIGSEGV") == true, "\(failure?.message ?? "")")
                let last = try daemon.kernel("fault/crash").slots.first?.lastExit ?? ""
                #expect(last.hasPrefix("was killed by SIGSEGV"), "\(last)")
            }
        }
    }

    @Test func `calls that wait behind one that kills its workers are served`() throws {
        try withDaemon(.fault("crash")) { daemon in
            // The first two runs die. Whichever call is first goes first again, and is given up.
            // Without keys, or one that comes late would be refused for what the first has done.
            let calls = (0..<3).map { _ in
                Background { Ending(daemon.failure("fault/crash", amount: 2, key: .none)) }
            }
            let endings = try calls.compactMap { try $0.value() }
            #expect(endings == [Ending(.workerDied, .answerLost, attempts: 2)])
            #expect(daemon.runs == 4)
        }
    }
}
