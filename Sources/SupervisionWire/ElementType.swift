/// The type of a tensor's elements.
///
/// Raw values travel on the wire and never change.
public enum ElementType: UInt8, CaseIterable, Sendable {
    case u8 = 1
    case i8 = 2
    case u16 = 3
    case i16 = 4
    case u32 = 5
    case i32 = 6
    case u64 = 7
    case i64 = 8
    case f16 = 9
    case f32 = 10
    case f64 = 11
    /// Opaque bytes; the last dimension counts them.
    case bytes = 12

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .u8, .i8, .bytes: 1
        case .u16, .i16, .f16: 2
        case .u32, .i32, .f32: 4
        case .u64, .i64, .f64: 8
        }
    }

    public var name: String {
        switch self {
        case .u8: "u8"
        case .i8: "i8"
        case .u16: "u16"
        case .i16: "i16"
        case .u32: "u32"
        case .i32: "i32"
        case .u64: "u64"
        case .i64: "i64"
        case .f16: "f16"
        case .f32: "f32"
        case .f64: "f64"
        case .bytes: "bytes"
        }
    }

    public init?(name: String) {
        guard let match = ElementType.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
