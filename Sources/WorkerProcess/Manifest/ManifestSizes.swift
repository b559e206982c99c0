internal import KernelManifest
internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// The sizes of one call: bound by its arguments, then derived.
struct ManifestSizes {
    private(set) var values: [String: Int64]
    private let kernel: String

    init(_ bound: BoundSizes, kernel: String) {
        values = bound.values
        self.kernel = kernel
    }

    mutating func define(_ size: KernelManifest.Size) throws(KernelFailure) {
        values[size.name] = try evaluate(size.value, what: "size '\(size.name)'")
    }

    /// Sets a reserved size.
    mutating func set(_ name: String, to value: Int) {
        values[name] = Int64(value)
    }

    /// Computes an expression; `what` says in messages what it is for.
    ///
    /// - Throws: `.invalidArgument`: these arguments make no such size.
    func evaluate(
        _ expression: SizeExpression,
        what: @autoclosure () -> String
    ) throws(KernelFailure) -> Int64 {
        do throws(SizeExpressionError) {
            return try expression.evaluate(values)
        } catch {
            throw KernelFailure(
                .invalidArgument,
                "\(what()) of \(kernel), '\(expression)': \(error.message)"
            )
        }
    }

    /// A count: an evaluated size that must not be negative.
    func count(
        _ expression: SizeExpression,
        what: @autoclosure () -> String
    ) throws(KernelFailure) -> Int {
        let value = try evaluate(expression, what: what())
        guard let count = Int(exactly: value), count >= 0 else {
            throw KernelFailure(
                .invalidArgument,
                "\(what()) of \(kernel), '\(expression)', would be \(value) with these arguments"
            )
        }
        return count
    }

    /// A shape and its bytes.
    func form(
        _ shape: [SizeExpression],
        of type: ElementType,
        name: String
    ) throws(KernelFailure) -> (shape: [UInt64], byteCount: Int) {
        let sizes = try shape.map { expression throws(KernelFailure) in
            UInt64(try count(expression, what: "a dimension of '\(name)'"))
        }
        do throws(WireError) {
            return (sizes, Int(try TensorEntry.byteCount(of: type, shape: sizes, name: name)))
        } catch {
            throw KernelFailure(.invalidArgument, error.message)
        }
    }
}
