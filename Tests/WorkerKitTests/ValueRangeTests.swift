import SupervisionWire
import Testing

@testable import WorkerKit

@Suite struct `A range of values` {
    @Test(
        arguments: [
            ("0..<1", [(0, true), (0.5, true), (1, false), (-0.5, false)]),
            ("0...1", [(0, true), (1, true), (1.5, false)]),
            ("1...", [(1, true), (.infinity, true), (0.5, false)]),
            ("...-2.5", [(-2.5, true), (-.infinity, true), (-2, false)]),
            ("..<5", [(5, false), (4.5, true)]),
            ("1e-3...inf", [(0.001, true), (0, false)]),
        ] as [(String, [(Double, Bool)])]
    )
    func `holds what it says`(text: String, samples: [(Double, Bool)]) throws {
        let range = try #require(ValueRange(parsing: text, type: .f64))
        for (value, isInside) in samples {
            let scalar = ScalarValue.real(value, text: "\(value)")
            #expect(range.contains(scalar) == isInside, "\(value) in \(text)")
        }
        #expect(!range.contains(.real(.nan, text: "nan")))
    }

    @Test func `compares integers exactly`() throws {
        let range = try #require(
            ValueRange(parsing: "9223372036854775807...18446744073709551614", type: .u64)
        )
        #expect(!range.contains(.integer(Int128(Int64.max) - 1)))
        #expect(range.contains(.integer(Int128(Int64.max))))
        #expect(range.contains(.integer(Int128(UInt64.max) - 1)))
        #expect(!range.contains(.integer(Int128(UInt64.max))))
    }

    @Test func `compares integers with a fraction`() throws {
        let range = try #require(ValueRange(parsing: "0.5..<2.5", type: .i32))
        #expect(!range.contains(.integer(0)))
        #expect(range.contains(.integer(1)) && range.contains(.integer(2)))
        #expect(!range.contains(.integer(3)))
    }

    @Test func `holds a bound as the argument's type rounds it`() throws {
        let range = try #require(ValueRange(parsing: "0...0.1", type: .f32))
        let tensor = try InputTensor(name: "x", shape: [], elements: [Float(0.1)])
        let value = try #require(ScalarValue(tensor))
        #expect(value.text == "0.1")
        #expect(range.contains(value))
    }

    @Test(arguments: [
        "", "1", "...", "..<", "1..<", "a...b", "2...1", "1..<1", "0..1", "nan...1", "0...1...2",
    ])
    func `is refused when it is none`(text: String) {
        #expect(ValueRange(parsing: text, type: .f32) == nil)
    }
}

@Suite struct `A scalar` {
    @Test(
        arguments: [
            ("255", ElementType.u8, [255]), ("-1", .i8, [255]), ("256", .u16, [0, 1]),
            ("-2", .i16, [254, 255]), ("1", .u32, [1, 0, 0, 0]),
            ("18446744073709551615", .u64, [255, 255, 255, 255, 255, 255, 255, 255]),
            ("1", .f16, [0x00, 0x3C]), ("1", .f32, [0, 0, 0x80, 0x3F]),
            ("-2", .f64, [0, 0, 0, 0, 0, 0, 0, 0xC0]),
        ] as [(String, ElementType, [UInt8])]
    )
    func `is read and written as its type`(
        text: String,
        type: ElementType,
        bytes: [UInt8]
    ) throws {
        let value = try #require(ScalarValue(parsing: text, type: type))
        #expect(value.bytes(as: type) == bytes)
        let tensor = try InputTensor(name: "x", type: type, shape: [], bytes: bytes)
        #expect(ScalarValue(tensor) == value)
    }

    @Test(arguments: [
        ("256", ElementType.u8), ("-1", .u64), ("128", .i8), ("1.5", .i32), ("", .f32),
        ("1", .bytes), ("18446744073709551616", .u64),
    ])
    func `is refused when its type does not hold it`(text: String, type: ElementType) {
        #expect(ScalarValue(parsing: text, type: type) == nil)
    }
}
