import SupervisionKit
import SupervisionWire

/// The frames that docs/PROTOCOL.md shows as hex dumps, by the name of their block.
struct Golden: Sendable {
    let name: String
    let bytes: [UInt8]

    static func all() throws -> [Golden] {
        [
            Golden(name: "call-inline", bytes: try callInline()),
            Golden(name: "call-memfd", bytes: try callMemfd()),
            Golden(name: "call-child", bytes: try callChild()),
            Golden(name: "cancel", bytes: try WorkerFrame.cancel(id: 7).encoded()),
            Golden(name: "reply-result", bytes: try replyResult()),
            Golden(name: "reply-refused", bytes: try ReplyFrame.encode(refusedHead)),
            Golden(name: "reply-died", bytes: try ReplyFrame.encode(diedHead)),
            Golden(name: "reply-unreadable", bytes: try ReplyFrame.encode(unreadableHead)),
            Golden(name: "hello", bytes: try WorkerFrame.hello(.init(concurrency: 1)).encoded()),
            Golden(
                name: "hello-lifeline",
                bytes: try WorkerFrame.hello(.init(concurrency: 1, hasLifeline: true)).encoded()
            ),
            Golden(name: "welcome", bytes: try WorkerFrame.welcome(welcome).encoded()),
            Golden(
                name: "refuse",
                bytes: try WorkerFrame.refuse(
                    message: "versions 2 to 3 are not spoken here, only 1"
                ).encoded()
            ),
            Golden(name: "ready", bytes: try WorkerFrame.ready(ready).encoded()),
            Golden(name: "heartbeat", bytes: try WorkerFrame.heartbeat(heartbeat).encoded()),
            Golden(name: "shutdown", bytes: try WorkerFrame.shutdown.encoded()),
            Golden(name: "probe", bytes: try WorkerFrame.probe(probe).encoded()),
            Golden(name: "probed", bytes: try WorkerFrame.probed(probed).encoded()),
        ]
    }

    static func bytes(of name: String) throws -> [UInt8] {
        try all().first { $0.name == name }?.bytes ?? []
    }

    static let callHead = CallHead(
        id: 7,
        flags: .idempotent,
        deadline: Instant(nanoseconds: 90_000_000_000),
        trace: TraceID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
    )

    static func callInline() throws(WireError) -> [UInt8] {
        try CallFrame.encode(
            callHead,
            kernel: "python/scale",
            tensors: [
                OutgoingTensor("factor", doubles: [2.5], shape: []),
                OutgoingTensor("x", doubles: [1, 2, 3], shape: [3]),
            ]
        )
    }

    static func callMemfd() throws(WireError) -> [UInt8] {
        try CallFrame.encode(
            CallHead(id: 8),
            kernel: "core/reduce-sum",
            tensors: [
                OutgoingTensor(
                    name: "x",
                    type: .f32,
                    shape: [1024, 1024],
                    payload: .descriptor(index: 0, offset: 4096)
                )
            ],
            descriptorCount: 1
        )
    }

    static let childHead = CallHead(
        id: 3,
        deadline: Instant(nanoseconds: 90_000_000_000),
        parent: 41,
        key: 0x1122_3344_5566_7788
    )

    static func callChild() throws(WireError) -> [UInt8] {
        try CallFrame.encode(
            childHead,
            kernel: "core/sum",
            tensors: [OutgoingTensor("x", doubles: [1, 2], shape: [2])]
        )
    }

    static let resultHead = ReplyHead(
        id: 7,
        attempts: 1,
        queued: .microseconds(125),
        executed: .microseconds(40),
        incarnation: 4,
        worker: "python/scale/0"
    )

    static func replyResult() throws(WireError) -> [UInt8] {
        try ReplyFrame.encode(
            resultHead,
            tensors: [OutgoingTensor("y", doubles: [2.5, 5, 7.5], shape: [3])]
        )
    }

    static let refusedHead = ReplyHead(
        id: 9,
        error: .unknownKernel,
        execution: .notRun,
        message: "no kernel is called 'python/scal'; nearest: python/scale"
    )

    static let diedHead = ReplyHead(
        id: 8,
        error: .workerDied,
        execution: .answerLost,
        attempts: 1,
        retryAfter: .milliseconds(100),
        queued: .microseconds(90),
        incarnation: 5,
        worker: "core/reduce-sum/0",
        message: "worker 'core/reduce-sum/0' was killed by SIGKILL while it had the call"
    )

    static let unreadableHead = ReplyHead(
        id: 0,
        error: .malformedFrame,
        execution: .notRun,
        message: "a frame has at least 96 bytes, this one has 12"
    )

    static let welcome = WorkerFrame.Welcome(
        heartbeatMilliseconds: 1000,
        incarnation: 4,
        worker: "python/scale/0"
    )

    static let heartbeat = WorkerFrame.Heartbeat(runningCall: 7, progress: 3, ended: 12)

    static let probe = WorkerFrame.Probe(number: 5, kernel: "python/scale")

    static let probed = WorkerFrame.Probed(
        number: 5,
        status: .failed,
        message: "clFinish: CL_OUT_OF_RESOURCES"
    )

    static let ready = WorkerFrame.Ready(
        device: "CPython 3.11",
        kernels: [
            KernelSignature(
                name: "python/scale",
                summary: "Multiplies a vector by a number.",
                isIdempotent: true,
                arguments: [
                    KernelSignature.Argument(
                        name: "x",
                        direction: .input,
                        type: .f64,
                        shape: ["n"]
                    ),
                    KernelSignature.Argument(
                        name: "factor",
                        direction: .input,
                        type: .f64,
                        shape: [],
                        defaultValue: "1",
                        range: "-1e300...1e300",
                        documentation: "what each element is multiplied by"
                    ),
                    KernelSignature.Argument(
                        name: "y",
                        direction: .output,
                        type: .f64,
                        shape: ["n"]
                    ),
                ]
            )
        ]
    )
}

/// Bytes as docs/PROTOCOL.md shows them: offset, sixteen bytes in hex, the same as ASCII.
func hexDump(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    func hex(_ value: Int, width: Int) -> String {
        String((0..<width).reversed().map { digits[value >> (4 * $0) & 15] })
    }
    let lines = stride(from: 0, to: bytes.count, by: 16).map { start in
        let row = bytes[start..<min(start + 16, bytes.count)]
        let columns = row.map { hex(Int($0), width: 2) }.joined(separator: " ")
        let text = row.map { (32..<127).contains($0) ? String(Unicode.Scalar($0)) : "." }.joined()
        let gap = String(repeating: " ", count: 3 * (16 - row.count))
        return "\(hex(start, width: 4))  \(columns)\(gap)  |\(text)|"
    }
    return lines.map { $0 + "\n" }.joined()
}
