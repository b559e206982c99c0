import SupervisionKit
import SupervisionWire
import Testing

/// Random frames are read back as they were written.
struct RoundTripTests {
    @Test func `calls are read as they were written`() throws {
        let seed = makeSeed()
        var random = SplitMix64(seed: seed)
        for round in 0..<2000 {
            let head = random.head()
            let kernel = random.text(atLeast: 1, limit: Limits.maxNameBytes)
            let descriptorCount = random.below(Limits.maxDescriptors + 1)
            let tensors = random.tensors(descriptorCount: descriptorCount)
            let bytes = try CallFrame.encode(
                head,
                kernel: kernel,
                tensors: tensors,
                descriptorCount: descriptorCount
            )
            let header = try FrameHeader(decoding: bytes.span)
            let found = try CallFrame(decoding: bytes.span, header: header)
            let comment: Comment = "seed \(seed), round \(round)"
            #expect(found.head == head, comment)
            #expect(found.kernel == kernel, comment)
            #expect(header.descriptorCount == UInt16(descriptorCount), comment)
            #expect(describe(found.tensors, in: bytes) == tensors.map(describe), comment)
        }
    }

    @Test func `replies are read as they were written`() throws {
        let seed = makeSeed()
        var random = SplitMix64(seed: seed)
        for round in 0..<2000 {
            let head = random.replyHead()
            let descriptorCount = random.below(Limits.maxDescriptors + 1)
            let tensors = random.tensors(descriptorCount: descriptorCount)
            let bytes = try ReplyFrame.encode(
                head,
                tensors: tensors,
                descriptorCount: descriptorCount
            )
            let header = try FrameHeader(decoding: bytes.span)
            let found = try ReplyFrame(decoding: bytes.span, header: header)
            let outcome = try ReplyFrame.outcome(of: bytes.span, header: header)
            let comment: Comment = "seed \(seed), round \(round)"
            #expect(found.head == head, comment)
            #expect(outcome.error == head.error && outcome.execution == head.execution, comment)
            #expect(describe(found.tensors, in: bytes) == tensors.map(describe), comment)
        }
    }

    @Test func `the worker's frames are read as they were written`() throws {
        let seed = makeSeed()
        var random = SplitMix64(seed: seed)
        for round in 0..<2000 {
            let frame = random.workerFrame()
            let found = try AnyFrame(decoding: frame.encoded())
            #expect(found == .worker(frame), "seed \(seed), round \(round)")
        }
    }

    @Test func `inline data lies at multiples of eight and is padded with zeros`() throws {
        let bytes = try CallFrame.encode(
            CallHead(id: 1),
            kernel: "k",
            tensors: (1...9).map { count in
                OutgoingTensor(
                    name: "t\(count)",
                    type: .u8,
                    shape: [UInt64(count)],
                    payload: .bytes([UInt8](repeating: 0xAA, count: count))
                )
            }
        )
        let data = bytes[(Limits.headerBytes + 8 + 9 * Limits.tensorEntryBytes)...]
        let expected = (1...9).flatMap { count in
            [UInt8](repeating: 0xAA, count: count)
                + [UInt8](repeating: 0, count: (8 - count % 8) % 8)
        }
        #expect(Array(data) == expected)
    }

    @Test func `element types are found by their names`() {
        #expect(ElementType.allCases.map { ElementType(name: $0.name) } == ElementType.allCases)
        #expect(ElementType(name: "f128") == nil)
    }
}

private struct Described: Equatable {
    let name: String
    let type: ElementType
    let shape: [UInt64]
    let data: [UInt8]
    let descriptor: Int
    let offset: UInt64
}

private func describe(_ tensor: OutgoingTensor) -> Described {
    switch tensor.payload {
    case .bytes(let data):
        Described(
            name: tensor.name,
            type: tensor.type,
            shape: tensor.shape,
            data: data,
            descriptor: -1,
            offset: 0
        )
    case .descriptor(let index, let offset):
        Described(
            name: tensor.name,
            type: tensor.type,
            shape: tensor.shape,
            data: [],
            descriptor: index,
            offset: offset
        )
    }
}

private func describe(_ tensors: [TensorEntry], in bytes: [UInt8]) -> [Described] {
    tensors.map { describe(OutgoingTensor($0, in: bytes)) }
}
