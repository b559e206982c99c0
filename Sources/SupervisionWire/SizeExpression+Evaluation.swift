extension SizeExpression {
    /// The depth of `node` is bounded by the text's length, and that by `maxTextBytes`.
    static func evaluate(
        _ node: Node,
        _ sizes: [String: Int64]
    ) throws(SizeExpressionError) -> Int64 {
        switch node {
        case .integer(let value):
            return value
        case .name(let name, let column):
            guard let value = sizes[name] else {
                throw SizeExpressionError("the size '\(name)' is not bound", column: column)
            }
            return value
        case .negated(let operand, let column):
            let value = try evaluate(operand, sizes)
            let (result, overflow) = Int64(0).subtractingReportingOverflow(value)
            guard !overflow else {
                throw SizeExpressionError("-(\(value)) does not fit into 64 bits", column: column)
            }
            return result
        case .binary(let symbol, let left, let right, let column):
            return try apply(
                symbol,
                evaluate(left, sizes),
                evaluate(right, sizes),
                column: column
            )
        }
    }

    private static func apply(
        _ symbol: Operator,
        _ left: Int64,
        _ right: Int64,
        column: Int
    ) throws(SizeExpressionError) -> Int64 {
        let result: (partialValue: Int64, overflow: Bool)
        switch symbol {
        case .add:
            result = left.addingReportingOverflow(right)
        case .subtract:
            result = left.subtractingReportingOverflow(right)
        case .multiply:
            result = left.multipliedReportingOverflow(by: right)
        case .minimum:
            return min(left, right)
        case .maximum:
            return max(left, right)
        case .divide, .remainder, .ceilingDivide:
            guard right != 0 else {
                throw SizeExpressionError(
                    "\(text(symbol, left, right)) divides by zero",
                    column: column
                )
            }
            result = divide(symbol, left, right)
        }
        guard !result.overflow else {
            throw SizeExpressionError(
                "\(text(symbol, left, right)) does not fit into 64 bits",
                column: column
            )
        }
        return result.partialValue
    }

    /// Divides by a `right` that is not zero.
    ///
    /// Only the least Int64 divided by -1 overflows.
    private static func divide(
        _ symbol: Operator,
        _ left: Int64,
        _ right: Int64
    ) -> (partialValue: Int64, overflow: Bool) {
        let quotient = left.dividedReportingOverflow(by: right)
        guard !quotient.overflow else {
            return symbol == .remainder ? (0, false) : quotient
        }
        let remainder = left % right
        switch symbol {
        case .remainder:
            return (remainder, false)
        case .ceilingDivide where remainder != 0 && (remainder > 0) == (right > 0):
            return (quotient.partialValue + 1, false)
        case .ceilingDivide, .add, .subtract, .multiply, .divide, .minimum, .maximum:
            return quotient
        }
    }

    private static func text(_ symbol: Operator, _ left: Int64, _ right: Int64) -> String {
        switch symbol {
        case .minimum, .maximum, .ceilingDivide: "\(symbol.rawValue)(\(left), \(right))"
        case .add, .subtract, .multiply, .divide, .remainder:
            "\(left) \(symbol.rawValue) \(right)"
        }
    }
}
