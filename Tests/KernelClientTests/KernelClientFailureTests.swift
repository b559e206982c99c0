import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// What a call ends with: its error, or nothing for a result.
func failure(_ body: () async throws -> CallResult) async -> KernelCallError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? KernelCallError
    }
}

@Suite struct KernelClientFailureTests {
    @Test func `says all that an error reply says`() async throws {
        try await FakeDaemon.run { daemon in
            let client = KernelClient(path: daemon.path)
            let error = await failure { try await client.call("fail") }
            #expect(
                error
                    == KernelCallError(
                        code: .workerDied,
                        message: "worker 'fail/0' died of SIGSEGV",
                        execution: .answerLost,
                        retryAfter: .milliseconds(1500),
                        worker: "fail/0",
                        incarnation: 4,
                        attempts: 2
                    )
            )
        }
    }

    @Test func `has a code for every error that the daemon sends`() {
        let codes: [KernelCallError.Code] = [
            .unknownKernel, .invalidArgument, .malformedFrame, .unsupportedVersion,
            .deadlineExceeded, .cancelled, .overloaded, .unavailable, .workerDied, .workerHung,
            .workerMisbehaved, .kernelFailed, .buildFailed, .deviceFailed, .shuttingDown,
            .connectionLost, .circuitOpen, .chainRefused, .poisoned,
        ]
        #expect(codes.map(\.name) == CallError.allCases.map(\.name))
    }

    @Test func `tells the daemon of a cancellation and ends with its answer`() async throws {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            let client = KernelClient(
                path: daemon.path,
                configuration: .init(cancelGrace: .seconds(3600))
            )
            let task = Task { await failure { try await client.call("silent") } }
            #expect(await seen.next() == .connected)
            #expect(
                await seen.next() == .call(kernel: "silent", tensors: [:], hasDeadline: false)
            )
            task.cancel()
            #expect(await seen.next() == .cancel)
            let error = await task.value
            #expect(error?.code == .cancelled)
            #expect(error?.execution == .ranAndFailed)
        }
    }

    @Test func `ends a cancelled call by itself when the daemon does not answer`() async throws {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            let client = KernelClient(path: daemon.path, configuration: .init(cancelGrace: .zero))
            let task = Task { await failure { try await client.call("mute") } }
            _ = await seen.next()
            _ = await seen.next()
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
            #expect(error?.execution == .answerLost)
            #expect(await seen.next() == .cancel)
        }
    }

    @Test func `sends nothing for a task that is cancelled already`() async throws {
        let client = KernelClient(path: "/nonexistent/calls.sock")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await failure { try await client.call("echo") }
        }
        let error = await task.value
        #expect(error?.code == .cancelled)
        #expect(error?.execution == .notRun)
    }

    @Test func `ends a call after its deadline when the daemon does not`() async throws {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            let client = KernelClient(path: daemon.path, configuration: .init(deadlineGrace: .zero))
            let error = await failure {
                try await client.call("mute", options: CallOptions(timeout: .milliseconds(20)))
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.execution == .answerLost)
            _ = await seen.next()
            #expect(await seen.next() == .call(kernel: "mute", tensors: [:], hasDeadline: true))
            #expect(await seen.next() == .cancel)
        }
    }

    @Test func `does not send a call whose deadline has passed`() async throws {
        let client = KernelClient(path: "/nonexistent/calls.sock")
        let error = await failure {
            try await client.call("echo", options: CallOptions(timeout: .zero))
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.execution == .notRun)
    }

    @Test func `ignores an answer that comes after its call was given up`() async throws {
        try await FakeDaemon.run { daemon in
            let client = KernelClient(path: daemon.path, configuration: .init(deadlineGrace: .zero))
            let late = await failure {
                try await client.call(
                    "late",
                    [.scalar("n", UInt32(1))],
                    options: CallOptions(timeout: .milliseconds(5))
                )
            }
            #expect(late?.code == .deadlineExceeded)
            let next = try await client.call("echo", [.scalar("n", UInt32(2))])
            #expect(next["n"]?.u32 == [2])
        }
    }

    @Test func `ends calls in flight when the connection is lost, and connects again`() async throws
    {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            let client = KernelClient(path: daemon.path)
            let task = Task { await failure { try await client.call("mute") } }
            _ = await seen.next()
            _ = await seen.next()
            let second = await failure { try await client.call("hangup") }
            let first = await task.value
            #expect(second?.code == .connectionLost)
            #expect(second?.execution == .answerLost)
            #expect(first == second)
            let answer1 = try await client.call("echo", [.scalar("n", Int8(-3))])
            #expect(answer1["n"]?.i8 == [-3])
        }
    }

    @Test func `does not show that the daemon was started anew between two calls`() async throws {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            let client = KernelClient(path: daemon.path)
            for _ in 0..<20 {
                let answer2 = try await client.call("echo", [.scalar("n", 1.5)])
                #expect(answer2["n"]?.f64 == [1.5])
                daemon.dropConnections()
                while await seen.next() != .closed {}
            }
        }
    }

    @Test func `says that no daemon listens, and that nothing ran`() async throws {
        let directory = try makeDirectory()
        defer { rmdir(directory) }
        let client = KernelClient(path: directory + "/calls.sock")
        let error = await failure { try await client.call("echo") }
        #expect(
            error
                == KernelCallError(
                    code: .unreachable,
                    message: "could not connect to the daemon: connect \(directory)/calls.sock: "
                        + "ENOENT (No such file or directory) (not running?)",
                    execution: .notRun
                )
        )
    }

    @Test(arguments: [
        ("garbage", KernelCallError.Code.connectionLost, "a frame has at least 96 bytes"),
        ("lying", .unreadableReply, "1 descriptors announced, 0 received"),
        ("unsealed", .unreadableReply, "memory that is not sealed"),
        ("short", .unreadableReply, "ENXIO"),
    ])
    func `survives a daemon that answers wrongly`(
        kernel: String,
        code: KernelCallError.Code,
        words: String
    ) async throws {
        try await FakeDaemon.run { daemon in
            let client = KernelClient(path: daemon.path)
            let error = await failure { try await client.call(kernel) }
            #expect(error?.code == code)
            #expect(error?.execution == .answerLost)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            let answer3 = try await client.call("echo", [.scalar("n", Int64(5))])
            #expect(answer3["n"]?.i64 == [5])
        }
    }

    @Test(arguments: [
        (Tensor("x", [1, 2, 3] as [Float], shape: [2]), "has 8 bytes, 12 are given"),
        (Tensor("x", [1] as [Float], shape: [-1]), "negative size"),
        (Tensor("", [1] as [Float]), "1 to 40 bytes"),
        (Tensor("x", [1] as [Float], shape: .init(repeating: 1, count: 9)), "9 dimensions"),
    ])
    func `refuses an argument that can't be sent`(tensor: Tensor, words: String) async throws {
        let client = KernelClient(path: "/nonexistent/calls.sock")
        let error = await failure { try await client.call("echo", [tensor]) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.execution == .notRun)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func `leaves no descriptor behind`() async throws {
        try await FakeDaemon.run { daemon in
            let client = KernelClient(path: daemon.path)
            let large = Tensor("x", [UInt8](repeating: 1, count: 123_457))
            for _ in 0..<20 { _ = try await client.call("echo", [large]) }
            let small = Tensor("x", [UInt8](repeating: 1, count: 12_345))
            for _ in 0..<20 { _ = await failure { try await client.call("unsealed", [small]) } }
            // The fake daemon closes its own last one an instant after it answered.
            #expect(memfdCount(byteCount: 123_457) <= 2)
            #expect(memfdCount(byteCount: 12_345) <= 2)
        }
    }
}

/// Open descriptors of this process that are of this size.
private func memfdCount(byteCount: Int) -> Int {
    (0..<1024 as Range<Int32>).count { descriptor in
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_size == byteCount
    }
}
