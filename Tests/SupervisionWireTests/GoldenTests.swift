import SupervisionKit
import SupervisionWire
import Testing

/// The frames of docs/PROTOCOL.md read back as what they were written from, and no part of them
/// can be missing.
struct GoldenTests {
    @Test func `the call with inline tensors reads as what the page says`() throws {
        let bytes = try Golden.callInline()
        let expected = CallFrame(
            head: Golden.callHead,
            kernel: "python/scale",
            tensors: [
                try TensorEntry(
                    name: "factor",
                    type: .f64,
                    shape: [],
                    storage: .inline(offset: 368)
                ),
                try TensorEntry(name: "x", type: .f64, shape: [3], storage: .inline(offset: 376)),
            ]
        )
        #expect(try AnyFrame(decoding: bytes) == .call(expected))
        #expect(bytes.count == 400)
    }

    @Test func `the call with a memfd reads as what the page says`() throws {
        let x = try TensorEntry(
            name: "x",
            type: .f32,
            shape: [1024, 1024],
            storage: .descriptor(index: 0, offset: 4096)
        )
        let bytes = try Golden.callMemfd()
        let expected = CallFrame(head: CallHead(id: 8), kernel: "core/reduce-sum", tensors: [x])
        #expect(try AnyFrame(decoding: bytes) == .call(expected))
        #expect(x.byteCount == 4 << 20)
        #expect(try FrameHeader(decoding: bytes.span).descriptorCount == 1)
    }

    @Test func `the call of a kernel reads as what the page says`() throws {
        let x = try TensorEntry(name: "x", type: .f64, shape: [2], storage: .inline(offset: 232))
        let expected = CallFrame(head: Golden.childHead, kernel: "core/sum", tensors: [x])
        #expect(try AnyFrame(decoding: Golden.callChild()) == .call(expected))
    }

    @Test func `the replies read as what the page says`() throws {
        let y = try TensorEntry(name: "y", type: .f64, shape: [3], storage: .inline(offset: 240))
        let expected: [(String, ReplyFrame)] = [
            ("reply-result", ReplyFrame(head: Golden.resultHead, tensors: [y])),
            ("reply-refused", ReplyFrame(head: Golden.refusedHead, tensors: [])),
            ("reply-died", ReplyFrame(head: Golden.diedHead, tensors: [])),
            ("reply-unreadable", ReplyFrame(head: Golden.unreadableHead, tensors: [])),
        ]
        for (name, reply) in expected {
            #expect(try AnyFrame(decoding: Golden.bytes(of: name)) == .reply(reply), "\(name)")
        }
    }

    @Test func `the worker's frames read as what the page says`() throws {
        let expected: [(String, WorkerFrame)] = [
            ("cancel", .cancel(id: 7)),
            ("hello", .hello(.init(minimumVersion: 1, maximumVersion: 1, concurrency: 1))),
            ("hello-lifeline", .hello(.init(concurrency: 1, hasLifeline: true))),
            ("welcome", .welcome(Golden.welcome)),
            ("refuse", .refuse(message: "versions 2 to 3 are not spoken here, only 1")),
            ("ready", .ready(Golden.ready)),
            ("heartbeat", .heartbeat(Golden.heartbeat)),
            ("shutdown", .shutdown),
            ("probe", .probe(Golden.probe)),
            ("probed", .probed(Golden.probed)),
        ]
        for (name, frame) in expected {
            #expect(try AnyFrame(decoding: Golden.bytes(of: name)) == .worker(frame), "\(name)")
        }
    }

    @Test func `a golden frame that is cut anywhere is an error`() throws {
        for golden in try Golden.all() {
            for count in 0..<golden.bytes.count {
                let cut = Array(golden.bytes.prefix(count))
                #expect(wireError(reading: cut) != nil, "\(golden.name) cut to \(count)")
            }
        }
    }

    /// With a length that is true for the cut packet, only the parts themselves can show the cut:
    /// all but the padding behind the last text or tensor is missed.
    @Test func `a cut golden frame that states its cut length is an error`() throws {
        for golden in try Golden.all() {
            let end = golden.bytes.count
            for count in 0..<end where golden.bytes[count...].contains(where: { $0 != 0 }) {
                let cut = Array(golden.bytes.prefix(count)).withTrueLength
                #expect(wireError(reading: cut) != nil, "\(golden.name) cut to \(count)")
            }
        }
    }

    @Test func `reserved bytes and unknown flags change nothing`() throws {
        let call = try Golden.callInline()
        let reserved = call.with([1, 2, 3, 4], at: 28).with([9], at: 80).with([9], at: 95)
            .with([7], at: 112 + 6).with([7], at: 112 + 3)
        #expect(try AnyFrame(decoding: reserved) == AnyFrame(decoding: call))
        let flagged = call.with([0xFF], at: 15)
        let header = try FrameHeader(decoding: flagged.span)
        let head = CallFrame.head(of: flagged.span, header: header)
        #expect(head.flags.contains(.idempotent))
        #expect(!head.flags.contains(.noRetry))
        let reply = try Golden.replyResult()
        #expect(try AnyFrame(decoding: reply.with([0xFE], at: 35)) == AnyFrame(decoding: reply))
    }

    @Test func `bytes behind the end of a worker's frame are ignored`() throws {
        let names = [
            "cancel", "hello", "welcome", "refuse", "ready", "heartbeat", "shutdown", "probe",
            "probed",
        ]
        for name in names {
            let bytes = try Golden.bytes(of: name)
            let longer = (bytes + [UInt8](repeating: 0xAA, count: 8)).withTrueLength
            #expect(try AnyFrame(decoding: longer) == AnyFrame(decoding: bytes), "\(name)")
        }
    }
}
