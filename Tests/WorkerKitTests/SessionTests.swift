import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit

@Suite struct `A worker session` {
    @Test func `says hello, waits for the welcome and declares its kernels`() throws {
        let worker = try WorkerUnderTest(["--concurrency", "3"])
        #expect(
            try worker.receive() == .frame(.hello(.init(concurrency: 3, hasLifeline: true)))
        )
        try worker.welcome()
        guard case .frame(.ready(let ready)) = try worker.receive() else {
            Issue.record("no ready frame")
            return
        }
        #expect(ready.device == "no device: fault worker")
        #expect(ready.kernels.map(\.name).contains("fault/echo"))
    }

    @Test func `answers a call with its id, itself and its tensors`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/echo", id: 99, [makeTensor([1.5, -2])])
        let reply = try worker.reply()
        var head = reply.head
        #expect(head.executed > .zero)
        head.executed = .zero
        #expect(head == makeReplyHead(99))
        #expect(reply.tensors.map(\.name) == ["x"])
        #expect(try worker.data(of: reply.tensors[0]) == makeBytes([1.5, -2] as [Float]))
    }

    @Test func `gives a memfd back as it came, with its offset`() throws {
        let worker = try WorkerUnderTest.ready()
        let memory = try makeMemory(Array(0...255))
        try worker.call(
            "fault/echo",
            [makeTensor(name: "x", type: .u8, shape: [200], offset: 8)],
            descriptors: [memory.rawDescriptor]
        )
        let reply = try worker.reply()
        #expect(reply.head.error == nil)
        #expect(reply.tensors[0].storage == .descriptor(index: 0, offset: 8))
        #expect(try worker.data(of: reply.tensors[0]) == Array(8..<208))
    }

    @Test func `answers calls in the order of their arrival`() throws {
        let worker = try WorkerUnderTest.ready(["--concurrency", "8"])
        // The first one runs long enough for the channel thread to take the others in.
        try worker.call("fault/late", id: 1, [makeScalar("milliseconds", 5)])
        for id in UInt64(2)...8 { try worker.call("fault/echo", id: id) }
        #expect(try (0..<8).map { _ in try worker.reply().head.id } == Array(1...8))
    }

    @Test func `is free for the next call when its reply arrives`() throws {
        let worker = try WorkerUnderTest.ready()
        for id in UInt64(1)...200 {
            try worker.call("fault/late", id: id, [makeScalar("milliseconds", 2)])
            let head = try worker.reply().head
            try #require(head.error == nil, "\(head)")
            try worker.call("fault/echo", id: id)
            try #require(try worker.reply().head.error == nil)
        }
    }

    @Test func `refuses more calls than it declared`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/hang-kernel", id: 1)
        try worker.call("fault/echo", id: 2)
        #expect(
            try worker.reply().head
                == makeReplyHead(
                    2,
                    .overloaded,
                    "the worker has as many calls as it declared"
                )
        )
    }

    @Test func `sends heartbeats while a kernel hangs`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/hang-kernel", id: 5)
        let expected = WorkerFrame.Heartbeat(runningCall: 5, progress: 0, ended: 0)
        #expect(try (0..<3).map { _ in try worker.heartbeat() } == [expected, expected, expected])
    }

    /// The channel thread takes over from the compute thread with the timer and the call's own
    /// packet ready in one poll, or not, as it happens.
    @Test func `takes over from a kernel that hangs, however the threads meet`() throws {
        for _ in 0..<40 {
            let worker = try WorkerUnderTest.ready(heartbeatMilliseconds: 1)
            try worker.call("fault/hang-kernel", id: 1)
            _ = try worker.heartbeat()
            try worker.send(.shutdown)
            _ = try worker.heartbeat()
            worker.closeChannel()
            try #require(try worker.end() == .exited(0))
        }
    }

    @Test func `reports progress and ended calls in its heartbeats`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/echo", id: 1)
        _ = try worker.reply()
        try worker.call("fault/sleep", id: 2, [makeScalar("milliseconds", 600_000)])
        let first = try worker.heartbeat()
        var later = try worker.heartbeat()
        while later.progress <= first.progress { later = try worker.heartbeat() }
        #expect(first.runningCall == 2 && later.runningCall == 2)
        #expect(first.ended == 1 && later.ended == 1)
    }
}

@Suite struct `A cancel` {
    @Test func `of a waiting call is answered at once, not run`() throws {
        let worker = try WorkerUnderTest.ready(["--concurrency", "2"])
        try worker.call("fault/hang-kernel", id: 1)
        try worker.call("fault/echo", id: 2)
        try worker.send(.cancel(id: 2))
        #expect(
            try worker.reply().head
                == makeReplyHead(2, .cancelled, "the caller cancelled before the call started")
        )
    }

    @Test func `of a running call ends it`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/sleep", id: 3, [makeScalar("milliseconds", 600_000)])
        _ = try worker.heartbeat()
        try worker.send(.cancel(id: 3))
        let head = try worker.reply().head
        #expect(head.error == .cancelled)
        #expect(head.execution == .ranAndFailed)
        #expect(head.message == "the caller cancelled; fault/sleep stopped between launches")
    }

    @Test func `of a call that has ended changes nothing`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/echo", id: 1)
        _ = try worker.reply()
        try worker.send(.cancel(id: 1))
        try worker.call("fault/echo", id: 2)
        #expect(try worker.reply().head.error == nil)
    }
}

@Suite struct `A deadline` {
    @Test func `that has passed keeps the call from being run`() throws {
        let counter = try CountFile()
        let worker = try WorkerUnderTest.ready(environment: [counter.variable])
        try worker.call("fault/count", id: 4, deadline: Instant(nanoseconds: 1))
        #expect(
            try worker.reply().head
                == makeReplyHead(
                    4,
                    .deadlineExceeded,
                    "the deadline passed before the call started"
                )
        )
        try worker.call("fault/count", id: 5)
        _ = try worker.reply()
        #expect(try counter.count() == 1)
    }

    @Test func `is checked again when a waiting call starts`() throws {
        let counter = try CountFile()
        let worker = try WorkerUnderTest.ready(
            ["--concurrency", "2"],
            environment: [counter.variable]
        )
        // Only the heartbeat after the deadline lets the first call go.
        let deadline = Instant(nanoseconds: Clock.now()) + .milliseconds(20)
        try worker.call("fault/sleep", id: 1, [makeScalar("milliseconds", 600_000)])
        try worker.call("fault/count", id: 2, deadline: deadline)
        while Clock.now() < deadline.nanoseconds { _ = try worker.heartbeat() }
        try worker.send(.cancel(id: 1))
        #expect(try worker.reply().head.id == 1)
        let head = try worker.reply().head
        #expect(head.error == .deadlineExceeded && head.execution == .notRun)
        #expect(try counter.count() == 1)
    }

    @Test func `stops a kernel that asks`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call(
            "fault/sleep",
            deadline: Instant(nanoseconds: Clock.now()) + .milliseconds(20),
            [makeScalar("milliseconds", 600_000)]
        )
        let head = try worker.reply().head
        #expect(head.error == .deadlineExceeded && head.execution == .ranAndFailed)
    }
}
