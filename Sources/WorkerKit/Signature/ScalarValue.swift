internal import SupervisionWire

/// A number with its exact value, whatever its type: what ranges are compared with.
enum ScalarValue: Hashable, Sendable {
    /// Holds every integer type without loss.
    case integer(Int128)
    /// `text` is the shortest that reads back as the same value of the original type, so that a
    /// 32-bit 0.1 is shown as 0.1 and not as 0.10000000149.
    case real(Double, text: String)

    var text: String {
        switch self {
        case .integer(let value): "\(value)"
        case .real(_, let text): text
        }
    }

    /// The value for a size; nil for a fraction or a number that does not fit.
    var size: Int64? {
        switch self {
        case .integer(let value): Int64(exactly: value)
        case .real: nil
        }
    }

    /// Reads a number as it stands in a signature; nil when it isn't one of that type.
    init?(parsing text: String, type: ElementType) {
        switch type {
        case .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64:
            guard let value = Int128(text), ScalarValue.integers(of: type).contains(value) else {
                return nil
            }
            self = .integer(value)
        case .f16, .f32, .f64:
            guard let value = Double(text), let rounded = ScalarValue(value, as: type) else {
                return nil
            }
            self = rounded
        case .bytes:
            return nil
        }
    }

    /// The value of a tensor without dimensions; nil for opaque bytes.
    init?(_ tensor: InputTensor) {
        guard tensor.shape.isEmpty else { return nil }
        switch tensor.type {
        case .u8: self.init(integer: tensor.scalar(as: UInt8.self))
        case .i8: self.init(integer: tensor.scalar(as: Int8.self))
        case .u16: self.init(integer: tensor.scalar(as: UInt16.self))
        case .i16: self.init(integer: tensor.scalar(as: Int16.self))
        case .u32: self.init(integer: tensor.scalar(as: UInt32.self))
        case .i32: self.init(integer: tensor.scalar(as: Int32.self))
        case .u64: self.init(integer: tensor.scalar(as: UInt64.self))
        case .i64: self.init(integer: tensor.scalar(as: Int64.self))
        case .f16: self.init(real: tensor.scalar(as: Float16.self))
        case .f32: self.init(real: tensor.scalar(as: Float.self))
        case .f64: self.init(real: tensor.scalar(as: Double.self))
        case .bytes: return nil
        }
    }

    /// A number rounded to a floating-point type; nil for other types.
    init?(_ value: Double, as type: ElementType) {
        switch type {
        case .f16: self.init(real: Float16(value))
        case .f32: self.init(real: Float(value))
        case .f64: self.init(real: value)
        case .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64, .bytes: return nil
        }
    }

    private init?(integer value: (some BinaryInteger)?) {
        guard let value else { return nil }
        self = .integer(Int128(value))
    }

    private init?(real value: (some BinaryFloatingPoint & CustomStringConvertible)?) {
        guard let value else { return nil }
        self = .real(Double(value), text: value.description)
    }

    /// The bytes of a tensor without dimensions.
    ///
    /// The value was parsed for the same type.
    func bytes(as type: ElementType) -> [UInt8] {
        let pattern: UInt64 =
            switch self {
            case .integer(let value):
                UInt64(truncatingIfNeeded: value)
            case .real(let value, _):
                switch type {
                case .f16: UInt64(Float16(value).bitPattern)
                case .f32: UInt64(Float(value).bitPattern)
                case .f64, .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64, .bytes: value.bitPattern
                }
            }
        return (0..<type.size).map { UInt8(truncatingIfNeeded: pattern >> UInt64(8 * $0)) }
    }

    private static func integers(of type: ElementType) -> ClosedRange<Int128> {
        func all<Number: FixedWidthInteger>(_: Number.Type) -> ClosedRange<Int128> {
            Int128(Number.min)...Int128(Number.max)
        }
        return switch type {
        case .u8, .bytes: all(UInt8.self)
        case .i8: all(Int8.self)
        case .u16: all(UInt16.self)
        case .i16: all(Int16.self)
        case .u32: all(UInt32.self)
        case .i32: all(Int32.self)
        case .u64: all(UInt64.self)
        case .i64, .f16, .f32, .f64: all(Int64.self)
        }
    }
}
