import SupervisionWire

/// A number of a manifest, exact, and as an element of a type.
enum NumberText: Hashable {
    case integer(Int128)
    case real(Double)

    /// Reads a number as it stands in a range or in a launch's argument.
    init?(parsing text: String) {
        if let value = Int128(text) {
            self = .integer(value)
        } else if let value = Double(text) {
            self = .real(value)
        } else {
            return nil
        }
    }

    init?(_ value: TOMLNode.Value) {
        switch value {
        case .integer(let integer): self = .integer(Int128(integer))
        case .float(let float): self = .real(float)
        case .string(let text): self.init(parsing: text)
        case .boolean, .dateTime, .array, .table: return nil
        }
    }

    var text: String {
        switch self {
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        }
    }

    var real: Double {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        }
    }

    /// The element's bytes, little-endian; nil when the type has no such number: a fraction for
    /// an integer, a value out of its range, a number for opaque bytes.
    func bytes(as type: ElementType) -> [UInt8]? {
        guard let pattern = pattern(as: type) else { return nil }
        return (0..<type.size).map { UInt8(truncatingIfNeeded: pattern >> UInt64(8 * $0)) }
    }

    private func pattern(as type: ElementType) -> UInt64? {
        switch type {
        case .u8: integer(UInt8.self)
        case .i8: integer(Int8.self)
        case .u16: integer(UInt16.self)
        case .i16: integer(Int16.self)
        case .u32: integer(UInt32.self)
        case .i32: integer(Int32.self)
        case .u64: integer(UInt64.self)
        case .i64: integer(Int64.self)
        case .f16: finite(Float16(real)).map { UInt64($0.bitPattern) }
        case .f32: finite(Float(real)).map { UInt64($0.bitPattern) }
        case .f64: real.bitPattern
        case .bytes: nil
        }
    }

    /// Infinity is a number when it is meant, not when a finite one overflows the type.
    private func finite<Real: BinaryFloatingPoint>(_ value: Real) -> Real? {
        value.isInfinite && real.isFinite ? nil : value
    }

    private func integer<Integer: FixedWidthInteger>(_: Integer.Type) -> UInt64? {
        guard case .integer(let value) = self, let exact = Integer(exactly: value) else {
            return nil
        }
        return UInt64(truncatingIfNeeded: exact)
    }
}

/// The values that a scalar may have: `0..<1`, `0...1`, `1...`, `...5` or `..<5`.
struct RangeText: Hashable {
    let lower: NumberText?
    let upper: NumberText?
    let includesUpper: Bool

    /// nil when the text is no range, a bound is no number, or no value can lie inside.
    init?(parsing text: String) {
        let scalars = Array(text.unicodeScalars)
        guard
            let split = scalars.indices.dropLast(2).first(where: {
                scalars[$0] == "." && scalars[$0 + 1] == "."
                    && (scalars[$0 + 2] == "." || scalars[$0 + 2] == "<")
            })
        else { return nil }
        let left = String(String.UnicodeScalarView(scalars[..<split]))
        let right = String(String.UnicodeScalarView(scalars[(split + 3)...]))
        lower = NumberText(parsing: left)
        upper = NumberText(parsing: right)
        includesUpper = scalars[split + 2] == "."
        guard left.isEmpty == (lower == nil), right.isEmpty == (upper == nil),
            lower?.real.isNaN != true, upper?.real.isNaN != true,
            !(left.isEmpty && right.isEmpty), includesUpper || !right.isEmpty
        else { return nil }
        if let lower, let upper {
            guard RangeText.isOrdered(lower, upper, strictly: !includesUpper) else { return nil }
        }
    }

    func contains(_ value: NumberText) -> Bool {
        guard !value.real.isNaN else { return false }
        if let lower, !RangeText.isOrdered(lower, value, strictly: false) { return false }
        guard let upper else { return true }
        return RangeText.isOrdered(value, upper, strictly: !includesUpper)
    }

    private static func isOrdered(
        _ left: NumberText,
        _ right: NumberText,
        strictly: Bool
    ) -> Bool {
        if case .integer(let first) = left, case .integer(let second) = right {
            return strictly ? first < second : first <= second
        }
        return strictly ? left.real < right.real : left.real <= right.real
    }
}
