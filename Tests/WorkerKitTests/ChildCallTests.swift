import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit

@Suite struct `A kernel that calls a kernel` {
    private static let trace = TraceID(high: 3, low: 4)

    private func startChain(
        _ worker: WorkerUnderTest,
        id: UInt64 = 40,
        deadline: Instant = .zero,
        _ tensors: [OutgoingTensor]
    ) throws {
        try worker.send(
            try CallFrame.encode(
                CallHead(id: id, deadline: deadline, trace: Self.trace),
                kernel: "fault/chain",
                tensors: tensors
            )
        )
    }

    @Test func `sends a call in the name of its own and gives on what it answers`() throws {
        let worker = try WorkerUnderTest.ready()
        let deadline = Instant(nanoseconds: Clock.now()) + .seconds(600)
        try startChain(worker, deadline: deadline, [makeTensor([1, 2])])
        let child = try worker.childCall()
        #expect(
            child.head
                == CallHead(id: 1, deadline: deadline, parent: 40, trace: Self.trace)
        )
        #expect(child.kernel == "fault/echo")
        #expect(child.tensors.map(\.name) == ["x"])
        try worker.answer(child, tensors: [makeTensor([10, 20])])
        let reply = try worker.reply()
        #expect(reply.head.id == 40 && reply.head.error == nil)
        #expect(try worker.data(of: reply.tensors[0]) == makeBytes([11, 21] as [Float]))
    }

    @Test func `numbers its calls, each with an id of its own`() throws {
        let worker = try WorkerUnderTest.ready()
        // Often, for the channel changes hands twice with each of them.
        for id in UInt64(1)...500 {
            try startChain(worker, id: 100, [makeTensor([1])])
            let child = try worker.childCall()
            try #require(child.head.id == id)
            if id.isMultiple(of: 3) { try worker.send(.cancel(id: 100)) }
            try worker.answer(child, tensors: [makeTensor([1])])
            try #require(try worker.reply().head.error == nil)
        }
    }

    @Test func `gives the other one no more time than it has`() throws {
        let worker = try WorkerUnderTest.ready()
        let deadline = Instant(nanoseconds: Clock.now()) + .seconds(600)
        // The child's own timeout: later than the parent's deadline, then earlier.
        let long = makeScalar("amount", 900_000)
        try startChain(worker, deadline: deadline, [makeTensor([1]), long])
        let late = try worker.childCall()
        #expect(late.head.deadline == deadline)
        try worker.answer(late)
        _ = try worker.reply()
        try startChain(worker, deadline: deadline, [makeTensor([1]), makeScalar("amount", 1000)])
        let early = try worker.childCall()
        #expect(early.head.deadline < deadline && early.head.deadline > .zero)
        try worker.answer(early)
        _ = try worker.reply()
        // Neither has a deadline: the daemon's default.
        try startChain(worker, [makeTensor([1])])
        #expect(try worker.childCall().head.deadline == .zero)
    }

    @Test func `passes large tensors on and back without a copy`() throws {
        let worker = try WorkerUnderTest.ready()
        let memory = try makeMemory([UInt8](repeating: 7, count: 4096))
        let outgoing = makeTensor(name: "y", type: .u8, shape: [4000], offset: 8)
        try worker.call("fault/chain", [outgoing], descriptors: [memory.rawDescriptor])
        let child = try worker.childCall()
        #expect(child.tensors[0].storage == .descriptor(index: 0, offset: 8))
        #expect(try worker.data(of: child.tensors[0]) == [UInt8](repeating: 7, count: 4000))
        let result = try makeMemory([UInt8](repeating: 9, count: 4096))
        try worker.answer(
            child,
            tensors: [makeTensor(name: "z", type: .u8, shape: [4096], offset: 0)],
            descriptors: [result.rawDescriptor]
        )
        let reply = try worker.reply()
        #expect(reply.tensors[0].storage == .descriptor(index: 0, offset: 0))
        #expect(try worker.data(of: reply.tensors[0]) == [UInt8](repeating: 9, count: 4096))
    }

    @Test func `says that it is alive and hears the daemon while it waits`() throws {
        let worker = try WorkerUnderTest.ready()
        try startChain(worker, [makeTensor([1])])
        let child = try worker.childCall()
        #expect(try worker.heartbeat().runningCall == 40)
        #expect(
            try worker.probe(5) == .frame(.probed(.init(number: 5, status: .busy)))
        )
        // The daemon ends the child of a cancelled call.
        try worker.send(.cancel(id: 40))
        try worker.answer(child, .cancelled, execution: .notRun, "the call that made it has ended")
        let head = try worker.reply().head
        #expect(head.error == .cancelled && head.execution == .ranAndFailed)
    }

    @Test func `takes no other kernel's call while it waits, but a client's`() throws {
        let worker = try WorkerUnderTest.ready(["--concurrency", "3"])
        try startChain(worker, [makeTensor([1])])
        let child = try worker.childCall()
        try worker.call("fault/echo", id: 41)
        try worker.call("fault/echo", id: 42, chainDepth: 1)
        #expect(
            try worker.reply().head
                == makeReplyHead(
                    42,
                    .overloaded,
                    "the worker waits for a kernel that its own kernel has called"
                )
        )
        try worker.answer(child, tensors: [makeTensor([2])])
        #expect(try (0..<2).map { _ in try worker.reply().head.id } == [40, 41])
        try worker.call("fault/echo", id: 43, chainDepth: 1)
        #expect(try worker.reply().head.error == nil)
    }

    @Test func `that was cancelled before calls no other`() throws {
        let worker = try WorkerUnderTest.ready(["--concurrency", "2"])
        try startChain(worker, deadline: Instant(nanoseconds: 1), [makeTensor([1])])
        #expect(try worker.reply().head.error == .deadlineExceeded)
    }

    @Test func `drops an answer that nobody waits for`() throws {
        let worker = try WorkerUnderTest.ready()
        let memory = try makeMemory([UInt8](repeating: 7, count: 4096))
        let foreign = CallFrame(head: CallHead(id: 77), kernel: "a/b", tensors: [])
        let tensors = [makeTensor(name: "z", type: .u8, shape: [4096], offset: 0)]
        // Idle, then while another answer is waited for.
        try worker.answer(foreign, tensors: tensors, descriptors: [memory.rawDescriptor])
        try startChain(worker, [makeTensor([1])])
        let child = try worker.childCall()
        let open = try worker.openFiles()
        try worker.answer(foreign, tensors: tensors, descriptors: [memory.rawDescriptor])
        try worker.answer(child, tensors: [makeTensor([2])])
        let reply = try worker.reply()
        #expect(try worker.data(of: reply.tensors[0]) == makeBytes([3] as [Float]))
        #expect(try worker.openFiles() == open)
    }

    @Test func `ends as a failure of its own with a breach of the other one's`() throws {
        let worker = try WorkerUnderTest.ready()
        try startChain(worker, [makeTensor([1])])
        let memory = try makeMemory([1, 2, 3])
        try worker.answer(
            try worker.childCall(),
            tensors: [makeTensor(name: "z", type: .u8, shape: [4096], offset: 0)],
            descriptors: [memory.rawDescriptor]
        )
        let head = try worker.reply().head
        #expect(head.error == .kernelFailed && head.execution == .ranAndFailed)
        #expect(head.message.hasPrefix("kernel 'fault/echo' gave a reply that cannot be read"))
    }

    @Test(arguments: [
        (CallError.deadlineExceeded, CallError.deadlineExceeded),
        (.cancelled, .cancelled),
        (.unavailable, .unavailable),
        (.workerDied, .workerDied),
        (.workerHung, .workerHung),
        (.workerMisbehaved, .workerMisbehaved),
        (.shuttingDown, .shuttingDown),
        (.circuitOpen, .circuitOpen),
        (.chainRefused, .chainRefused),
        (.poisoned, .poisoned),
        (.overloaded, .unavailable),
        (.unknownKernel, .kernelFailed),
        (.invalidArgument, .kernelFailed),
        (.malformedFrame, .kernelFailed),
        (.unsupportedVersion, .kernelFailed),
        (.kernelFailed, .kernelFailed),
        (.buildFailed, .kernelFailed),
        (.deviceFailed, .kernelFailed),
    ])
    func `ends with what the other one ended with, unless that accuses the wrong one`(
        child: CallError,
        parent: CallError
    ) throws {
        let worker = try WorkerUnderTest.ready()
        try startChain(worker, [makeTensor([1])])
        try worker.answer(
            try worker.childCall(),
            child,
            execution: .notRun,
            retryAfter: .seconds(2),
            "why"
        )
        var head = try worker.reply().head
        head.executed = .zero
        #expect(
            head
                == ReplyHead(
                    id: 40,
                    error: parent,
                    execution: .ranAndFailed,
                    retryAfter: .seconds(2),
                    incarnation: WorkerUnderTest.incarnation,
                    worker: WorkerUnderTest.name,
                    message: "kernel 'fault/echo' ended with \(child.name): why"
                )
        )
    }

    @Test func `finishes after a shutdown, with the answer that it waits for`() throws {
        let worker = try WorkerUnderTest.ready()
        try startChain(worker, [makeTensor([1])])
        let child = try worker.childCall()
        try worker.send(.shutdown)
        try worker.answer(child, tensors: [makeTensor([5])])
        #expect(try worker.reply().head.error == nil)
        #expect(try worker.end() == .exited(0))
    }

    @Test func `needs a daemon`() {
        let call = KernelCall(kernel: "a/b", inputs: [])
        #expect(
            throws: KernelFailure(
                .unavailable,
                "kernel 'c/d' cannot be called: this call of a/b came from no daemon"
            )
        ) { try call.callKernel("c/d") }
    }
}
