/// Numbers, booleans, dates: what stands without quotes.
///
/// The forms are checked to the letter, because TOMLKit aborts on some that are almost right
/// (`2026-01-01 1`); only ranges of days and hours are left to it.
extension TOMLScanner {
    mutating func plainValue() throws(Failure) -> TOMLNode.Value {
        let start = mark
        skipWord()
        if PlainValue(scalars[start.index..<index]).isDate, peek == " ", index + 1 < scalars.count,
            scalars[index + 1].isDigit
        {
            // A date and a time may be separated by one blank.
            advance()
            skipWord()
        }
        let word = text(from: start.index)
        guard !word.isEmpty else { throw failure("expected a value") }
        guard let value = PlainValue(scalars[start.index..<index]).value else {
            throw failure("`\(word)` is not a value", at: span(from: start))
        }
        return value
    }

    private mutating func skipWord() {
        while let next = peek, next.isPlain { advance() }
    }
}

/// One word, matched against TOML's grammar (toml.io, version 1.0.0).
private struct PlainValue {
    private let word: ArraySlice<Unicode.Scalar>
    private var rest: ArraySlice<Unicode.Scalar>

    init(_ word: ArraySlice<Unicode.Scalar>) {
        self.word = word
        rest = word
    }

    var isDate: Bool {
        var copy = self
        return copy.takeDate() && copy.rest.isEmpty
    }

    var value: TOMLNode.Value? {
        let text = String(String.UnicodeScalarView(word))
        switch text {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "inf", "+inf": return .float(.infinity)
        case "-inf": return .float(-.infinity)
        case "nan", "+nan", "-nan": return .float(.nan)
        default: return isDateTime ? .dateTime(text) : integer ?? decimal
        }
    }

    // MARK: Numbers

    /// With a radix prefix.
    private var integer: TOMLNode.Value? {
        let prefixes: [(letter: Unicode.Scalar, radix: Int)] = [("x", 16), ("o", 8), ("b", 2)]
        for prefix in prefixes {
            var copy = self
            guard copy.take("0"), copy.take(prefix.letter) else { continue }
            guard copy.takeDigits({ $0.isDigit(radix: prefix.radix) }), copy.rest.isEmpty else {
                return nil
            }
            return Int64(PlainValue.clean(word.dropFirst(2)), radix: prefix.radix)
                .map { .integer($0) }
        }
        return nil
    }

    /// Decimal, with or without a fraction or an exponent.
    private var decimal: TOMLNode.Value? {
        var copy = self
        if !copy.take("+") { _ = copy.take("-") }
        let startsWithZero = copy.rest.first == "0"
        let whole = copy.rest.startIndex
        guard copy.takeDigits(\.isDigit) else { return nil }
        guard !startsWithZero || copy.rest.startIndex == whole + 1 else { return nil }
        if copy.rest.isEmpty {
            return Int64(PlainValue.clean(word)).map { .integer($0) }
        }
        if copy.take(".") {
            guard copy.takeDigits(\.isDigit) else { return nil }
        }
        if copy.take("e") || copy.take("E") {
            if !copy.take("+") { _ = copy.take("-") }
            guard copy.takeDigits(\.isDigit) else { return nil }
        }
        guard copy.rest.isEmpty else { return nil }
        return Double(PlainValue.clean(word)).map { .float($0) }
    }

    private static func clean(_ word: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(word.filter { $0 != "_" }))
    }

    // MARK: Dates

    private var isDateTime: Bool {
        var copy = self
        guard copy.takeDate() else { return copy.takeTime() && copy.rest.isEmpty }
        guard !copy.rest.isEmpty else { return true }
        guard copy.take("T") || copy.take("t") || copy.take(" "), copy.takeTime() else {
            return false
        }
        guard !copy.rest.isEmpty, !copy.take("Z"), !copy.take("z") else {
            return copy.rest.isEmpty
        }
        return (copy.take("+") || copy.take("-")) && copy.takeNumbers([2, 2], between: ":")
            && copy.rest.isEmpty
    }

    private mutating func takeDate() -> Bool {
        let start = rest
        guard takeNumbers([4, 2, 2], between: "-") else {
            rest = start
            return false
        }
        return true
    }

    private mutating func takeTime() -> Bool {
        guard takeNumbers([2, 2, 2], between: ":") else { return false }
        guard take(".") else { return true }
        let start = rest.startIndex
        while rest.first?.isDigit == true { rest.removeFirst() }
        return rest.startIndex > start
    }

    // MARK: Pieces

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    /// Digits with single underscores between them.
    private mutating func takeDigits(_ isDigit: (Unicode.Scalar) -> Bool) -> Bool {
        guard let first = rest.first, isDigit(first) else { return false }
        while let next = rest.first {
            if isDigit(next) {
                rest.removeFirst()
            } else if next == "_", let after = rest.dropFirst().first, isDigit(after) {
                rest.removeFirst(2)
            } else {
                return true
            }
        }
        return true
    }

    /// Numbers of these many digits each.
    private mutating func takeNumbers(
        _ lengths: [Int],
        between separator: Unicode.Scalar
    ) -> Bool {
        for (position, length) in lengths.enumerated() {
            guard position == 0 || take(separator) else { return false }
            guard rest.count >= length, rest.prefix(length).allSatisfy(\.isDigit) else {
                return false
            }
            rest.removeFirst(length)
        }
        return true
    }
}

extension Unicode.Scalar {
    fileprivate var isPlain: Bool {
        switch self {
        case " ", "\t", "\r", "\n", ",", "]", "}", "[", "{", "#", "=", "\"", "'": false
        default: true
        }
    }

    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }

    fileprivate func isDigit(radix: Int) -> Bool {
        switch self {
        case "0"..."9": Int(value) - 0x30 < radix
        case "a"..."f", "A"..."F": radix == 16
        default: false
        }
    }
}
