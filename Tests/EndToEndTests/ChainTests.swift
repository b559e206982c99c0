import ControlProtocol
import KernelClient
import SupervisionKit
import SupervisionWire
import Testing

/// Kernels that call kernels, each chain as long as its configuration makes it.
///
/// A step of a chain gives the numbers of the next one, plus one.
@Suite(.showsDaemonLog)
struct ChainTests {
    /// `chain/0` calls `chain/1` and so on; the last one is the end.
    private static func chain(of steps: Int, end: String = "fault/echo") -> [KernelFile] {
        (0..<steps).map { step in
            let next = step + 1 < steps ? "chain/\(step + 1)" : end
            return .named("chain/\(step)", as: "chain:\(next)", isIdempotent: false)
        }
    }

    private func withChain<Value>(
        _ steps: Int,
        then end: KernelFile,
        _ body: (DaemonUnderTest) throws -> Value
    ) throws -> Value {
        let kernels = Self.chain(of: steps, end: end.name) + [end]
        var configuration = DaemonConfiguration(kernels)
        // On a machine under load two workers may take a while to wake up for a cancel.
        configuration["defaults.timeout", "cancel_timeout"] = "'30s'"
        return try withDaemon(configuration, body)
    }

    private func answer(
        of kernel: String,
        to x: [Float],
        _ daemon: DaemonUnderTest
    ) throws -> [Float]? {
        try daemon.call(kernel, x: x)["x"]?.f32
    }

    @Test func `a chain of two and of three gives its answer`() throws {
        try withChain(2, then: .fault("echo")) { daemon in
            let two = try answer(of: "chain/1", to: [1, 2], daemon)
            let three = try answer(of: "chain/0", to: [1, 2], daemon)
            #expect(two == [2, 3] && three == [3, 4])
            #expect(daemon.runs == 5)
            // In shared memory, on all of the way.
            let many = [Float](repeating: 1, count: 100_000)
            let expected = [Float](repeating: 3, count: 100_000)
            let answer = try answer(of: "chain/0", to: many, daemon)
            #expect(answer == expected)
        }
    }

    @Test func `sixteen calls may stand above one, and no more`() throws {
        try withChain(17, then: .fault("echo")) { daemon in
            let deepest = try answer(of: "chain/1", to: [0], daemon)
            #expect(deepest == [16])
            let failure = daemon.failure("chain/0")
            #expect(Ending(failure) == Ending(.chainRefused, .ranAndFailed, attempts: 1))
            let message = failure?.message ?? ""
            #expect(message.contains("→ chain/16 → fault/echo is deeper than 16 calls"))
        }
    }

    @Test func `a circle is refused`() throws {
        let circle: [KernelFile] = [
            .named("chain/a", as: "chain:chain/b"), .named("chain/b", as: "chain:chain/a"),
        ]
        try withDaemon(DaemonConfiguration(circle)) { daemon in
            let failure = daemon.failure("chain/a")
            #expect(Ending(failure) == Ending(.chainRefused, .ranAndFailed, attempts: 1))
            let message = failure?.message ?? ""
            #expect(message.hasPrefix("kernel 'chain/b' ended with chain_refused: "))
            #expect(message.contains("kernel 'chain/a' ended with chain_refused: "))
            #expect(message.hasSuffix("chain/a → chain/b → chain/a is a circle"))
            #expect(daemon.runs == 2)
        }
    }

    @Test func `a kernel that only its own worker could serve is refused and not waited for`()
        throws
    {
        var configuration = DaemonConfiguration([
            .fault("chain", group: "pair"), .fault("echo", group: "pair"),
        ])
        configuration.tables["groups.pair"] = [:]
        try withDaemon(configuration) { daemon in
            let failure = daemon.failure("fault/chain", timeout: .seconds(60))
            #expect(Ending(failure) == Ending(.chainRefused, .ranAndFailed, attempts: 1))
            #expect(failure?.message.contains("would wait for itself") == true)
            try daemon.expectService(of: "fault/echo")
        }
    }

    @Test func `a worker that takes calls in advance does not wait for itself either`() throws {
        var configuration = DaemonConfiguration([
            .fault("chain", "--concurrency", "2", group: "pair"),
            .fault("echo", "--concurrency", "2", group: "pair"),
        ])
        configuration.tables["groups.pair"] = [:]
        try withDaemon(configuration) { daemon in
            let failure = daemon.failure("fault/chain", timeout: .seconds(60))
            #expect(Ending(failure) == Ending(.unavailable, .ranAndFailed, attempts: 1))
            try daemon.expectService(of: "fault/echo")
        }
    }

    @Test func `a kernel that is not there is a failure of the one that calls it`() throws {
        let kernel = KernelFile.named("chain/a", as: "chain:chain/none")
        try withDaemon(DaemonConfiguration([kernel])) { daemon in
            let failure = daemon.failure("chain/a", flags: .noRetry)
            #expect(Ending(failure) == Ending(.kernelFailed, .ranAndFailed, attempts: 1))
            #expect(
                failure?.message.hasPrefix(
                    "kernel 'chain/none' ended with unknown_kernel: no kernel 'chain/none' is"
                ) == true
            )
        }
    }

    @Test func `a deadline ends the whole chain, and costs no worker its life`() throws {
        try withChain(1, then: .fault("sleep")) { daemon in
            let pids = try self.pids(of: daemon)
            let failure = daemon.failure(
                "chain/0",
                milliseconds: 600_000,
                timeout: .milliseconds(500)
            )
            #expect(Ending(failure) == Ending(.deadlineExceeded, .answerLost, attempts: 1))
            try expectRest(of: daemon, pids)
        }
    }

    @Test func `a cancel by the client ends the whole chain, and costs no worker its life`()
        throws
    {
        try withChain(1, then: .fault("sleep")) { daemon in
            let pids = try self.pids(of: daemon)
            let client = try RawClient(daemon)
            try client.call("chain/0", id: 1, milliseconds: 600_000)
            try daemon.waitUntilRunning("fault/sleep")
            try client.cancel(1)
            let head = try client.reply().head
            #expect(head.id == 1 && head.error == .cancelled)
            try expectRest(of: daemon, pids)
        }
    }

    @Test func `the child of a call whose worker died ends`() throws {
        try withChain(1, then: .fault("sleep")) { daemon in
            let pid = try daemon.workerPID(of: "fault/sleep")
            let call = Background { daemon.failure("chain/0", milliseconds: 600_000) }
            try daemon.waitUntilRunning("fault/sleep")
            try daemon.killWorker(of: "chain/0")
            let failure = try call.value()
            #expect(Ending(failure) == Ending(.workerDied, .answerLost, attempts: 1))
            try daemon.waitUntil("the child has ended") { status in
                status.kernels.allSatisfy { $0.inFlight == 0 }
            }
            try daemon.expectService(of: "fault/sleep")
            #expect(try daemon.workerPID(of: "fault/sleep") == pid)
        }
    }

    @Test func `an idempotent call whose worker died is tried again with a child of its own`()
        throws
    {
        let kernels: [KernelFile] = [
            .named("chain/0", as: "chain:fault/sleep"), .fault("sleep", isIdempotent: false),
        ]
        try withDaemon(DaemonConfiguration(kernels)) { daemon in
            let call = Background {
                try daemon.call("chain/0", milliseconds: 1000, timeout: .seconds(60))
            }
            try daemon.waitUntilRunning("fault/sleep")
            try daemon.killWorker(of: "chain/0")
            let result = try call.value()
            #expect(result["x"]?.f32 == [2, 3, 4])
            #expect(result.attempts == 2)
            #expect(daemon.runs == 4)
        }
    }

    @Test func `the death of a child's worker is told to the caller, and hurts no other`() throws {
        try withChain(1, then: .fault("crash", isIdempotent: false)) { daemon in
            let pid = try daemon.workerPID(of: "chain/0")
            let failure = daemon.failure("chain/0")
            #expect(Ending(failure) == Ending(.workerDied, .ranAndFailed, attempts: 1))
            #expect(failure?.message.contains("SIGSEGV") == true)
            #expect(try daemon.workerPID(of: "chain/0") == pid)
        }
    }

    private func pids(of daemon: DaemonUnderTest) throws -> [Int32] {
        [try daemon.workerPID(of: "chain/0"), try daemon.workerPID(of: "fault/sleep")]
    }

    /// All calls have ended, in the workers that were there before, which serve on.
    private func expectRest(
        of daemon: DaemonUnderTest,
        _ pids: [Int32],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try daemon.waitUntil("all calls have ended") { status in
            status.kernels.allSatisfy { $0.inFlight == 0 }
        }
        let result = try daemon.call("chain/0", x: [1])
        #expect(result["x"]?.f32 == [2], sourceLocation: sourceLocation)
        #expect(try self.pids(of: daemon) == pids, sourceLocation: sourceLocation)
    }
}
