import ControlProtocol
import KernelClient
import SupervisionKit
import Testing

/// What a worker can do wrong with a call, how its caller learns of it, and that nobody else does.
@Suite(.showsDaemonLog)
struct FaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var fault: String
        var code: KernelCallError.Code
        /// A part of the message.
        var says: String
        /// A part of how the worker ended; nil when it goes on.
        var end: String?
        var milliseconds: UInt32?
        var amount: UInt32?

        var testDescription: String { fault }
    }

    static let cases = [
        Case(fault: "crash", code: .workerDied, says: "SIGSEGV", end: "SIGSEGV"),
        Case(fault: "abort", code: .workerDied, says: "SIGABRT", end: "SIGABRT"),
        Case(fault: "exit", code: .workerDied, says: "status 9", end: "status 9", amount: 9),
        Case(
            fault: "close",
            code: .workerDied,
            says: "closed its channel",
            end: "closed its channel"
        ),
        misbehaviour("wrong-id"), misbehaviour("garbage"), misbehaviour("short"),
        misbehaviour("lie"), misbehaviour("fd-flood"), misbehaviour("unsealed"),
        misbehaviour("no-memfd"),
        Case(
            fault: "call-flood",
            code: .workerMisbehaved,
            says: "it does not read: ",
            end: "it does not read: 1024 packets wait"
        ),
        // Q03, R12
        hang("hang-kernel", "hangs in its kernel or the driver"),
        hang("hang-outside", "it was stopped by a signal"),
        hang("late", "did not acknowledge a cancel"),
    ]

    private static func misbehaviour(_ fault: String) -> Case {
        Case(fault: fault, code: .workerMisbehaved, says: "protocol", end: "broke the protocol")
    }

    private static func hang(_ fault: String, _ end: String) -> Case {
        Case(
            fault: fault,
            code: .deadlineExceeded,
            // The daemon's words and not those of a client that has waited in vain.
            says: "the deadline passed while the call ran",
            end: end,
            milliseconds: 600_000
        )
    }

    @Test(arguments: cases)
    func `a fault is answered in time, and the next call of the same worker is served`(
        _ fault: Case
    ) throws {
        let kernel = "fault/\(fault.fault)"
        var configuration = DaemonConfiguration([
            .fault(fault.fault, isIdempotent: false, group: "faulty"),
            .fault("echo", isIdempotent: false, group: "faulty"),
        ])
        configuration.tables["groups.faulty"] = [:]
        try withDaemon(configuration) { daemon in
            let failure = daemon.failure(
                kernel,
                milliseconds: fault.milliseconds,
                amount: fault.amount,
                timeout: fault.code == .deadlineExceeded ? .seconds(1) : .seconds(60)
            )
            #expect(Ending(failure) == Ending(fault.code, .answerLost, attempts: 1))
            #expect(failure?.message.contains(fault.says) == true, "\(failure?.message ?? "")")
            #expect(daemon.runs == 1)
            try daemon.expectService(of: "fault/echo")
            let slot = try #require(try daemon.kernel(kernel).slots.first)
            #expect(slot.lastExit?.contains(fault.end ?? "") == true, "\(slot.lastExit ?? "")")
            #expect(slot.restarts == 1)
        }
    }

    @Test func `a second answer costs the worker its life and the caller nothing`() throws {
        try withDaemon(.fault("twice", isIdempotent: false)) { daemon in
            #expect(throws: Never.self) { try daemon.call("fault/twice") }
            try daemon.waitUntil("the worker was killed") {
                $0.slot(of: "fault/twice")?.lastExit?.contains("broke the protocol") == true
            }
            #expect(throws: Never.self) { try daemon.call("fault/twice") }
        }
    }

    @Test func `a failure of the kernel itself leaves its worker alone`() throws {
        try withDaemon(.fault("fail")) { daemon in
            let pid = try daemon.workerPID(of: "fault/fail")
            let failure = daemon.failure("fault/fail")
            #expect(Ending(failure) == Ending(.kernelFailed, .ranAndFailed, attempts: 1))
            #expect(try daemon.workerPID(of: "fault/fail") == pid)
        }
    }

    @Test func `an idempotent call is tried again after a broken answer, once`() throws {
        // Every answer of the kernel is wrong: both tries end so, and there is no third.
        try withDaemon(.fault("garbage")) { daemon in
            let failure = daemon.failure("fault/garbage")
            #expect(Ending(failure) == Ending(.workerMisbehaved, .answerLost, attempts: 2))
            #expect(daemon.runs == 2)
        }
    }

    @Test func `a worker that is hung with one call costs the others their place`() throws {
        // hang-kernel holds the compute thread; the call behind it in the same worker never begins.
        var configuration = DaemonConfiguration([
            .fault("hang-kernel", "--concurrency", "2", isIdempotent: false, group: "pair"),
            .fault("echo", "--concurrency", "2", isIdempotent: false, group: "pair"),
        ])
        configuration.tables["groups.pair"] = [:]
        try withDaemon(configuration) { daemon in
            let hung = Background { daemon.failure("fault/hang-kernel", timeout: .seconds(1)) }
            try daemon.waitUntilRunning("fault/hang-kernel")
            let behind = daemon.failure("fault/echo", timeout: .seconds(60))
            #expect(Ending(behind) == Ending(.workerHung, .answerLost, attempts: 1))
            #expect(
                Ending(try hung.value()) == Ending(.deadlineExceeded, .answerLost, attempts: 1)
            )
        }
    }
}
