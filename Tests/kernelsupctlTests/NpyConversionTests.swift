import SupervisionWire
import Testing

@testable import kernelsupctl

@Suite struct NpyConversionTests {
    /// Converts bytes of a file and gives those of the tensor.
    private func convert(
        _ bytes: [UInt8],
        _ header: NpyHeader,
        to type: ElementType
    ) throws(Number.Misfit) -> [UInt8] {
        var source = bytes
        var output = [UInt8](repeating: 0xEE, count: header.count * type.size)
        let result = source.withUnsafeMutableBytes { source in
            output.withUnsafeMutableBytes { output in
                Result { () throws(Number.Misfit) in
                    try NpyConversion(header: header, target: type)
                        .convert(source, into: output)
                }
            }
        }
        try result.get()
        return output
    }

    private func bytes<Element: BitwiseCopyable>(_ values: [Element]) -> [UInt8] {
        values.withUnsafeBytes { Array($0) }
    }

    @Test func `brings column-major data into row-major order`() throws {
        // [[0, 1, 2], [3, 4, 5]] column by column.
        let columns = bytes([0, 3, 1, 4, 2, 5] as [Int32])
        let header = NpyHeader(type: .i32, shape: [2, 3], isFortranOrder: true)
        #expect(try convert(columns, header, to: .i32) == bytes([0, 1, 2, 3, 4, 5] as [Int32]))
    }

    @Test func `walks three dimensions in column-major order`() throws {
        let shape = [2, 3, 4]
        var columns = [UInt8](repeating: 0, count: 24)
        for index in 0..<24 {
            let (i, j, k) = (index / 12, index / 4 % 3, index % 4)
            columns[i + 2 * j + 6 * k] = UInt8(index)
        }
        let header = NpyHeader(type: .u8, shape: shape, isFortranOrder: true)
        #expect(try convert(columns, header, to: .u8) == Array(0..<24))
    }

    @Test func `swaps big-endian elements`() throws {
        let header = NpyHeader(type: .f32, shape: [2], isSwapped: true)
        let swapped = [1.5, -2].flatMap { bytes([Float($0).bitPattern.bigEndian]) }
        #expect(try convert(swapped, header, to: .f32) == bytes([1.5, -2] as [Float]))
        #expect(try convert(swapped, header, to: .f64) == bytes([1.5, -2] as [Double]))
    }

    @Test func `converts between all pairs of types what both hold`() throws {
        for from in ElementType.allCases where from != .bytes {
            for to in ElementType.allCases where to != .bytes {
                let numbers = try NumberArray("[0, 1, 100]")
                let source = try numbers.bytes(as: from)
                let header = NpyHeader(type: from, shape: [3])
                #expect(try convert(source, header, to: to) == numbers.bytes(as: to))
            }
        }
    }

    @Test func `says which element does not fit`() {
        #expect(throws: Number.Misfit(reason: "element 1: 300 is not in 0...255")) {
            try convert(bytes([1, 300] as [Int64]), NpyHeader(type: .i64, shape: [2]), to: .u8)
        }
        #expect(throws: Number.Misfit(reason: "element 0: 1.5 is no whole number")) {
            try convert(bytes([1.5] as [Double]), NpyHeader(type: .f64, shape: [1]), to: .i32)
        }
        #expect(throws: Number.Misfit(reason: "element 0: nan is no whole number")) {
            try convert(bytes([Double.nan]), NpyHeader(type: .f64, shape: [1]), to: .i32)
        }
        #expect(throws: Number.Misfit(reason: "element 0: 1e+300 is larger than the type holds")) {
            try convert(bytes([1e300] as [Double]), NpyHeader(type: .f64, shape: [1]), to: .f32)
        }
    }

    @Test func `keeps infinities and the bits of NaNs`() throws {
        let odd = [Float(bitPattern: 0x7FC0_1234), .infinity, -.infinity]
        let header = NpyHeader(type: .f32, shape: [3], isFortranOrder: true)
        #expect(try convert(bytes(odd), header, to: .f32) == bytes(odd))
        let wide = try convert(bytes([Float.infinity]), NpyHeader(type: .f32, shape: [1]), to: .f64)
        #expect(wide == bytes([Double.infinity]))
    }

    @Test func `knows when nothing is to be converted`() {
        func isIdentity(_ header: NpyHeader, _ target: ElementType = .f32) -> Bool {
            NpyConversion(header: header, target: target).isIdentity
        }
        #expect(isIdentity(NpyHeader(type: .f32, shape: [2, 3])))
        #expect(isIdentity(NpyHeader(type: .f32, shape: [1, 7], isFortranOrder: true)))
        #expect(!isIdentity(NpyHeader(type: .f32, shape: [2, 7], isFortranOrder: true)))
        #expect(!isIdentity(NpyHeader(type: .f32, shape: [2], isSwapped: true)))
        #expect(!isIdentity(NpyHeader(type: .f64, shape: [2])))
    }
}
