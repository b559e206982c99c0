import SupervisionKit
import SupervisionWire
import Testing

/// Each guard of the decoders, by a frame that differs from a good one in the guarded place only.
struct DecodeErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let kind: WireError.Kind
        let bytes: @Sendable () throws -> [UInt8]

        init(
            _ testDescription: String,
            _ kind: WireError.Kind,
            _ bytes: @escaping @Sendable () throws -> [UInt8]
        ) {
            self.testDescription = testDescription
            self.kind = kind
            self.bytes = bytes
        }
    }

    @Test(arguments: headerCases + callCases + tensorCases + replyCases + workerCases)
    func `a frame that is wrong in one place is refused for that`(_ wrong: Case) throws {
        #expect(wireError(reading: try wrong.bytes())?.kind == wrong.kind)
    }

    static let headerCases = [
        Case("an empty packet", .truncated) { [] },
        Case("31 bytes", .truncated) { Array(try Golden.callInline().prefix(31)) },
        Case("95 bytes", .truncated) {
            Array(try Golden.bytes(of: "cancel").prefix(95)).withTrueLength
        },
        Case("another magic", .badMagic) { try Golden.callInline().with([0x4C], at: 0) },
        Case("version 2", .unsupportedVersion(2)) { try Golden.callInline().with([2], at: 4) },
        Case("version 2 in a packet of 32 bytes", .unsupportedVersion(2)) {
            Array(try Golden.callInline().with([2], at: 4).prefix(32))
        },
        Case("type 4", .unknownType(4)) { try Golden.callInline().with([4], at: 6) },
        Case("a length that is too large", .lengthMismatch) {
            try Golden.callInline() + [0]
        },
        Case("a length that is too small", .lengthMismatch) {
            Array(try Golden.callInline().dropLast())
        },
        Case("the largest length", .lengthMismatch) {
            try Golden.callInline().with([0xFF, 0xFF, 0xFF, 0xFF], at: 8)
        },
        Case("a frame above the limit", .tooLarge) {
            let padding = [UInt8](repeating: 0, count: Limits.maxFrameBytes - 96 + 1)
            return (try Golden.bytes(of: "cancel") + padding).withTrueLength
        },
        Case("65 tensors", .tooLarge) { try Golden.callInline().with([65], at: 24) },
        Case("65 descriptors", .tooLarge) { try Golden.callMemfd().with([65], at: 26) },
    ]

    static let callCases = [
        Case("a call without an id", .badValue) { try Golden.callInline().with([0], at: 16) },
        Case("a kernel's name of 0 bytes", .badValue) { try Golden.callInline().with([0], at: 70) },
        Case("a kernel's name of 129 bytes", .badValue) {
            try Golden.callInline().with([129], at: 70)
        },
        Case("a kernel's name that is not UTF-8", .badText) {
            try Golden.callInline().with([0xFF], at: 96)
        },
        Case("a kernel's name with a NUL", .badText) { try Golden.callInline().with([0], at: 97) },
        Case("a table that ends outside", .truncated) { try Golden.callInline().with([3], at: 24) },
        Case("inline data above the limit", .tooLarge) {
            let data = [UInt8](repeating: 0, count: Limits.maxInlineBytes)
            return (try Golden.callInline() + data).withTrueLength
        },
    ]

    static let tensorCases = [
        Case("element type 0", .badTensor) { try Golden.callInline().with([0], at: 112) },
        Case("element type 13", .badTensor) { try Golden.callInline().with([13], at: 112) },
        Case("rank 9", .badTensor) { try Golden.callInline().with([9], at: 113) },
        Case("a rank that reaches out of the frame", .badTensor) {
            try Golden.callMemfd().with([255], at: 113)
        },
        Case("storage 2", .badTensor) { try Golden.callInline().with([2], at: 114) },
        Case("a tensor's name of 0 bytes", .badTensor) {
            try Golden.callInline().with([0], at: 116)
        },
        Case("a tensor's name of 41 bytes", .badTensor) {
            try Golden.callInline().with([41], at: 116)
        },
        Case("a tensor's name that reaches out of the frame", .badTensor) {
            try Golden.callMemfd().with([41], at: 116)
                .with([UInt8](repeating: 0x78, count: 40), at: 112 + 88)
        },
        Case("a tensor's name that is not UTF-8", .badTensor) {
            try Golden.callInline().with([0xC0], at: 112 + 88)
        },
        Case("two tensors of one name", .badTensor) {
            try Golden.callInline().with([6], at: 240 + 4).with(Array("factor".utf8), at: 240 + 88)
        },
        Case("a byte count that is not the shape's", .badTensor) {
            try Golden.callInline().with([16], at: 112 + 16)
        },
        Case("a tensor inside the table", .badTensor) {
            try Golden.callInline().with([0, 0], at: 112 + 8)
        },
        Case("a tensor at an odd place", .badTensor) {
            try Golden.callInline().with([0x71], at: 112 + 8)
        },
        Case("a tensor that ends outside", .badTensor) {
            try Golden.callInline().with([0x80], at: 240 + 8)
        },
        Case("a tensor that starts outside", .badTensor) {
            try Golden.callInline().with([UInt8](repeating: 0xF8, count: 8), at: 112 + 8)
        },
        Case("sizes whose product overflows", .badTensor) {
            try Golden.callMemfd().with([UInt8](repeating: 0xFF, count: 16), at: 112 + 24)
        },
        Case("sizes whose product overflows to the stated 0", .badTensor) {
            try Golden.callMemfd().with([0, 0, 0, 0, 0, 0, 0, 0], at: 112 + 16)
                .with([0, 0, 0, 0, 0, 0, 0, 0x40], at: 112 + 24)
                .with([1, 0], at: 112 + 32)
        },
        Case("a tensor above the limit", .badTensor) {
            try Golden.callMemfd().with([0, 0, 0, 0, 0, 2], at: 112 + 16)
                .with([0, 0, 0, 0, 0x80], at: 112 + 24)
                .with([1, 0], at: 112 + 32)
        },
        Case("a descriptor that is not there", .badTensor) {
            try Golden.callMemfd().with([1], at: 112 + 3)
        },
        Case("an odd place in a memfd", .badTensor) {
            try Golden.callMemfd().with([4], at: 112 + 8)
        },
        Case("a place in a memfd above the limit", .badTensor) {
            try Golden.callMemfd().with([8, 0, 0, 0, 0, 1], at: 112 + 8)
        },
    ]

    static let replyCases = [
        Case("outcome 20", .badValue) { try Golden.bytes(of: "reply-died").with([20], at: 32) },
        Case("outcome 20 that ran", .badValue) { try Golden.replyResult().with([20], at: 32) },
        Case("outcome 16, which is never sent", .badValue) {
            try Golden.bytes(of: "reply-died").with([16], at: 32)
        },
        Case("execution 4", .badValue) { try Golden.replyResult().with([4], at: 34) },
        Case("a result that did not run", .badValue) { try Golden.replyResult().with([0], at: 34) },
        Case("an error that ran", .badValue) {
            try Golden.bytes(of: "reply-died").with([1], at: 34)
        },
        Case("a worker's name of 129 bytes", .tooLarge) {
            let longer = try Golden.replyResult() + [UInt8](repeating: 65, count: 256)
            return longer.withTrueLength.with([129], at: 80)
        },
        Case("a message of 8193 bytes", .tooLarge) {
            let longer = try Golden.replyResult() + [UInt8](repeating: 65, count: 16384)
            return longer.withTrueLength.with([0x01, 0x20], at: 82)
        },
        Case("a message that ends outside", .truncated) {
            try Golden.bytes(of: "reply-died").with([200], at: 82)
        },
        Case("a message that is not UTF-8", .badText) {
            try Golden.bytes(of: "reply-refused").with([0x80], at: 96)
        },
        Case("a worker's name with a NUL", .badText) { try Golden.replyResult().with([0], at: 96) },
        Case("inline data above the limit in a reply", .tooLarge) {
            let data = [UInt8](repeating: 0, count: Limits.maxInlineBytes)
            return (try Golden.replyResult() + data).withTrueLength
        },
    ]

    static let workerCases = [
        Case("a cancel with a tensor", .badValue) {
            try Golden.bytes(of: "cancel").with([1], at: 24)
        },
        Case("a cancel with a descriptor", .badValue) {
            try Golden.bytes(of: "cancel").with([1], at: 26)
        },
        Case("a hello with versions out of order", .badValue) {
            try Golden.bytes(of: "hello").with([2], at: 32)
        },
        Case("a hello with no concurrency", .badValue) {
            try Golden.bytes(of: "hello").with([0], at: 36)
        },
        Case("a hello with a concurrency of 1025", .badValue) {
            try Golden.bytes(of: "hello").with([1, 4], at: 36)
        },
        Case("a hello with two descriptors", .badValue) {
            try Golden.bytes(of: "hello").with([2], at: 26)
        },
        Case("a hello with a tensor", .badValue) {
            try Golden.bytes(of: "hello-lifeline").with([1], at: 24)
        },
        Case("a welcome with a descriptor", .badValue) {
            try Golden.bytes(of: "welcome").with([1], at: 26)
        },
        Case("a ready frame with a descriptor", .badValue) {
            try Golden.bytes(of: "ready").with([1], at: 26)
        },
        Case("a heartbeat with a descriptor", .badValue) {
            try Golden.bytes(of: "heartbeat").with([1], at: 26)
        },
        Case("a shutdown with a descriptor", .badValue) {
            try Golden.bytes(of: "shutdown").with([1], at: 26)
        },
        Case("a refusal with a descriptor", .badValue) {
            try Golden.bytes(of: "refuse").with([1], at: 26)
        },
        Case("an answer to a probe with a descriptor", .badValue) {
            try Golden.bytes(of: "probed").with([1], at: 26)
        },
        Case("a welcome without a heartbeat", .badValue) {
            try Golden.bytes(of: "welcome").with([0, 0], at: 36)
        },
        Case("a welcome with a name that ends outside", .truncated) {
            try Golden.bytes(of: "welcome").with([15], at: 80)
        },
        Case("a welcome with a name of 129 bytes", .tooLarge) {
            try Golden.bytes(of: "welcome").with([129], at: 80)
        },
        Case("a refusal with a message of 8193 bytes", .tooLarge) {
            try Golden.bytes(of: "refuse").with([0x01, 0x20], at: 82)
        },
        Case("a refusal that is not UTF-8", .badText) {
            try Golden.bytes(of: "refuse").with([0xFF], at: 96)
        },
        Case("a probe with a descriptor", .badValue) {
            try Golden.bytes(of: "probe").with([1], at: 26)
        },
        Case("a probe of a name that ends outside", .truncated) {
            try Golden.bytes(of: "probe").with([17], at: 32)
        },
        Case("a probe without the padding of its name", .truncated) {
            Array(try Golden.bytes(of: "probe").dropLast()).withTrueLength
        },
        Case("a probe of a name of 129 bytes", .tooLarge) {
            try Golden.bytes(of: "probe").with([129], at: 32)
        },
        Case("a probe of a name with a NUL", .badText) {
            try Golden.bytes(of: "probe").with([0], at: 97)
        },
        Case("an answer to a probe with status 4", .badValue) {
            try Golden.bytes(of: "probed").with([4], at: 32)
        },
        Case("an answer to a probe with status 256", .badValue) {
            try Golden.bytes(of: "probed").with([1], at: 33)
        },
        Case("an answer to a probe with a message of 1025 bytes", .tooLarge) {
            let longer = try Golden.bytes(of: "probed") + [UInt8](repeating: 65, count: 2048)
            return longer.withTrueLength.with([1, 4], at: 34)
        },
        Case("an answer to a probe with a message that ends outside", .truncated) {
            try Golden.bytes(of: "probed").with([33], at: 34)
        },
        Case("an answer to a probe that is not UTF-8", .badText) {
            try Golden.bytes(of: "probed").with([0xFF], at: 96)
        },
    ]

    @Test func `only calls and replies are refused by the decoder of the other frames`() throws {
        for name in ["call-inline", "reply-result"] {
            let bytes = try Golden.bytes(of: name)
            let header = try FrameHeader(decoding: bytes.span)
            var found: WireError.Kind?
            do {
                _ = try WorkerFrame(decoding: bytes.span, header: header)
            } catch {
                found = error.kind
            }
            #expect(found == .unknownType(header.type.rawValue))
        }
    }

    @Test func `descriptors are counted against what the frame states`() throws {
        let bytes = try Golden.callMemfd()
        let header = try FrameHeader(decoding: bytes.span)
        try header.check(receivedDescriptors: 1)
        for count in [0, 2, 253] {
            var found: WireError.Kind?
            do { try header.check(receivedDescriptors: count) } catch { found = error.kind }
            #expect(found == .descriptorCount)
        }
    }

    @Test func `an unreadable packet is answered with its id when it reaches that far`() throws {
        let bytes = try Golden.callInline()
        let ids = [0, 23, 24, 96].map { count in
            FrameHeader.answerID(ofUnreadable: Array(bytes.prefix(count)).span)
        }
        #expect(ids == [0, 0, 7, 7])
    }

    @Test func `a caller is told of another version apart from other errors`() {
        #expect(WireError(.unsupportedVersion(2), "").callError == .unsupportedVersion)
        #expect(WireError(.truncated, "").callError == .malformedFrame)
        #expect(WireError(.badTensor, "").callError == .malformedFrame)
    }
}
