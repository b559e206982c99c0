public import SupervisionWire

/// A Swift number that is an element of a tensor as it lies in memory (little-endian hosts only).
public protocol TensorElement: BitwiseCopyable, Sendable {
    static var elementType: ElementType { get }
}

extension UInt8: TensorElement {
    public static var elementType: ElementType { .u8 }
}

extension Int8: TensorElement {
    public static var elementType: ElementType { .i8 }
}

extension UInt16: TensorElement {
    public static var elementType: ElementType { .u16 }
}

extension Int16: TensorElement {
    public static var elementType: ElementType { .i16 }
}

extension UInt32: TensorElement {
    public static var elementType: ElementType { .u32 }
}

extension Int32: TensorElement {
    public static var elementType: ElementType { .i32 }
}

extension UInt64: TensorElement {
    public static var elementType: ElementType { .u64 }
}

extension Int64: TensorElement {
    public static var elementType: ElementType { .i64 }
}

extension Float16: TensorElement {
    public static var elementType: ElementType { .f16 }
}

extension Float: TensorElement {
    public static var elementType: ElementType { .f32 }
}

extension Double: TensorElement {
    public static var elementType: ElementType { .f64 }
}
