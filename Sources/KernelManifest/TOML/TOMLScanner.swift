/// Reads a TOML document into a tree with places.
///
/// It accepts all of TOML 1.0 and a little more (TOMLKit is the judge of that), never traps, and
/// holds the bound on nesting in every construct: headers, dotted keys, arrays, inline tables.
struct TOMLScanner {
    struct Failure: Error {
        var message: String
        var span: SourceSpan
    }

    let scalars: [Unicode.Scalar]
    var index = 0
    private var line = 1
    private var lineStart = 0
    private let root = TOMLTableBuilder(span: .start)

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        // A byte order mark counts as no character of the first line.
        if scalars.first == "\u{FEFF}" {
            index = 1
            lineStart = 1
        }
    }

    mutating func scan() throws(Failure) -> TOMLNode.Table {
        if let nul = scalars.firstIndex(of: "\0") {
            while index < nul { advance() }
            throw failure("a NUL byte: this is not a text file")
        }
        var table = root
        var depth = 0
        skipBlank(newlines: true)
        while let next = peek {
            if next == "[" {
                (table, depth) = try header()
            } else {
                try keyAndValue(into: table, depth: depth)
            }
            skipBlank(newlines: false)
            guard peek == nil || peek == "\n" else {
                throw failure("expected the end of the line")
            }
            skipBlank(newlines: true)
        }
        return root.table
    }

    // MARK: Statements

    private mutating func header() throws(Failure) -> (TOMLTableBuilder, Int) {
        let start = mark
        advance()
        let isArray = peek == "["
        if isArray { advance() }
        skipBlank(newlines: false)
        let path = try keyPath(depth: 0)
        skipBlank(newlines: false)
        for _ in 0..<(isArray ? 2 : 1) {
            guard peek == "]" else { throw failure("expected ']' at the end of the header") }
            advance()
        }
        var table = root
        for part in path.dropLast() {
            guard let inner = table.descend(part.key, keySpan: part.span) else {
                throw failure("`\(part.key)` is a value, not a table", at: part.span)
            }
            table = inner
        }
        guard let last = path.last,
            let opened = isArray
                ? table.appendTable(last.key, keySpan: last.span, span: span(from: start))
                : table.openTable(last.key, keySpan: last.span, span: span(from: start))
        else {
            throw failure("the table is defined twice", at: span(from: start))
        }
        return (opened, path.count)
    }

    private mutating func keyAndValue(
        into table: TOMLTableBuilder,
        depth: Int
    ) throws(Failure) {
        let path = try keyPath(depth: depth)
        skipBlank(newlines: false)
        guard peek == "=" else { throw failure("expected '=' after the key") }
        advance()
        skipBlank(newlines: false)
        let node = try value(depth: depth + path.count)
        var table = table
        for part in path.dropLast() {
            guard let inner = table.descend(part.key, keySpan: part.span) else {
                throw failure("`\(part.key)` is a value, not a table", at: part.span)
            }
            table = inner
        }
        guard let last = path.last, table.set(last.key, keySpan: last.span, to: node) else {
            throw failure("the key is given twice", at: path.last?.span ?? .start)
        }
    }

    private mutating func keyPath(
        depth: Int
    ) throws(Failure) -> [(key: String, span: SourceSpan)] {
        var path: [(key: String, span: SourceSpan)] = []
        while true {
            guard depth + path.count < TOMLDocument.maxDepth else { throw tooDeep() }
            let start = mark
            let key = try simpleKey()
            path.append((key, span(from: start)))
            skipBlank(newlines: false)
            guard peek == "." else { return path }
            advance()
            skipBlank(newlines: false)
        }
    }

    private mutating func simpleKey() throws(Failure) -> String {
        switch peek {
        case "\"": return try basicString()
        case "'": return try literalString()
        default:
            let start = index
            while let next = peek, next.isBareKey { advance() }
            guard index > start else { throw failure("expected a key") }
            return text(from: start)
        }
    }

    // MARK: Values

    mutating func value(depth: Int) throws(Failure) -> TOMLNode {
        guard depth <= TOMLDocument.maxDepth else { throw tooDeep() }
        let start = mark
        let value: TOMLNode.Value
        switch peek {
        case "\"": value = .string(hasNext("\"\"\"") ? try multilineBasic() : try basicString())
        case "'": value = .string(hasNext("'''") ? try multilineLiteral() : try literalString())
        case "[": value = .array(try array(depth: depth))
        case "{": value = .table(try inlineTable(depth: depth))
        default: value = try plainValue()
        }
        return TOMLNode(value: value, span: span(from: start))
    }

    private mutating func array(depth: Int) throws(Failure) -> [TOMLNode] {
        var elements: [TOMLNode] = []
        advance()
        skipBlank(newlines: true)
        while peek != "]" {
            elements.append(try value(depth: depth + 1))
            skipBlank(newlines: true)
            if peek == "," {
                advance()
                skipBlank(newlines: true)
            } else if peek != "]" {
                throw failure("expected ',' or ']' in the array")
            }
        }
        advance()
        return elements
    }

    private mutating func inlineTable(depth: Int) throws(Failure) -> TOMLNode.Table {
        let builder = TOMLTableBuilder(span: .start)
        advance()
        skipBlank(newlines: true)
        while peek != "}" {
            try keyAndValue(into: builder, depth: depth)
            skipBlank(newlines: true)
            if peek == "," {
                advance()
                skipBlank(newlines: true)
            } else if peek != "}" {
                throw failure("expected ',' or '}' in the table")
            }
        }
        advance()
        return builder.table
    }

    // MARK: Places

    struct Mark {
        var index: Int
        var line: Int
        var column: Int
    }

    var mark: Mark { Mark(index: index, line: line, column: index - lineStart + 1) }

    var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    mutating func advance() {
        guard index < scalars.count else { return }
        if scalars[index] == "\n" {
            line += 1
            lineStart = index + 1
        }
        index += 1
    }

    func hasNext(_ word: String) -> Bool {
        scalars[index...].starts(with: word.unicodeScalars)
    }

    func text(from start: Int) -> String {
        String(String.UnicodeScalarView(scalars[start..<index]))
    }

    func span(from start: Mark) -> SourceSpan {
        var length = index - start.index
        if line != start.line {
            let end = scalars[start.index...].firstIndex(of: "\n") ?? scalars.count
            length = end - start.index
        }
        return SourceSpan(line: start.line, column: start.column, length: length)
    }

    /// Skips blanks and comments; a newline too where one may stand.
    mutating func skipBlank(newlines: Bool) {
        while let next = peek {
            switch next {
            case " ", "\t":
                advance()
            case "\r" where hasNext("\r\n"):
                advance()
            case "\n" where newlines:
                advance()
            case "#":
                while let next = peek, next != "\n" { advance() }
            default:
                return
            }
        }
    }

    func failure(_ message: String, at span: SourceSpan? = nil) -> Failure {
        let here = SourceSpan(line: line, column: index - lineStart + 1, length: 1)
        return Failure(message: message, span: span ?? here)
    }

    private func tooDeep() -> Failure {
        failure("nested deeper than \(TOMLDocument.maxDepth) levels")
    }
}

extension Unicode.Scalar {
    var isBareKey: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }
}
