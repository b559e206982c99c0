/// A size as arithmetic over symbolic sizes: `n+1`, `ceil(n, 64) * 64`, `min(k, 4096)`.
///
/// Shapes of arguments, work sizes of launches and derived sizes are written this way. It is a
/// language of its own and not a scripting language, so that a manifest can be checked whole before
/// anything runs: every name is known at load, evaluation takes time bounded by the text, and
/// Int64 overflow is an error and not a wrong size.
///
/// Grammar, loosest first; binary operators group to the left:
///
///     sum     = product (("+" | "-") product)*
///     product = factor (("*" | "/" | "%") factor)*
///     factor  = "-" factor | integer | name | function "(" sum "," sum ")" | "(" sum ")"
///
/// `/` and `%` round toward zero. `ceil(a, b)` is a divided by b, rounded up. `min` and `max` take
/// two operands.
public struct SizeExpression: Hashable, Sendable, CustomStringConvertible {
    /// UTF-8 bytes of an expression's text.
    public static let maxTextBytes = 256
    /// Parentheses, functions and signs inside one another.
    public static let maxDepth = 32

    enum Operator: String, Hashable, Sendable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case remainder = "%"
        case minimum = "min"
        case maximum = "max"
        case ceilingDivide = "ceil"
    }

    indirect enum Node: Hashable, Sendable {
        case integer(Int64)
        case name(String, column: Int)
        case negated(Node, column: Int)
        case binary(Operator, Node, Node, column: Int)
    }

    /// The text as it was written.
    public let description: String
    /// The symbolic sizes that the expression needs.
    public let names: Set<String>
    let root: Node

    /// Reads an expression.
    ///
    /// - Throws: What is wrong and the column, counted in characters from 1.
    public init(parsing text: String) throws(SizeExpressionError) {
        guard text.utf8.count <= SizeExpression.maxTextBytes else {
            throw SizeExpressionError(
                "an expression has at most \(SizeExpression.maxTextBytes) bytes, "
                    + "this one \(text.utf8.count)",
                column: 1
            )
        }
        var parser = SizeExpressionParser(text)
        root = try parser.parse()
        names = parser.names
        description = text
    }

    /// An expression that is this number.
    public init(_ value: Int64) {
        root = .integer(value)
        names = []
        description = String(value)
    }

    /// The symbolic size when the expression is nothing but its name; else nil.
    public var bareName: String? {
        if case .name(let name, _) = root { name } else { nil }
    }

    /// The value when the expression needs no symbolic size and evaluates; else nil.
    public var constant: Int64? {
        names.isEmpty ? try? evaluate([:]) : nil
    }

    /// Computes the value.
    ///
    /// - Throws: An unbound name, a division by zero or an overflow of 64 bits.
    public func evaluate(_ sizes: [String: Int64]) throws(SizeExpressionError) -> Int64 {
        try SizeExpression.evaluate(root, sizes)
    }

    public static func == (left: SizeExpression, right: SizeExpression) -> Bool {
        left.description == right.description
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(description)
    }
}

/// Why an expression can't be read or computed.
public struct SizeExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    public let message: String
    /// Where in the expression's text, in characters from 1.
    public let column: Int

    public init(_ message: String, column: Int) {
        self.message = message
        self.column = column
    }

    public var description: String {
        "column \(column): \(message)"
    }
}
