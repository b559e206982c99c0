import SupervisionKit
import SupervisionWire
import Testing

/// The writers refuse what the readers would, and never write a count that does not fit its field.
struct EncodeTests {
    @Test(arguments: [
        (CallHead(id: 0), "a/b", [OutgoingTensor](), 0, WireError.Kind.badValue),
        (CallHead(id: 1), "", [], 0, .badValue),
        (CallHead(id: 1), String(repeating: "k", count: 129), [], 0, .badValue),
        (CallHead(id: 1), String(repeating: "k", count: 70_000), [], 0, .badValue),
        (CallHead(id: 1), "a\0b", [], 0, .badValue),
        (CallHead(id: 1), "a/b", makeTensors(65), 0, .tooLarge),
        (CallHead(id: 1), "a/b", [], 65, .tooLarge),
        (CallHead(id: 1), "a/b", [], -1, .tooLarge),
        (CallHead(id: 1), "a/b", [OutgoingTensor("", zeros: 1)], 0, .badTensor),
        (
            CallHead(id: 1), "a/b", [OutgoingTensor(String(repeating: "x", count: 41), zeros: 1)],
            0, .badTensor
        ),
        (CallHead(id: 1), "a/b", [OutgoingTensor("x\0", zeros: 1)], 0, .badTensor),
        (
            CallHead(id: 1), "a/b", [OutgoingTensor("x", zeros: 1), OutgoingTensor("x", zeros: 2)],
            0, .badTensor
        ),
        (CallHead(id: 1), "a/b", [makeTensor(shape: [2])], 0, .badTensor),
        (
            CallHead(id: 1), "a/b", [makeTensor(shape: Array(repeating: 1, count: 9))], 0,
            .badTensor
        ),
        (
            CallHead(id: 1), "a/b", [makeTensor(shape: Array(repeating: 1, count: 300))], 0,
            .badTensor
        ),
        (CallHead(id: 1), "a/b", [makeTensor(shape: [.max, .max])], 0, .badTensor),
        (
            CallHead(id: 1), "a/b",
            [OutgoingTensor(name: "x", type: .f32, shape: [0, .max], payload: .bytes([]))], 0,
            .badTensor
        ),
        (CallHead(id: 1), "a/b", [makeShared(index: 1)], 1, .badTensor),
        (CallHead(id: 1), "a/b", [makeShared(index: -1)], 1, .badTensor),
        (CallHead(id: 1), "a/b", [makeShared(index: 300)], 1, .badTensor),
        (CallHead(id: 1), "a/b", [makeShared(offset: 4)], 1, .badTensor),
        (CallHead(id: 1), "a/b", [makeShared(offset: .max - 7)], 1, .badTensor),
        (
            CallHead(id: 1), "a/b", [OutgoingTensor("x", zeros: Limits.maxInlineBytes + 1)], 0,
            .tooLarge
        ),
        (
            CallHead(id: 1), "a/b",
            [OutgoingTensor("x", zeros: Limits.maxInlineBytes - 7), OutgoingTensor("y", zeros: 1)],
            0, .tooLarge
        ),
    ])
    func `a call that its reader would refuse is not written`(
        head: CallHead,
        kernel: String,
        tensors: [OutgoingTensor],
        descriptorCount: Int,
        kind: WireError.Kind
    ) {
        let error = wireError { () throws(WireError) in
            try CallFrame.encode(
                head,
                kernel: kernel,
                tensors: tensors,
                descriptorCount: descriptorCount
            )
        }
        #expect(error?.kind == kind)
    }

    @Test(arguments: [
        ReplyHead(id: 1, execution: .notRun),
        ReplyHead(id: 1, error: .kernelFailed, execution: .ran),
        ReplyHead(id: 1, error: .connectionLost, execution: .answerLost),
    ])
    func `a reply that contradicts itself is not written`(head: ReplyHead) {
        let error = wireError { () throws(WireError) in try ReplyFrame.encode(head) }
        #expect(error?.kind == .badValue)
    }

    @Test(arguments: [
        WorkerFrame.hello(.init(minimumVersion: 2, maximumVersion: 1, concurrency: 1)),
        .hello(.init(concurrency: 0)),
        .hello(.init(concurrency: 1025)),
        .welcome(.init(heartbeatMilliseconds: 0, incarnation: 1, worker: "w")),
        .welcome(.init(heartbeatMilliseconds: 3_600_001, incarnation: 1, worker: "w")),
    ])
    func `a handshake that its reader would refuse is not written`(frame: WorkerFrame) {
        #expect(wireError(writing: frame.encoded)?.kind == .badValue)
    }

    @Test(arguments: [String(repeating: "k", count: 129), "a\0b"])
    func `a probe of what no kernel is called is not written`(kernel: String) {
        let frame = WorkerFrame.probe(.init(number: 1, kernel: kernel))
        #expect(wireError(writing: frame.encoded)?.kind == .badValue)
    }

    @Test func `an answer to a probe is cut to its limit`() throws {
        let message = String(repeating: "é", count: 1000)
        let frame = WorkerFrame.probed(.init(number: 1, status: .degraded, message: message))
        let cut = WorkerFrame.Probed(
            number: 1,
            status: .degraded,
            message: String(repeating: "é", count: 512)
        )
        #expect(try AnyFrame(decoding: frame.encoded()) == .worker(.probed(cut)))
    }

    @Test func `a frame with everything at its limit is written and read`() throws {
        let name = String(repeating: "k", count: Limits.maxNameBytes)
        let tensors = (0..<Limits.maxTensors).map { index in
            OutgoingTensor(
                String(repeating: "x", count: Limits.maxTensorNameBytes - 2) + "\(10 + index)",
                zeros: Limits.maxInlineBytes / Limits.maxTensors
            )
        }
        let call = try CallFrame.encode(
            CallHead(id: .max, attempt: .max, parent: .max, chainDepth: .max, key: .max),
            kernel: name,
            tensors: tensors,
            descriptorCount: Limits.maxDescriptors
        )
        let reply = try ReplyFrame.encode(
            ReplyHead(
                id: .max,
                error: .shuttingDown,
                execution: .ranAndFailed,
                worker: name,
                message: String(repeating: "m", count: Limits.maxMessageBytes)
            ),
            tensors: tensors
        )
        #expect(wireError(reading: call) == nil)
        #expect(wireError(reading: reply) == nil)
        #expect(max(call.count, reply.count) <= Limits.maxFrameBytes)
    }

    @Test func `texts that are too long are cut between code points`() throws {
        let head = ReplyHead(
            id: 1,
            error: .buildFailed,
            worker: String(repeating: "é", count: 100),
            message: String(repeating: "aé", count: 4000)
        )
        let bytes = try ReplyFrame.encode(head)
        let header = try FrameHeader(decoding: bytes.span)
        let found = try ReplyFrame(decoding: bytes.span, header: header).head
        #expect(found.worker == String(repeating: "é", count: 64))
        #expect(found.message == String(repeating: "aé", count: 2730) + "a")
    }

    @Test func `a text that is one endless character is cut and not lost`() throws {
        let endless = "e" + String(repeating: "\u{301}", count: 10_000)
        let bytes = try WorkerFrame.refuse(message: endless).encoded()
        #expect(bytes.count == Limits.headerBytes + Limits.maxMessageBytes - 1)
        #expect(wireError(reading: bytes) == nil)
    }

    @Test func `a NUL in a text is replaced and the limit kept`() throws {
        let text = "a\0b" + String(repeating: "\0", count: Limits.maxMessageBytes)
        let bytes = try WorkerFrame.refuse(message: text).encoded()
        let expected = "a\u{FFFD}b" + String(repeating: "\u{FFFD}", count: 2729)
        #expect(try AnyFrame(decoding: bytes) == .worker(.refuse(message: expected)))
    }

    @Test func `what the daemon writes into a call is read back and nothing else is changed`()
        throws
    {
        var bytes = try Golden.callInline()
        let deadline = Instant(nanoseconds: 123_456_789_012)
        CallFrame.patch(&bytes, id: 99, deadline: deadline, attempt: 2, chainDepth: 0x0102)
        let header = try FrameHeader(decoding: bytes.span)
        var expected = Golden.callHead
        expected.id = 99
        expected.deadline = deadline
        expected.attempt = 2
        expected.chainDepth = 0x0102
        #expect(CallFrame.head(of: bytes.span, header: header) == expected)
        CallFrame.patch(&bytes, id: 7, deadline: Golden.callHead.deadline, attempt: 1)
        #expect(bytes == (try Golden.callInline()))
    }

    @Test func `what the daemon writes into a reply is read back and nothing else is changed`()
        throws
    {
        var bytes = try Golden.replyResult().with([0x80], at: 35)
        ReplyFrame.patch(&bytes, id: 5, attempts: 3, queued: .seconds(-1), isDegraded: false)
        #expect(bytes[35] == 0x80)
        ReplyFrame.patch(&bytes, id: 5, attempts: 3, queued: .seconds(2), isDegraded: true)
        var expected = Golden.resultHead
        expected.id = 5
        expected.attempts = 3
        expected.queued = .seconds(2)
        expected.isDegraded = true
        let header = try FrameHeader(decoding: bytes.span)
        #expect(try ReplyFrame(decoding: bytes.span, header: header).head == expected)
        #expect(bytes[35] == 0x81)
    }

    @Test func `a span of time that does not fit is saturated`() throws {
        let endless = Duration.seconds(Int64.max)
        let head = ReplyHead(id: 1, retryAfter: endless, queued: .seconds(-5))
        let bytes = try ReplyFrame.encode(head)
        let header = try FrameHeader(decoding: bytes.span)
        let found = try ReplyFrame(decoding: bytes.span, header: header).head
        #expect(found.retryAfter == .nanoseconds(Int64.max))
        #expect(found.queued == .zero)
        let largest = bytes.with([UInt8](repeating: 0xFF, count: 8), at: 40)
        #expect(
            try ReplyFrame(decoding: largest.span, header: header).head.retryAfter
                == .nanoseconds(Int64.max)
        )
    }

    @Test func `an error whose execution is not said ran and failed`() {
        #expect(ReplyHead(id: 1).execution == .ran)
        #expect(ReplyHead(id: 1, error: .kernelFailed).execution == .ranAndFailed)
    }
}

private func makeTensors(_ count: Int) -> [OutgoingTensor] {
    (0..<count).map { OutgoingTensor("t\($0)", zeros: 1) }
}

private func makeTensor(shape: [UInt64]) -> OutgoingTensor {
    OutgoingTensor(name: "x", type: .f32, shape: shape, payload: .bytes([0, 0, 0, 0]))
}

private func makeShared(index: Int = 0, offset: UInt64 = 0) -> OutgoingTensor {
    OutgoingTensor(
        name: "x",
        type: .u8,
        shape: [1],
        payload: .descriptor(index: index, offset: offset)
    )
}
