import KernelClient
import SupervisionWire

/// One number on its way from text or a file to a tensor, without having lost anything yet.
enum Number: Hashable {
    case signed(Int64)
    /// Above what an Int64 holds.
    case unsigned(UInt64)
    case real(Double)

    /// Why a number can't be an element of a type.
    struct Misfit: Error, Hashable {
        var reason: String
    }

    /// A JSON number, or one of `nan`, `inf`, `-inf`; nil for any other text.
    init?(_ text: String) {
        switch text.lowercased() {
        case "nan":
            self = .real(.nan)
            return
        case "inf", "infinity", "+inf":
            self = .real(.infinity)
            return
        case "-inf", "-infinity":
            self = .real(-.infinity)
            return
        default:
            break
        }
        guard let first = text.utf8.first, first == UInt8(ascii: "-") || isDigit(first),
            let last = text.utf8.last, isDigit(last),
            text.utf8.allSatisfy({ isDigit($0) || ".eE+-".utf8.contains($0) })
        else { return nil }
        if let value = Int64(text) {
            // -0 is a real number: its sign would be lost.
            self = value == 0 && first == UInt8(ascii: "-") ? .real(-0.0) : .signed(value)
        } else if let value = UInt64(text) {
            self = .unsigned(value)
        } else if let value = Double(text) {
            self = .real(value)
        } else {
            return nil
        }
    }

    var text: String {
        switch self {
        case .signed(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .real(let value): realText(value)
        }
    }

    /// As an element of `Element`: whole numbers exactly, real numbers rounded to the nearest.
    func integer<Element: FixedWidthInteger>(_ type: Element.Type) throws(Misfit) -> Element {
        let exact: Element?
        switch self {
        case .signed(let value): exact = Element(exactly: value)
        case .unsigned(let value): exact = Element(exactly: value)
        case .real(let value):
            guard value.rounded() == value, value.isFinite else {
                throw Misfit(reason: "\(text) is no whole number")
            }
            exact = Element(exactly: value)
        }
        guard let exact else {
            throw Misfit(reason: "\(text) is not in \(Element.min)...\(Element.max)")
        }
        return exact
    }

    func real<Element: BinaryFloatingPoint>(_ type: Element.Type) throws(Misfit) -> Element {
        let value: Element
        switch self {
        case .signed(let number): value = Element(number)
        case .unsigned(let number): value = Element(number)
        case .real(let number):
            value = Element(number)
            guard number.isFinite else { return value }
        }
        guard value.isFinite else {
            throw Misfit(reason: "\(text) is larger than the type holds")
        }
        return value
    }

    /// Writes the number as one element; `target` has room for it.
    func store(
        as type: ElementType,
        to target: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(Misfit) {
        switch type {
        case .u8, .bytes: try put(integer(UInt8.self), target, offset)
        case .i8: try put(integer(Int8.self), target, offset)
        case .u16: try put(integer(UInt16.self), target, offset)
        case .i16: try put(integer(Int16.self), target, offset)
        case .u32: try put(integer(UInt32.self), target, offset)
        case .i32: try put(integer(Int32.self), target, offset)
        case .u64: try put(integer(UInt64.self), target, offset)
        case .i64: try put(integer(Int64.self), target, offset)
        case .f16: try put(real(Float16.self), target, offset)
        case .f32: try put(real(Float.self), target, offset)
        case .f64: try put(real(Double.self), target, offset)
        }
    }

    /// Reads one element.
    init(_ type: ElementType, from source: UnsafeRawBufferPointer, at offset: Int) {
        switch type {
        case .u8, .bytes: self = .signed(Int64(source[offset]))
        case .i8: self = .signed(Int64(get(source, offset, Int8.self)))
        case .u16: self = .signed(Int64(get(source, offset, UInt16.self)))
        case .i16: self = .signed(Int64(get(source, offset, Int16.self)))
        case .u32: self = .signed(Int64(get(source, offset, UInt32.self)))
        case .i32: self = .signed(Int64(get(source, offset, Int32.self)))
        case .u64:
            let value = get(source, offset, UInt64.self)
            self = Int64(exactly: value).map(Number.signed) ?? .unsigned(value)
        case .i64: self = .signed(get(source, offset, Int64.self))
        case .f16: self = .real(Double(get(source, offset, Float16.self)))
        case .f32: self = .real(Double(get(source, offset, Float.self)))
        case .f64: self = .real(get(source, offset, Double.self))
        }
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func put<Element: BitwiseCopyable>(
    _ value: Element,
    _ target: UnsafeMutableRawBufferPointer,
    _ offset: Int
) {
    target.storeBytes(of: value, toByteOffset: offset, as: Element.self)
}

private func get<Element: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer,
    _ offset: Int,
    _ type: Element.Type
) -> Element {
    source.loadUnaligned(fromByteOffset: offset, as: Element.self)
}

private func realText(_ value: Double) -> String {
    value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : "\(value)"
}

/// One element as text, in the shortest form that reads back to it.
func elementText(
    _ type: ElementType,
    _ source: UnsafeRawBufferPointer,
    at offset: Int
) -> String {
    switch type {
    case .f16:
        let value = get(source, offset, Float16.self)
        return value.isFinite ? "\(value)" : realText(Double(value))
    case .f32:
        let value = get(source, offset, Float.self)
        return value.isFinite ? "\(value)" : realText(Double(value))
    case .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64, .f64, .bytes:
        return Number(type, from: source, at: offset).text
    }
}
