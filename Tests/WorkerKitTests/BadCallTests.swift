import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// Calls come from clients: a bad one is answered, and the worker lives on.
@Suite struct `A bad call` {
    @Test func `of an unknown kernel is answered with the nearest name`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/ehco", id: 2)
        try expectReply(
            from: worker,
            makeReplyHead(
                2,
                .unknownKernel,
                "this worker serves no kernel 'fault/ehco' (did you mean 'fault/echo'?)"
            )
        )
    }

    @Test func `whose tensor table lies is answered`() throws {
        let worker = try WorkerUnderTest.ready()
        var frame = try CallFrame.encode(
            CallHead(id: 2),
            kernel: "fault/echo",
            tensors: [makeTensor([1, 2])]
        )
        // The element type of the first entry: behind the header and the name, padded to eight.
        frame[Limits.headerBytes + 16] = 77
        try worker.send(frame)
        try expectReply(
            from: worker,
            makeReplyHead(2, .malformedFrame, "element type 77 is not known")
        )
    }

    @Test func `whose name is no text is answered`() throws {
        let worker = try WorkerUnderTest.ready()
        var frame = try CallFrame.encode(CallHead(id: 2), kernel: "fault/echo", tensors: [])
        frame[Limits.headerBytes] = 0xFF
        try worker.send(frame)
        try expectReply(
            from: worker,
            makeReplyHead(2, .malformedFrame, "the kernel's name is not UTF-8 or holds a NUL")
        )
    }

    @Test func `with more descriptors than announced is answered`() throws {
        let worker = try WorkerUnderTest.ready()
        let memory = try makeMemory([1])
        try worker.send(
            try CallFrame.encode(CallHead(id: 2), kernel: "fault/echo", tensors: []),
            descriptors: [memory.rawDescriptor]
        )
        try expectReply(
            from: worker,
            makeReplyHead(2, .malformedFrame, "the call announces 0 descriptors, 1 came")
        )
    }

    @Test func `with a memfd that is too short is answered`() throws {
        let worker = try WorkerUnderTest.ready()
        let memory = try makeMemory([UInt8](repeating: 1, count: 100))
        try worker.call(
            "fault/echo",
            id: 2,
            [makeTensor(name: "x", type: .u8, shape: [101], offset: 0)],
            descriptors: [memory.rawDescriptor]
        )
        try expectReply(
            from: worker,
            makeReplyHead(
                2,
                .malformedFrame,
                "tensor 'x' wants 101 bytes from byte 0 of its memfd: mmap 101 bytes from byte 0 "
                    + "of a file of 100 bytes: ENXIO (No such device or address)"
            )
        )
    }

    @Test func `with a descriptor that cannot be mapped is answered`() throws {
        let worker = try WorkerUnderTest.ready()
        let pipe = try Pipe.create()
        try worker.call(
            "fault/echo",
            id: 2,
            [makeTensor(name: "x", type: .u8, shape: [1], offset: 0)],
            descriptors: [pipe.reader.rawValue]
        )
        let head = try worker.reply().head
        #expect(head.error == .malformedFrame && head.execution == .notRun)
        try expectEcho(from: worker)
    }

    @Test func `leaves no descriptor behind`() throws {
        let worker = try WorkerUnderTest.ready()
        let memory = try makeMemory([UInt8](repeating: 1, count: 100))
        let tooLong = makeTensor(name: "x", type: .u8, shape: [101], offset: 0)
        let good = makeTensor(name: "x", type: .u8, shape: [100], offset: 0)
        try expectEcho(from: worker)
        let before = try worker.openFiles()
        for id in UInt64(1)...20 {
            for (kernel, tensor) in [
                ("fault/echo", good), ("fault/echo", tooLong), ("fault/none", good),
                ("fault/fail", good),
            ] {
                try worker.call(kernel, id: id, [tensor], descriptors: [memory.rawDescriptor])
                _ = try worker.reply()
            }
            // A frame that has no descriptors to bring brings one.
            try worker.send(
                try WorkerFrame.cancel(id: 999).encoded(),
                descriptors: [memory.rawDescriptor]
            )
        }
        // A call behind the last frame: when it is answered, that frame has been dealt with.
        try expectEcho(from: worker)
        #expect(try worker.openFiles() == before)
    }

    private func expectReply(from worker: WorkerUnderTest, _ head: ReplyHead) throws {
        #expect(try worker.reply() == ReplyFrame(head: head, tensors: []))
        try expectEcho(from: worker)
    }

    private func expectEcho(from worker: WorkerUnderTest) throws {
        try worker.call("fault/echo", id: 77)
        let head = try worker.reply().head
        #expect(head.id == 77 && head.error == nil)
    }
}
