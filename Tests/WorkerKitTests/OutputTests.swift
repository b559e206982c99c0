import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit

private let welcome = WelcomeInfo(worker: "a/b/0", incarnation: 3, heartbeat: .seconds(1))

/// A reply as its receiver reads it.
private struct ReadReply {
    let frame: ReplyFrame
    let bytes: [UInt8]
    let descriptors: [Int32]

    init(_ reply: Reply) throws {
        let packet = reply.bytes
        let header = try FrameHeader(decoding: packet.span)
        frame = try ReplyFrame(decoding: packet.span, header: header)
        bytes = packet
        descriptors = reply.descriptors
        #expect(descriptors.count == Int(header.descriptorCount))
    }

    func data(_ index: Int) throws -> [UInt8] {
        let entry = frame.tensors[index]
        switch entry.storage {
        case .inline(let offset):
            return Array(bytes[offset..<offset + Int(entry.byteCount)])
        case .descriptor(let place, let offset):
            let mapping = try MemoryMapping.readOnly(
                descriptors[place],
                offset: offset,
                byteCount: entry.byteCount
            )
            return Array(mapping.bytes)
        }
    }
}

private func makeReply(
    _ outputs: [OutputTensor],
    inputs: [InputTensor] = []
) throws -> Reply {
    let call = KernelCall(kernel: "a/b", inputs: inputs, id: 9)
    call.deviceTime = .microseconds(7)
    return try Reply(
        KernelResult(outputs: outputs),
        to: call,
        executed: .microseconds(10),
        welcome: welcome
    )
}

@Suite struct `Outputs` {
    @Test func `travel in the frame when they are small`() throws {
        let reply = try makeReply([
            OutputTensor(name: "sum", scalar: UInt32(258)),
            OutputTensor(name: "y", shape: [2], elements: [Float(1), -1]),
        ])
        let read = try ReadReply(reply)
        #expect(
            read.frame.head
                == ReplyHead(
                    id: 9,
                    executed: .microseconds(10),
                    device: .microseconds(7),
                    incarnation: 3,
                    worker: "a/b/0"
                )
        )
        #expect(read.frame.tensors.map(\.name) == ["sum", "y"])
        #expect(read.frame.tensors.map(\.shape) == [[], [2]])
        #expect(try read.data(0) == [2, 1, 0, 0])
        #expect(read.descriptors == [])
    }

    @Test(arguments: [0, 1, Limits.maxInlineBytes, Limits.maxInlineBytes + 1, 1 << 20])
    func `are filled in place, zeroed before, in shared memory when they are large`(
        count: Int
    ) throws {
        let output = try OutputTensor.allocate(name: "y", type: .u8, shape: [UInt64(count)]) {
            bytes throws(KernelFailure) in
            #expect(bytes.count == count && bytes.allSatisfy { $0 == 0 })
            if count > 0 { bytes[count - 1] = 42 }
        }
        let reply = try makeReply([output])
        let read = try ReadReply(reply)
        #expect(read.descriptors.isEmpty == (count <= Limits.maxInlineBytes))
        var expected = [UInt8](repeating: 0, count: count)
        if count > 0 { expected[count - 1] = 42 }
        #expect(try read.data(0) == expected)
        #expect(read.descriptors.allSatisfy { SharedMemory.isSealed($0) == .sealed })
    }

    @Test func `move to shared memory, the largest first, until the rest fits into a frame`() throws
    {
        func tensor(_ name: String, _ count: Int) -> OutputTensor {
            OutputTensor(
                name: name,
                type: .u8,
                shape: [UInt64(count)],
                bytes: [UInt8](repeating: UInt8(count % 251), count: count)
            )
        }
        let input = try InputTensor(
            name: "i",
            shape: [50_000],
            elements: [UInt8](repeating: 5, count: 50_000)
        )
        let outputs = [
            tensor("a", 30_000), OutputTensor(name: "b", forwarding: input), tensor("c", 40_000),
        ]
        let reply = try makeReply(outputs)
        let read = try ReadReply(reply)
        let isInline = read.frame.tensors.map { entry in
            if case .inline = entry.storage { true } else { false }
        }
        #expect(isInline == [true, false, false])
        #expect(try read.data(0) == [UInt8](repeating: UInt8(30_000 % 251), count: 30_000))
        #expect(try read.data(1) == [UInt8](repeating: 5, count: 50_000))
        #expect(try read.data(2) == [UInt8](repeating: UInt8(40_000 % 251), count: 40_000))
        #expect(read.descriptors.allSatisfy { SharedMemory.isSealed($0) == .sealed })
    }

    @Test func `count their padding`() throws {
        // 63 tensors of 1041 bytes are 65,583 bytes, and 65,520 without the padding of each.
        let outputs = (0..<63).map { index in
            OutputTensor(
                name: "t\(index)",
                type: .u8,
                shape: [1040 - 3],
                bytes: [UInt8](repeating: 1, count: 1040 - 3)
            )
        }
        let reply = try makeReply(outputs)
        #expect(try ReadReply(reply).frame.tensors.count == 63)
    }

    @Test func `that no frame can carry are a failure of the kernel`() throws {
        let wrong = OutputTensor(name: "y", type: .f32, shape: [2], bytes: [1, 2, 3])
        #expect(
            throws: KernelFailure(
                .kernelFailed,
                "a/b gave outputs that cannot be sent: tensor 'y' has 3 bytes, its shape makes 8"
            )
        ) { try makeReply([wrong]) }
        let many = (0..<65).map { OutputTensor(name: "t\($0)", scalar: UInt8(0)) }
        #expect(
            throws: KernelFailure(
                .kernelFailed,
                "a/b gave outputs that cannot be sent: 65 tensors, at most 64 fit into a frame"
            )
        ) { try makeReply(many) }
    }

    @Test func `end with what their filling throws`() throws {
        for shape in [[UInt64(4)], [1 << 20]] {
            #expect(throws: KernelFailure(.deviceFailed, "lost")) {
                _ = try OutputTensor.allocate(name: "y", type: .u8, shape: shape) {
                    _ throws(KernelFailure) in
                    throw KernelFailure(.deviceFailed, "lost")
                }
            }
        }
    }

    @Test func `of a size that no tensor has are a failure of the kernel`() throws {
        #expect(throws: KernelFailure.self) {
            _ = try OutputTensor.allocate(name: "y", type: .f64, shape: [.max]) {
                _ throws(KernelFailure) in
            }
        }
    }
}

@Suite struct `A call by hand` {
    @Test func `gives its arguments by name and type`() throws {
        let call = KernelCall(
            kernel: "a/b",
            inputs: [
                try InputTensor(name: "x", shape: [3], elements: [Int16(1), -2, 3]),
                try InputTensor(name: "n", shape: [], elements: [UInt64(8)]),
            ]
        )
        #expect(call.input("x")?.elements(as: Int16.self).map(Array.init) == [1, -2, 3])
        #expect(call.input("x")?.elements(as: UInt16.self) == nil)
        #expect(call.input("x")?.elementCount == 3)
        #expect(call.input("n")?.scalar(as: UInt64.self) == 8)
        #expect(call.input("n")?.scalar(as: Int64.self) == nil)
        #expect(call.input("x")?.scalar(as: Int16.self) == nil)
        #expect(call.input("y") == nil)
    }

    @Test func `is cancelled by hand and by its deadline`() throws {
        let call = KernelCall(kernel: "a/b", inputs: [])
        #expect(!call.isCancelled)
        try call.checkCancellation()
        call.cancel()
        #expect(call.isCancelled)
        #expect(
            throws: KernelFailure(
                .cancelled,
                "the caller cancelled; a/b stopped between launches"
            )
        ) { try call.checkCancellation() }
        let late = KernelCall(kernel: "a/b", inputs: [], deadline: Instant(nanoseconds: 1))
        #expect(late.isCancelled)
        #expect(
            throws: KernelFailure(
                .deadlineExceeded,
                "the deadline passed; a/b stopped between launches"
            )
        ) { try late.checkCancellation() }
    }

    @Test func `wants as many bytes as the shape says`() {
        #expect(
            throws: KernelFailure(.invalidArgument, "tensor 'x' has 3 bytes, its shape makes 8")
        ) { _ = try InputTensor(name: "x", type: .f32, shape: [2], bytes: [1, 2, 3]) }
    }

    @Test func `has a failure that says whether it ran`() {
        #expect(KernelFailure(.invalidArgument, "").execution == .notRun)
        #expect(KernelFailure(.buildFailed, "").execution == .notRun)
        #expect(KernelFailure(.deviceFailed, "").execution == .ranAndFailed)
        #expect(KernelFailure(.cancelled, "").execution == .ranAndFailed)
        #expect(KernelFailure(.cancelled, "", execution: .notRun).execution == .notRun)
    }
}
