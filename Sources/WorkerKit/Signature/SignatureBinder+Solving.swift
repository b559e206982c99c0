internal import SupervisionKit
internal import SupervisionWire

extension SignatureBinder {
    /// Binds names that stand only in sums: `u32[n+1]` with 5 elements makes n 4.
    func solveNames(
        of input: Input,
        _ tensor: InputTensor,
        in sizes: inout BoundSizes
    ) throws(KernelFailure) {
        for (axis, expression) in input.dimensions.enumerated() {
            guard let (name, offset) = expression.offsetName, sizes[name] == nil else { continue }
            let count = tensor.shape[axis]
            let (size, overflow) = Int64(clamping: count).subtractingReportingOverflow(offset)
            guard !overflow, size >= 0 else {
                throw KernelFailure(
                    .invalidArgument,
                    "argument '\(tensor.name)' of \(signature.name) has \(count) elements in "
                        + "dimension \(axis), but \(expression) is at least \(offset)"
                )
            }
            sizes.bind(
                name,
                to: size,
                origin: "bound by '\(tensor.name)' with \(expression) elements"
            )
        }
    }
}
