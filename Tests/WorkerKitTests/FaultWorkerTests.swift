import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// The faults are what other tests rest on: each does what its name says.
@Suite struct `The fault worker` {
    @Test(arguments: [("fault/crash", SIGSEGV), ("fault/abort", SIGABRT)])
    func `dies by a signal`(kernel: String, signal: Int32) throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call(kernel)
        guard case .signaled(let number, _) = try worker.end() else {
            Issue.record("\(kernel) exited")
            return
        }
        #expect(number == signal)
        #expect(try worker.receivePastHeartbeats() == .closed)
    }

    @Test func `exits with the code it is told`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/exit", [makeScalar("amount", 7)])
        #expect(try worker.end() == .exited(7))
        #expect(try WorkerUnderTest(["--exit-at-start", "126"]).end() == .exited(126))
        let told = try WorkerUnderTest(environment: ["FAULT_EXIT_AT_START=127"])
        #expect(try told.end() == .exited(127))
    }

    @Test func `survives once enough runs were counted`() throws {
        let counter = try CountFile()
        let first = try WorkerUnderTest.ready(environment: [counter.variable])
        try first.call("fault/crash", [makeScalar("amount", 1)])
        _ = try first.end()
        let second = try WorkerUnderTest.ready(environment: [counter.variable])
        try second.call("fault/crash", [makeScalar("amount", 1)])
        #expect(try second.reply().head.error == nil)
        #expect(try counter.count() == 2)
    }

    @Test func `fails, leaks and answers late as told`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/fail", id: 1)
        #expect(try worker.reply().head.error == .kernelFailed)
        try worker.call("fault/leak", id: 2, [makeScalar("amount", 1)])
        #expect(try worker.reply().head.error == nil)
        try worker.call("fault/late", id: 3, [makeScalar("milliseconds", 20)])
        try worker.send(.cancel(id: 3))
        let head = try worker.reply().head
        #expect(head.error == nil && head.executed >= .milliseconds(20))
    }

    @Test(arguments: [
        ("fault/flaky", CallError.kernelFailed), ("fault/flaky-device", .deviceFailed),
    ])
    func `fails the first times`(kernel: String, error: CallError) throws {
        let worker = try WorkerUnderTest.ready()
        let endings = try (UInt64(1)...4).map { id in
            try worker.call(kernel, id: id, [makeScalar("amount", 2)])
            return try worker.reply().head.error
        }
        #expect(endings == [error, error, nil, nil])
    }

    @Test func `serves faults under other names`() throws {
        let worker = try WorkerUnderTest.ready(["--serve", "graph/pagerank=fail"])
        try worker.call("graph/pagerank")
        #expect(try worker.reply().head.error == .kernelFailed)
        let chain = try WorkerUnderTest.ready(["--serve", "a/one=chain:a/two"])
        try chain.call("a/one")
        #expect(try chain.childCall().kernel == "a/two")
    }

    @Test func `answers twice`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/twice", id: 4)
        #expect(try worker.reply().head.id == 4)
        #expect(try worker.reply().head.id == 4)
    }

    @Test func `answers a call that nobody made`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/wrong-id", id: 4)
        #expect(try worker.reply().head.id == 4 | 1 << 63)
    }

    @Test(arguments: [
        ("fault/short", WireError.Kind.truncated), ("fault/lie", .lengthMismatch),
        ("fault/garbage", .badMagic),
    ])
    func `sends frames that are none`(kernel: String, kind: WireError.Kind) throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call(kernel)
        guard case .undecodable(let error) = try worker.receivePastHeartbeats() else {
            Issue.record("\(kernel) sent a good frame")
            return
        }
        #expect(error.kind == kind)
    }

    @Test func `sends descriptors that it does not announce`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/fd-flood")
        #expect(try worker.reply().tensors == [])
        #expect(worker.descriptors.count == 3)
    }

    @Test(arguments: ["fault/unsealed", "fault/no-memfd"])
    func `gives memory that is not safe to read`(kernel: String) throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call(kernel)
        #expect(try worker.reply().tensors.count == 1)
        #expect(SharedMemory.isSealed(try #require(worker.descriptors.first)) != .sealed)
    }

    @Test func `closes its channel and lives on`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/close")
        #expect(try worker.receivePastHeartbeats() == .closed)
        try worker.signal(0)
        try worker.signal(SIGKILL)
        #expect(try worker.end() == .signaled(SIGKILL, coreDumped: false))
    }

    @Test func `stops as a whole when it hangs outside`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/hang-outside")
        // Stopped is a state that a process stays in: looking often enough finds it.
        let patience = Clock.now() + 30_000_000_000
        while try state(of: worker.pid) != "T" { try #require(Clock.now() < patience) }
        try worker.signal(SIGKILL)
        #expect(try worker.end() == .signaled(SIGKILL, coreDumped: false))
    }

    @Test func `ignores SIGTERM when told`() throws {
        let worker = try WorkerUnderTest.ready(["--ignore-term"])
        try worker.signal(SIGTERM)
        try worker.call("fault/echo")
        #expect(try worker.reply().head.error == nil)
        let other = try WorkerUnderTest.ready()
        try other.signal(SIGTERM)
        #expect(try other.end() == .signaled(SIGTERM, coreDumped: false))
    }

    @Test func `starts badly when told`() throws {
        let twice = try WorkerUnderTest(["--hello-twice"])
        #expect(try twice.receive() == .frame(.hello(.init(concurrency: 1))))
        #expect(
            try twice.receive() == .frame(.hello(.init(concurrency: 1, hasLifeline: true)))
        )
        let old = try WorkerUnderTest(["--old-version"])
        #expect(
            try old.receive()
                == .frame(.hello(.init(minimumVersion: 0, maximumVersion: 0, concurrency: 1)))
        )
        old.closeChannel()
        #expect(try old.end() == .exited(76))
        let silent = try WorkerUnderTest(["--never-hello"])
        try silent.signal(SIGKILL)
        #expect(try silent.end() == .signaled(SIGKILL, coreDumped: false))
        #expect(try silent.receive() == .closed)
        #expect(try WorkerUnderTest(["--nonsense"]).end() == .exited(64))
    }

    /// The state letter of /proc/PID/stat, which follows the name in parentheses.
    private func state(of pid: Int32) throws -> Character? {
        let file = try FileDescriptor.openFile("/proc/\(pid)/stat", flags: O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) } ?? 0
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        let end = try #require(text.lastIndex(of: ")"))
        return text[text.index(end, offsetBy: 2)...].first
    }
}
