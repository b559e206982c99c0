/// Recursive descent over the expression's characters; see `SizeExpression` for the grammar.
struct SizeExpressionParser {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0
    private(set) var names: Set<String> = []

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    private var column: Int { index + 1 }

    mutating func parse() throws(SizeExpressionError) -> SizeExpression.Node {
        let node = try sum()
        guard let rest = peek() else { return node }
        throw SizeExpressionError(
            rest == ")" ? "')' closes nothing" : "expected an operator, found '\(rest)'",
            column: column
        )
    }

    private mutating func sum() throws(SizeExpressionError) -> SizeExpression.Node {
        var left = try product()
        while let symbol = take(anyOf: [.add, .subtract]) {
            let place = index
            left = .binary(symbol, left, try product(), column: place)
        }
        return left
    }

    private mutating func product() throws(SizeExpressionError) -> SizeExpression.Node {
        var left = try factor()
        while let symbol = take(anyOf: [.multiply, .divide, .remainder]) {
            let place = index
            left = .binary(symbol, left, try factor(), column: place)
        }
        return left
    }

    private mutating func factor() throws(SizeExpressionError) -> SizeExpression.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= SizeExpression.maxDepth else {
            throw SizeExpressionError(
                "nested deeper than \(SizeExpression.maxDepth) levels",
                column: column
            )
        }
        guard let next = peek() else {
            throw SizeExpressionError("expected a number or a name, found the end", column: column)
        }
        switch next {
        case "-":
            let place = column
            index += 1
            return .negated(try factor(), column: place)
        case "(":
            index += 1
            let node = try sum()
            try expect(")")
            return node
        case "0"..."9":
            return .integer(try integer())
        case "a"..."z", "A"..."Z", "_":
            return try nameOrFunction()
        default:
            throw SizeExpressionError(
                "expected a number or a name, found '\(next)'",
                column: column
            )
        }
    }

    private mutating func integer() throws(SizeExpressionError) -> Int64 {
        let place = column
        let digits = word()
        guard digits.unicodeScalars.allSatisfy({ ("0"..."9").contains($0) }) else {
            throw SizeExpressionError("'\(digits)' is not a number", column: place)
        }
        guard let value = Int64(digits) else {
            throw SizeExpressionError("\(digits) does not fit into 64 bits", column: place)
        }
        return value
    }

    private mutating func nameOrFunction() throws(SizeExpressionError) -> SizeExpression.Node {
        let place = column
        let name = word()
        guard peek() == "(" else {
            names.insert(name)
            return .name(name, column: place)
        }
        let function: SizeExpression.Operator
        switch name {
        case "min": function = .minimum
        case "max": function = .maximum
        case "ceil": function = .ceilingDivide
        default:
            throw SizeExpressionError(
                "'\(name)' is not a function: there are min, max and ceil",
                column: place
            )
        }
        try expect("(")
        let left = try sum()
        try expect(",")
        let right = try sum()
        try expect(")")
        return .binary(function, left, right, column: place)
    }

    /// Letters, digits and underscores from here on.
    private mutating func word() -> String {
        var text = ""
        while index < scalars.count {
            let scalar = scalars[index]
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_":
                text.unicodeScalars.append(scalar)
                index += 1
            default:
                return text
            }
        }
        return text
    }

    /// The next character that is not blank, not taken.
    private mutating func peek() -> Unicode.Scalar? {
        while index < scalars.count, scalars[index] == " " || scalars[index] == "\t" {
            index += 1
        }
        return index < scalars.count ? scalars[index] : nil
    }

    private mutating func take(
        anyOf symbols: [SizeExpression.Operator]
    ) -> SizeExpression.Operator? {
        guard let next = peek(),
            let symbol = symbols.first(where: { $0.rawValue == String(next) })
        else { return nil }
        index += 1
        return symbol
    }

    private mutating func expect(_ wanted: Unicode.Scalar) throws(SizeExpressionError) {
        guard let next = peek() else {
            throw SizeExpressionError("expected '\(wanted)', found the end", column: column)
        }
        guard next == wanted else {
            throw SizeExpressionError("expected '\(wanted)', found '\(next)'", column: column)
        }
        index += 1
    }
}
