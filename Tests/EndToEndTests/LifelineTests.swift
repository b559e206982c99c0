import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// Workers that do something about the pipe by which the daemon learns of their deaths.
@Suite(.showsDaemonLog)
struct LifelineTests {
    private static func configuration(
        _ fault: String,
        isIdempotent: Bool = false
    ) -> DaemonConfiguration {
        DaemonConfiguration([.fault("echo", "--lifeline", fault, isIdempotent: isIdempotent)])
    }

    /// What the daemon has open of pipes and of what the fault worker sends: nothing, while no
    /// worker lives.
    private func descriptors(of daemon: DaemonUnderTest) throws -> [String] {
        try ProcessTable.descriptors(of: daemon.pid).values.filter {
            $0.hasPrefix("pipe:") || $0.hasSuffix("/runs")
        }
    }

    @Test(arguments: [
        ("file", "what comes with a hello is not the read end of a pipe"),
        ("socket", "what comes with a hello is not the read end of a pipe"),
        ("writer", "what comes with a hello is not the read end of a pipe"),
        ("two", "a hello frame carries no tensors and at most one descriptor"),
    ])
    func `what is no lifeline costs its worker its life, and is closed`(
        _ fault: String,
        why: String
    ) throws {
        var configuration = LifelineTests.configuration(fault)
        configuration["defaults.recovery", "max_restarts"] = "0"
        try withDaemon(configuration) { daemon in
            let status = try daemon.waitUntil("quarantine") {
                $0.slot(of: "fault/echo")?.state == .quarantined
            }
            let end = status.slot(of: "fault/echo")?.lastExit ?? ""
            #expect(end == "broke the protocol (\(why)) and was killed")
            #expect(try descriptors(of: daemon) == [])
        }
    }

    @Test func `the lifeline of a second hello is closed`() throws {
        var configuration = DaemonConfiguration([.fault("echo", "--hello-twice")])
        configuration["defaults.recovery", "max_restarts"] = "0"
        try withDaemon(configuration) { daemon in
            let status = try daemon.waitUntil("quarantine") {
                $0.slot(of: "fault/echo")?.state == .quarantined
            }
            #expect(status.slot(of: "fault/echo")?.lastExit?.contains("hello twice") == true)
            #expect(try descriptors(of: daemon) == [])
        }
    }

    @Test func `a worker that lets go of its lifeline and lives on is as one without a channel`()
        throws
    {
        try withDaemon(LifelineTests.configuration("lost")) { daemon in
            let failure = daemon.failure("fault/echo", timeout: .seconds(60))
            #expect(Ending(failure) == Ending(.workerDied, .answerLost, attempts: 1))
            #expect(failure?.message.contains("closed its channel") == true)
            let slot = try daemon.waitUntil("another worker is ready") {
                $0.slot(of: "fault/echo")?.state == .ready
                    && $0.slot(of: "fault/echo")?.restarts == 1
            }.slot(of: "fault/echo")
            #expect(slot?.lastExit == "closed its channel and was killed")
        }
    }

    @Test func `what is written into a lifeline disturbs nobody`() throws {
        try withDaemon(LifelineTests.configuration("chatty")) { daemon in
            let pid = try daemon.workerPID(of: "fault/echo")
            for _ in 0..<50 { _ = try daemon.call("fault/echo") }
            #expect(try daemon.workerPID(of: "fault/echo") == pid)
        }
    }

    @Test func `an answer behind the end of the lifeline counts when nobody else has the call`()
        throws
    {
        try withDaemon(LifelineTests.configuration("late")) { daemon in
            for _ in 0..<2 {
                let result = try daemon.call("fault/echo", timeout: .seconds(60))
                #expect(result.attempts == 1)
            }
            let slot = try daemon.waitUntil("both workers were replaced") {
                $0.slot(of: "fault/echo")?.restarts == 2
            }.slot(of: "fault/echo")
            #expect(slot?.lastExit == "closed its channel and was killed")
        }
    }

    @Test
    func `a call that went to another worker is answered once, and its first worker is innocent`()
        throws
    {
        var configuration = LifelineTests.configuration("late", isIdempotent: true)
        configuration["defaults", "replicas"] = "2"
        try withDaemon(configuration) { daemon in
            let client = try RawClient(daemon)
            for id in UInt64(1)...4 {
                try client.call("fault/echo", id: id)
                let head = try client.reply().head
                #expect(head.id == id && head.error == nil)
            }
            let status = try daemon.waitUntil("all workers were replaced") { status in
                status.kernels[0].slots.allSatisfy { $0.state == .ready && $0.restarts > 0 }
            }
            #expect(!client.hasInput)
            let ends = Set(status.kernels[0].slots.map(\.lastExit))
            #expect(ends == ["closed its channel and was killed"])
        }
    }

    @Test(arguments: [false, true])
    func `the answer of a worker that is killed behind it counts`(_ isIdempotent: Bool) throws {
        try withDaemon(LifelineTests.configuration("dying", isIdempotent: isIdempotent)) { daemon in
            for call in 1...10 {
                let result = try daemon.call("fault/echo", timeout: .seconds(60))
                #expect(result.attempts == 1)
                let slot = try daemon.waitUntil("worker \(call) was replaced") {
                    $0.slot(of: "fault/echo")?.restarts == call
                }.slot(of: "fault/echo")
                #expect(slot?.lastExit == "was killed by SIGKILL")
            }
        }
    }
}
