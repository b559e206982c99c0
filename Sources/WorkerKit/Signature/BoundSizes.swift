internal import SupervisionKit
internal import SupervisionWire

/// The symbolic sizes of one call: what its arguments bound.
public struct BoundSizes: Sendable {
    /// For `SizeExpression.evaluate`: work sizes, shapes of scratch buffers.
    public private(set) var values: [String: Int64] = [:]

    private let kernel: String
    private let outputs: [String: [SizeExpression]]
    /// What bound a size, in words for messages.
    private var origins: [String: String] = [:]

    init(kernel: String, outputs: [String: [SizeExpression]]) {
        self.kernel = kernel
        self.outputs = outputs
    }

    /// The size of that name; nil when no argument binds it.
    public subscript(name: String) -> Int64? { values[name] }

    /// The shape of an output, from its expressions.
    ///
    /// - Throws: `.invalidArgument` when these arguments make a size below zero or above 64 bits:
    ///   no output of that shape exists. `.kernelFailed` for an output that isn't declared.
    public func shape(of output: String) throws(KernelFailure) -> [UInt64] {
        guard let expressions = outputs[output] else {
            throw KernelFailure(.kernelFailed, "\(kernel) declares no output '\(output)'")
        }
        var shape: [UInt64] = []
        for expression in expressions {
            let value = try evaluate(expression, of: output)
            guard let size = UInt64(exactly: value) else {
                throw KernelFailure(
                    .invalidArgument,
                    "output '\(output)' of \(kernel) would have \(value) elements in dimension "
                        + "\(shape.count)\(explain(expression))"
                )
            }
            shape.append(size)
        }
        return shape
    }

    /// Binds a name, or returns what is wrong with a second value.
    mutating func bind(_ name: String, to value: Int64, origin: String) {
        values[name] = value
        origins[name] = origin
    }

    func evaluate(
        _ expression: SizeExpression,
        of argument: String
    ) throws(KernelFailure) -> Int64 {
        do {
            return try expression.evaluate(values)
        } catch {
            throw KernelFailure(
                .invalidArgument,
                "size '\(expression)' of '\(argument)' of \(kernel): \(error.message)"
            )
        }
    }

    /// ", but n+1 is 5 (n is 4, bound by 'x')" for the end of a message; empty for a number.
    func explain(_ expression: SizeExpression) -> String {
        if let name = expression.bareName {
            guard let value = values[name], let origin = origins[name] else { return "" }
            return ", but \(name) is \(value) (\(origin))"
        }
        guard let value = try? expression.evaluate(values) else { return "" }
        guard !expression.names.isEmpty else { return ", but \(value) is wanted" }
        let parts = expression.names.sorted().compactMap { name -> String? in
            guard let value = values[name], let origin = origins[name] else { return nil }
            return "\(name) is \(value), \(origin)"
        }
        return ", but \(expression) is \(value) (\(parts.joined(separator: "; ")))"
    }
}
