internal import SupervisionWire

/// The values that a scalar argument may have: `0..<1`, `0...1`, `1...`, `...5` or `..<5`.
struct ValueRange: Hashable, Sendable {
    private enum Bound: Hashable, Sendable {
        case integer(Int128)
        case real(Double)

        var real: Double {
            switch self {
            case .integer(let value): Double(value)
            case .real(let value): value
            }
        }
    }

    /// As it was written; shown in messages.
    let text: String
    private let lower: Bound?
    private let upper: Bound?
    private let includesUpper: Bool

    /// Reads a range for values of `type`.
    ///
    /// Bounds of a floating-point type are rounded to it: the 32-bit value that is written 0.1 lies
    /// in `0...0.1`, although it is a little above a tenth.
    ///
    /// nil when the text is no range, a bound is no number, or no value can lie inside.
    init?(parsing text: String, type: ElementType) {
        let letters = Array(text.utf8)
        let dot = UInt8(ascii: ".")
        guard
            let split = letters.indices.dropLast(2).first(where: {
                letters[$0] == dot && letters[$0 + 1] == dot
                    && (letters[$0 + 2] == dot || letters[$0 + 2] == UInt8(ascii: "<"))
            })
        else { return nil }
        let left = String(decoding: letters[..<split], as: UTF8.self)
        let right = String(decoding: letters[(split + 3)...], as: UTF8.self)
        includesUpper = letters[split + 2] == dot
        guard !(left.isEmpty && right.isEmpty), includesUpper || !right.isEmpty else { return nil }
        lower = ValueRange.bound(left, type: type)
        upper = ValueRange.bound(right, type: type)
        guard left.isEmpty == (lower == nil), right.isEmpty == (upper == nil) else { return nil }
        if let lower, let upper {
            guard includesUpper ? lower.real <= upper.real : lower.real < upper.real else {
                return nil
            }
        }
        self.text = text
    }

    /// NaN lies in no range.
    func contains(_ value: ScalarValue) -> Bool {
        switch value {
        case .integer(let value): contains(value)
        case .real(let value, _): contains(value)
        }
    }

    private func contains(_ value: Int128) -> Bool {
        if case .integer(let lower) = lower, value < lower { return false }
        if case .integer(let upper) = upper {
            guard includesUpper ? value <= upper : value < upper else { return false }
        }
        if case .real(let lower) = lower, Double(value) < lower { return false }
        if case .real(let upper) = upper {
            guard includesUpper ? Double(value) <= upper : Double(value) < upper else {
                return false
            }
        }
        return true
    }

    private func contains(_ value: Double) -> Bool {
        guard !value.isNaN else { return false }
        if let lower, value < lower.real { return false }
        guard let upper else { return true }
        return includesUpper ? value <= upper.real : value < upper.real
    }

    private static func bound(_ text: String, type: ElementType) -> Bound? {
        switch type {
        case .f16, .f32, .f64:
            guard let value = Double(text), !value.isNaN,
                case .real(let rounded, _)? = ScalarValue(value, as: type)
            else { return nil }
            return .real(rounded)
        case .bytes:
            return nil
        case .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64:
            if let value = Int128(text) { return .integer(value) }
            guard let value = Double(text), !value.isNaN else { return nil }
            return .real(value)
        }
    }
}
