import ControlProtocol
import KernelClient
import Testing

/// Workers that run while somebody calls them, from the first call to the last.
@Suite(.showsDaemonLog)
struct OnDemandTests {
    private static func configuration(
        _ kernel: KernelFile,
        idleStop: String = "10min"
    ) -> DaemonConfiguration {
        var kernel = kernel
        kernel.tables["lifecycle"] = [
            "start": #""on_demand""#, "idle_stop": "\"\(idleStop)\"",
        ]
        return DaemonConfiguration([kernel])
    }

    private func waitUntilAsleep(_ daemon: DaemonUnderTest, _ kernel: String) throws {
        try daemon.waitUntil("\(kernel) sleeps") { $0.slot(of: kernel)?.state == .stopped }
        try daemon.waitUntilNoWorkerLives()
    }

    private func run(_ daemon: DaemonUnderTest, _ words: String...) throws -> Finished {
        let finished = try Finished.run(
            BuildProducts.control,
            words + ["--socket-directory", "\(daemon.directory.path)/run"]
        )
        #expect(finished.status == 0, "\(finished)")
        return finished
    }

    @Test func `the daemon is ready with no worker, and says that the next call starts one`()
        throws
    {
        try withDaemon(Self.configuration(.fault("echo"))) { daemon in
            #expect(daemon.workers == [])
            #expect(daemon.log.contains("ready: 1 kernel: 1 healthy"))
            #expect(!daemon.log.contains("is starting"))
            let slot = try #require(try daemon.kernel("fault/echo").slots.first)
            #expect(slot.state == .stopped && slot.pid == nil && slot.restarts == 0)

            let why = "no worker runs; the next call starts one"
            #expect(try run(daemon, "status").output.contains("healthy   0/1"))
            #expect(try run(daemon, "status", "fault/echo").output.contains("why     \(why)"))
            #expect(try run(daemon, "health").output.hasPrefix("OK: 1 kernel healthy"))
            #expect(try run(daemon, "health", "--component", "fault/echo").output.hasPrefix("OK: "))
            let explanation = try run(daemon, "explain", "fault/echo").output
            #expect(explanation.contains("the next call starts a worker and waits"))
            #expect(explanation.contains("(KSUP-R13 on_demand)"))
            let signature = try run(daemon, "kernels", "fault/echo").output
            #expect(signature.contains("its arguments are known when its first worker is ready"))
            // To look is no reason to wake it.
            #expect(daemon.workers == [])
        }
    }

    @Test func `a call wakes it, nobody's call ends it, and the next one wakes it again`() throws {
        let configuration = Self.configuration(.fault("echo"), idleStop: "100ms")
        try withDaemon(configuration) { daemon in
            for awakenings in 1...3 {
                let result = try daemon.call("fault/echo")
                #expect(result["x"]?.f32 == [1, 2, 3])
                #expect(result.attempts == 1)
                #expect(result.incarnation == UInt64(awakenings))
                try waitUntilAsleep(daemon, "fault/echo")
            }
            let kernel = try daemon.kernel("fault/echo")
            #expect(kernel.state == .healthy && kernel.restarts == 0 && kernel.failed == 0)
            let log = daemon.log
            #expect(log.contains("workers of 'fault/echo' start: a call has come"))
            #expect(log.contains("workers of 'fault/echo' stop: no call for 100 ms"))
            let past = try run(daemon, "explain", "fault/echo").output
            #expect(past.contains("worker 'fault/echo/0' stopped"))
        }
    }

    @Test func `a worker that dies with the call that woke it is restarted as any other`() throws {
        let configuration = Self.configuration(.fault("crash"), idleStop: "100ms")
        try withDaemon(configuration) { daemon in
            let result = try daemon.call("fault/crash", amount: 1)
            #expect(result.attempts == 2)
            #expect(try daemon.kernel("fault/crash").restarts == 1)
            try waitUntilAsleep(daemon, "fault/crash")
            // What is asleep after a trouble has none.
            #expect(try daemon.kernel("fault/crash").reasonID == "KSUP-R13")
            #expect(try daemon.call("fault/crash", amount: 1).attempts == 1)
        }
    }

    // What nobody calls is not started to bring it back.
    @Test func `a worker that is killed while it sleeps next goes on until it is idle`() throws {
        let configuration = Self.configuration(.fault("echo"), idleStop: "1s")
        try withDaemon(configuration) { daemon in
            try daemon.expectService(of: "fault/echo")
            try daemon.replaceWorker(of: "fault/echo")
            try waitUntilAsleep(daemon, "fault/echo")
            try daemon.expectService(of: "fault/echo")
        }
    }
}

/// The stock worker's built-in kernels tell their signature only when one runs.
@Suite(.serialized, .showsDaemonLog)
struct OnDemandSignatureTests {
    @Test func `kernelsupctl calls a kernel whose signature nobody knew before`() throws {
        var kernel = KernelFile.builtin("core/vector-add")
        kernel.writtenText =
            (kernel.writtenText ?? "") + "[lifecycle]\nstart = \"on_demand\"\n"
        try withDaemon(.openCL(kernel)) { daemon in
            #expect(daemon.workers == [])
            let words = ["call", "core/vector-add", "a=[1, 2]", "b=[3, 4]"]
            let places = ["--socket-directory", "\(daemon.directory.path)/run"]
            let finished = try Finished.run(BuildProducts.control, words + places)
            #expect(finished.status == 0, "\(finished)")
            #expect(finished.output.contains("sum f32[2] = [4.0, 6.0]"))
        }
    }
}
