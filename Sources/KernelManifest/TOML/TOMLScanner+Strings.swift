/// Strings of all four kinds.
extension TOMLScanner {
    mutating func basicString() throws(Failure) -> String {
        var result = String.UnicodeScalarView()
        advance()
        while let next = peek, next != "\n" {
            advance()
            switch next {
            case "\"": return String(result)
            case "\\": result.append(try escape())
            default: result.append(next)
            }
        }
        throw failure("the string has no end")
    }

    mutating func literalString() throws(Failure) -> String {
        advance()
        let start = index
        while let next = peek, next != "\n" {
            if next == "'" {
                let result = text(from: start)
                advance()
                return result
            }
            advance()
        }
        throw failure("the string has no end")
    }

    mutating func multilineBasic() throws(Failure) -> String {
        openMultiline()
        var result = String.UnicodeScalarView()
        while let next = peek {
            if next == "\"", hasNext("\"\"\"") {
                return String(result) + closeMultiline("\"")
            }
            advance()
            guard next == "\\" else {
                result.append(next)
                continue
            }
            if !skipLineEnd() {
                result.append(try escape())
            }
        }
        throw failure("the string has no end")
    }

    mutating func multilineLiteral() throws(Failure) -> String {
        openMultiline()
        let start = index
        while let next = peek {
            if next == "'", hasNext("'''") {
                return text(from: start) + closeMultiline("'")
            }
            advance()
        }
        throw failure("the string has no end")
    }

    /// Passes the quotes, and the line end behind them, which is not part of the string.
    private mutating func openMultiline() {
        for _ in 0..<3 { advance() }
        if peek == "\r", index + 1 < scalars.count, scalars[index + 1] == "\n" { advance() }
        if peek == "\n" { advance() }
    }

    /// Passes the closing quotes; up to two more before them belong to the string.
    private mutating func closeMultiline(_ quote: Unicode.Scalar) -> String {
        for _ in 0..<3 { advance() }
        var more = ""
        while peek == quote, more.count < 2 {
            more.unicodeScalars.append(quote)
            advance()
        }
        return more
    }

    /// After a backslash: when only blanks stand behind it on the line, skips to the next text.
    private mutating func skipLineEnd() -> Bool {
        var end = index
        while end < scalars.count, [" ", "\t", "\r"].contains(scalars[end]) { end += 1 }
        guard end < scalars.count, scalars[end] == "\n" else { return false }
        while let next = peek, [" ", "\t", "\r", "\n"].contains(next) { advance() }
        return true
    }

    /// The character meant by what follows a backslash.
    private mutating func escape() throws(Failure) -> Unicode.Scalar {
        guard let next = peek else { throw failure("the string has no end") }
        switch next {
        case "b": advance(); return "\u{08}"
        case "t": advance(); return "\t"
        case "n": advance(); return "\n"
        case "f": advance(); return "\u{0C}"
        case "r": advance(); return "\r"
        case "\"", "\\": advance(); return next
        case "u": return try hexadecimal(digits: 4)
        case "U": return try hexadecimal(digits: 8)
        default: throw failure("'\\\(next)' is not an escape")
        }
    }

    private mutating func hexadecimal(digits: Int) throws(Failure) -> Unicode.Scalar {
        advance()
        let start = index
        for _ in 0..<digits {
            guard let next = peek, next.properties.isASCIIHexDigit else {
                throw failure("expected \(digits) hexadecimal digits")
            }
            advance()
        }
        guard let code = UInt32(text(from: start), radix: 16), let scalar = Unicode.Scalar(code)
        else {
            throw failure("this is not a Unicode scalar value")
        }
        return scalar
    }
}
