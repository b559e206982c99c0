import SupervisionKit
import SupervisionWire
import Testing

/// Bytes that nobody wrote as a frame.
///
/// A decoder answers with a frame or an error, never with a trap; and what it takes for a frame can
/// be written again and is the same frame.
struct FuzzTests {
    @Test func `200,000 mutations of good frames are read or refused`() throws {
        let seed = makeSeed()
        var random = SplitMix64(seed: seed)
        let corpus = try Golden.all().map(\.bytes)
        var readCount = 0
        for round in 0..<200_000 {
            let mutant = random.mutant(of: corpus)
            guard let frame = try? AnyFrame(decoding: mutant) else { continue }
            readCount += 1
            guard round % 8 == 0 else { continue }
            expectWritable(frame, from: mutant, "seed \(seed), round \(round)")
        }
        // Neither only refusals nor only good frames: the mutations reach behind the header.
        #expect((20_000...180_000).contains(readCount), "seed \(seed)")
    }

    @Test func `random bytes are refused`() {
        let seed = makeSeed()
        var random = SplitMix64(seed: seed)
        for round in 0..<5000 {
            let bytes = random.bytes(random.below(600))
            #expect(wireError(reading: bytes) != nil, "seed \(seed), round \(round)")
        }
    }

    @Test func `random bytes behind a good header are read or refused`() throws {
        let seed = makeSeed()
        var random = SplitMix64(seed: seed)
        for round in 0..<20_000 {
            let type = FrameType.allCases[random.below(FrameType.allCases.count)]
            let body = random.bytes(8 + random.below(800))
            var bytes = Array("KSUP".utf8) + [1, 0, UInt8(type.rawValue), 0] + body
            bytes += [UInt8](repeating: 0, count: max(0, Limits.headerBytes - bytes.count))
            if random.below(4) > 0 {
                bytes = bytes.with([UInt8(random.below(4)), 0, 1, 0], at: 24)
            }
            if random.below(4) > 0 { bytes = bytes.with([UInt8(random.below(64)), 0], at: 70) }
            let packet = bytes.withTrueLength
            guard let frame = try? AnyFrame(decoding: packet) else { continue }
            expectWritable(frame, from: packet, "seed \(seed), round \(round)")
        }
    }

    private func expectWritable(
        _ frame: AnyFrame,
        from packet: [UInt8],
        _ comment: Comment
    ) {
        do {
            let written = try frame.encoded(from: packet)
            let again = try AnyFrame(decoding: written)
            #expect(again.withoutPlaces == frame.withoutPlaces, comment)
        } catch {
            // Tensors that share bytes need more room when each has its own.
            #expect(error.kind == .tooLarge, comment)
        }
    }
}

extension SplitMix64 {
    fileprivate mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// One to three changes to a frame of `corpus`; its length field mostly kept true, so that the
    /// change is seen by more than the check of the length.
    fileprivate mutating func mutant(of corpus: [[UInt8]]) -> [UInt8] {
        var bytes = corpus[below(corpus.count)]
        for _ in 0...below(3) where !bytes.isEmpty {
            let place = below(bytes.count)
            switch next() % 8 {
            case 0, 1, 2:
                bytes[place] ^= 1 << UInt8(next() % 8)
            case 3:
                bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][below(5)]
            case 4:
                bytes.overwrite(number(), width: 1 << below(4), at: place)
            case 5:
                bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(16)))
            case 6:
                bytes.insert(contentsOf: self.bytes(1 + below(16)), at: place)
            default:
                let other = corpus[below(corpus.count)]
                let start = below(other.count)
                let piece = other[start..<min(other.count, start + 1 + below(64))]
                let end = min(bytes.count, place + piece.count)
                bytes.replaceSubrange(place..<end, with: piece)
            }
        }
        return below(16) == 0 ? bytes : bytes.withTrueLength
    }
}

extension [UInt8] {
    /// Writes the low `width` bytes of `value` at `offset`, as far as they lie inside.
    fileprivate mutating func overwrite(_ value: UInt64, width: Int, at offset: Int) {
        for index in 0..<width where offset + index < count {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }
}
