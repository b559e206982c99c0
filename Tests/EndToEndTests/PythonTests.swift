import ControlProtocol
import LinuxSystem
import Testing

/// A client and a worker in another language, written from the protocol's page: it is enough.
@Suite(.showsDaemonLog)
struct PythonTests {
    /// worker.py with its kernels, in one process.
    private static var pythonKernels: DaemonConfiguration {
        let command = [BuildProducts.python, "\(BuildProducts.pythonDirectory)/worker.py"]
        let names = ["python/scale", "python/sleep", "python/fail"]
        let kernels = names.map { name in
            KernelFile(name: name, command: command, isIdempotent: true, group: "python")
        }
        var configuration = DaemonConfiguration(kernels)
        configuration.tables["groups.python"] = [:]
        return configuration
    }

    @Test func `a Python client calls a Swift worker`() throws {
        try withDaemon(.fault("sleep"), .fault("fail")) { daemon in
            let client = PythonClient(daemon: daemon)
            let inline = try client.call("fault/sleep", "x=f32:[1,2,3]")
            #expect(inline.status == 0)
            #expect(inline.reply.outcome == "result" && inline.reply.execution == "ran")
            #expect(inline.reply.worker == "fault/sleep/0")
            #expect(inline.reply.outputs["x"]?.memfd == false)
            #expect(inline.reply.outputs["x"]?.shape == [3])

            let memory = try client.call("fault/sleep", "x=f32:range(100000)", "--memfd")
            #expect(memory.status == 0)
            #expect(memory.reply.outputs["x"]?.memfd == true)
            #expect(memory.reply.outputs["x"]?.shape == [100_000])
            #expect(memory.reply.outputs["x"]?.first == [0, 1, 2, 3, 4, 5, 6, 7])

            let failed = try client.call("fault/fail", "x=f32:[1]")
            #expect(failed.status == 1 && failed.reply.outcome == "kernel_failed")

            let late = try client.call(
                "fault/sleep",
                "x=f32:[1]",
                "milliseconds=u32:600000",
                "--timeout",
                "1"
            )
            #expect(late.reply.outcome == "deadline_exceeded")

            let cancelled = try client.call(
                "fault/sleep",
                "x=f32:[1]",
                "milliseconds=u32:600000",
                "--cancel-after",
                "0.2"
            )
            #expect(cancelled.reply.outcome == "cancelled")

            let many = try client.many("fault/sleep", "x=f32:[1,2,3]", "--count", "500")
            #expect(many.outcomes == ["result": 500] && many.same_outputs)
        }
    }

    @Test func `a Python client calls a Python worker`() throws {
        try withDaemon(PythonTests.pythonKernels) { daemon in
            let client = PythonClient(daemon: daemon)
            let inline = try client.call("python/scale", "x=f64:[1,2,3]", "factor=f64:2.5")
            #expect(inline.reply.outcome == "result", "\(inline.reply.message)")
            #expect(inline.reply.worker == "python/0")
            #expect(inline.reply.outputs["y"]?.shape == [3])

            let memory = try client.call("python/scale", "x=f64:range(50000)", "factor=f64:2")
            #expect(memory.reply.outputs["y"]?.memfd == true)
            #expect(memory.reply.outputs["y"]?.first == [0, 2, 4, 6, 8, 10, 12, 14])

            let failed = try client.call("python/fail")
            #expect(failed.reply.outcome == "kernel_failed")

            let wrong = try client.call("python/scale", "x=f64:[1]")
            #expect(wrong.reply.outcome == "invalid_argument")

            let slept = try client.call("python/sleep", "seconds=f64:0.1")
            #expect(slept.reply.outcome == "result")

            let cancelled = try client.call(
                "python/sleep",
                "seconds=f64:600",
                "--cancel-after",
                "0.2"
            )
            #expect(cancelled.reply.outcome == "cancelled")

            let late = try client.call("python/sleep", "seconds=f64:600", "--timeout", "1")
            #expect(late.reply.outcome == "deadline_exceeded")

            let again = try client.call("python/scale", "x=f64:[4]", "factor=f64:2")
            #expect(again.reply.outcome == "result")
            let slot = try daemon.kernel("python/scale").slots.first
            #expect(slot?.restarts == 0, "\(slot?.lastExit ?? "")")
            let end = try daemon.stop()
            #expect(end == .exited(0))
            #expect(daemon.workers == [])
        }
    }

    @Test func `a worker refuses wrong arguments and says which`() throws {
        try withDaemon(PythonTests.pythonKernels) { daemon in
            let client = PythonClient(daemon: daemon)
            let wrongType = try client.call("python/scale", "x=f32:[1]", "factor=f64:1")
            let missing = try client.call("python/scale", "x=f64:[1]")
            let unknown = try client.call("python/scale", "x=f64:[1]", "factor=f64:1", "y=u8:1")
            let rank = try client.call("python/scale", "x=f64:[[1]]", "factor=f64:1")
            let all = [wrongType, missing, unknown, rank]
            #expect(all.map(\.reply.outcome) == Array(repeating: "invalid_argument", count: 4))
            #expect(all.map(\.reply.execution) == Array(repeating: "not_run", count: 4))
            #expect(wrongType.reply.message == "argument 'x' is f32, and must be f64")
            #expect(missing.reply.message == "argument 'factor' is missing")
            #expect(unknown.reply.message.contains("'y' is not known"))
            #expect(rank.reply.message == "argument 'x' has rank 2, and must have 1")
            // The worker's own judgement: nothing of the daemon's input was bad.
            let counted = try daemon.status().badInput
            #expect(counted == [:])
        }
    }

    // Q01
    @Test func `a Python client learns of a death`() throws {
        try withDaemon(.fault("crash", isIdempotent: false)) { daemon in
            let died = try PythonClient(daemon: daemon).call("fault/crash", "x=f32:[1]")
            #expect(died.status == 1)
            #expect(died.reply.outcome == "worker_died")
            #expect(died.reply.execution == "ran_answer_lost")
            #expect(died.reply.message.contains("SIGSEGV"))
        }
    }
}
