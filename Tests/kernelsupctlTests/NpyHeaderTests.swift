import SupervisionWire
import Testing

@testable import kernelsupctl

@Suite struct NpyHeaderTests {
    /// A header as NumPy writes it, of the given version.
    private func file(_ dictionary: String, version: UInt8 = 1) -> [UInt8] {
        let text = Array(dictionary.utf8)
        let length = [UInt8(text.count & 0xFF), UInt8(text.count >> 8)]
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length
            + (version > 1 ? [0, 0] : []) + text
    }

    private func parse(_ bytes: [UInt8]) throws(NpyHeader.Problem) -> NpyHeader {
        let range = try NpyHeader.dictionary(prefix: bytes.prefix(NpyHeader.prefixBytes))
        guard range.upperBound <= bytes.count else {
            throw NpyHeader.Problem(message: "the header is cut short")
        }
        return try NpyHeader(dictionary: bytes[range])
    }

    private func problem(_ bytes: [UInt8]) -> String? {
        do throws(NpyHeader.Problem) {
            _ = try parse(bytes)
            return nil
        } catch {
            return error.message
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt8])
    func `reads what NumPy writes in all three versions`(version: UInt8) throws {
        let bytes = file(
            "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }     \n",
            version: version
        )
        #expect(
            try parse(bytes)
                == NpyHeader(type: .i16, shape: [2, 3], isSwapped: true, isFortranOrder: true)
        )
    }

    @Test func `reads every element type, in both byte orders`() throws {
        for (name, type) in [
            ("u1", ElementType.u8), ("i1", .i8), ("u2", .u16), ("i2", .i16), ("u4", .u32),
            ("i4", .i32), ("u8", .u64), ("i8", .i64), ("f2", .f16), ("f4", .f32), ("f8", .f64),
            ("b1", .u8),
        ] {
            for order in ["<", ">", "|", "=", ""] {
                let bytes = file(
                    "{'descr': '\(order)\(name)', 'fortran_order': False, 'shape': ()}"
                )
                let swapped = order == ">" && type.size > 1
                let header = try parse(bytes)
                #expect(header == NpyHeader(type: type, shape: [], isSwapped: swapped))
            }
        }
    }

    @Test(arguments: [[], [0], [5], [2, 3], [1, 2, 3, 4, 5, 6, 7, 8]])
    func `writes a header that it reads back, with the data at a multiple of 64`(
        shape: [Int]
    ) throws {
        for type in ElementType.allCases where type != .bytes {
            let header = NpyHeader(type: type, shape: shape)
            let bytes = header.encoded()
            #expect(bytes.count % 64 == 0)
            #expect(try parse(bytes) == header)
        }
    }

    @Test func `writes byte for byte what NumPy writes`() {
        let header = NpyHeader(type: .f32, shape: [2]).encoded()
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
        #expect(
            header == [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8)
                + [UInt8](repeating: 0x20, count: 60) + [0x0A]
        )
    }

    @Test(arguments: [
        ("'|O'", "allow_pickle"), ("'<c8'", "complex"), ("'<U5'", "only plain numbers"),
        ("'|S3'", "only plain numbers"), ("[('a', '<f4'), ('b', '<i4')]", "structured"),
        ("'<M8[ns]'", "only plain numbers"), ("True", "structured"),
    ])
    func `refuses what is not plain numbers, in a sentence`(descr: String, words: String) {
        let message = problem(
            file("{'descr': \(descr), 'fortran_order': False, 'shape': (2,), }")
        )
        #expect(message?.contains(words) == true, "\(message ?? "accepted")")
    }

    @Test(arguments: [
        ("", "is missing"), ("{", "ends too early"), ("{}", "wanted are descr"),
        ("{'descr': '<f4', 'fortran_order': False}", "wanted are descr"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': True}", "wanted are"),
        ("{'descr': '<f4', 'descr': '<f4', 'shape': ()}", "twice"),
        ("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", "an unknown word"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "no whole number"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': 3}", "an unknown word"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + 1", "more behind"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", "9 dim"),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 8)}",
            "larger than"
        ),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "no whole"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2", "is missing"),
        ("{'descr': '<f4", "no end"), ("{'de\\x41': 1}", "not plain"), ("[1]", "is missing"),
    ])
    func `refuses a damaged header`(dictionary: String, words: String) {
        let message = problem(file(dictionary))
        #expect(message?.contains(words) == true, "\(message ?? "accepted")")
    }

    @Test func `refuses other files, other versions and endless headers`() {
        #expect(problem(Array("PK\u{3}\u{4}something".utf8))?.contains("NumPy's format") == true)
        #expect(problem([])?.contains("NumPy's format") == true)
        #expect(problem(file("{}", version: 4))?.contains("version 4.0") == true)
        var endless = file("{}", version: 2)
        endless[11] = 0x7F
        #expect(problem(endless)?.contains("at most 65536") == true)
    }

    @Test func `survives twenty thousand corrupted headers`() {
        let seeds = [
            file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n"),
            file("{'descr': '>i8', 'fortran_order': True, 'shape': (7,), }\n", version: 3),
        ]
        var random = SeededGenerator(seed: 11)
        for round in 0..<20_000 {
            var bytes = seeds[round % 2]
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let index = Int.random(in: 6..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(UInt8(ascii: "9"), at: index)
                default: bytes.removeLast(min(3, bytes.count - 8))
                }
            }
            guard let header = try? parse(bytes) else { continue }
            #expect(header.shape.count <= 8)
            #expect(header.byteCount >= 0 && header.byteCount <= 1 << 40)
        }
    }
}

/// A seeded generator.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
