internal import KernelManifest
internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// Looks through an argument's elements on the host: an index that points outside must never reach
/// a device, where nothing would stop it.
struct ContentCheck {
    private let input: KernelManifest.Input
    private let kernel: String

    init(_ input: KernelManifest.Input, kernel: String) {
        self.input = input
        self.kernel = kernel
    }

    /// - Throws: `.invalidArgument`, `.notRun`, for the first element that is wrong.
    func check(_ call: KernelCall, sizes: ManifestSizes) throws(KernelFailure) {
        guard let tensor = call.input(input.name) else { return }
        switch input.type {
        case .u8: try integers(tensor, UInt8.self, sizes)
        case .i8: try integers(tensor, Int8.self, sizes)
        case .u16: try integers(tensor, UInt16.self, sizes)
        case .i16: try integers(tensor, Int16.self, sizes)
        case .u32: try integers(tensor, UInt32.self, sizes)
        case .i32: try integers(tensor, Int32.self, sizes)
        case .u64: try integers(tensor, UInt64.self, sizes)
        case .i64: try integers(tensor, Int64.self, sizes)
        case .f16: try reals(tensor, Float16.self)
        case .f32: try reals(tensor, Float.self)
        case .f64: try reals(tensor, Double.self)
        case .bytes: return
        }
    }

    private func reals<Real: TensorElement & BinaryFloatingPoint>(
        _ tensor: InputTensor,
        _: Real.Type
    ) throws(KernelFailure) {
        guard input.checks.isFinite, let elements = tensor.elements(as: Real.self) else { return }
        guard let index = elements.firstIndex(where: { !$0.isFinite }) else { return }
        throw wrong(index, elements[index], "only finite numbers are allowed")
    }

    private func integers<Integer: TensorElement & FixedWidthInteger>(
        _ tensor: InputTensor,
        _: Integer.Type,
        _ sizes: ManifestSizes
    ) throws(KernelFailure) {
        guard let elements = tensor.elements(as: Integer.self) else { return }
        let checks = input.checks
        if let first = checks.first {
            try edge(elements.first, 0, first, sizes, "first")
        }
        if let last = checks.last {
            try edge(elements.last, elements.count - 1, last, sizes, "last")
        }
        if checks.isAscending {
            try ascending(elements)
        }
        if let below = checks.below {
            try bounded(elements, below, sizes)
        }
    }

    private func edge<Integer: FixedWidthInteger>(
        _ element: Integer?,
        _ index: Int,
        _ expression: SizeExpression,
        _ sizes: ManifestSizes,
        _ which: String
    ) throws(KernelFailure) {
        let wanted = try sizes.evaluate(expression, what: "the \(which) element of '\(input.name)'")
        guard let element else {
            throw KernelFailure(
                .invalidArgument,
                "argument '\(input.name)' of \(kernel) is empty, its \(which) element must be "
                    + "\(text(expression, wanted))"
            )
        }
        guard Int64(exactly: element) == wanted else {
            throw wrong(index, element, "the \(which) must be \(text(expression, wanted))")
        }
    }

    private func ascending<Integer: FixedWidthInteger>(
        _ elements: UnsafeBufferPointer<Integer>
    ) throws(KernelFailure) {
        guard var previous = elements.first else { return }
        for (index, element) in elements.enumerated() {
            guard element >= previous else {
                throw wrong(index, element, "below the element before it, \(previous)")
            }
            previous = element
        }
    }

    private func bounded<Integer: FixedWidthInteger>(
        _ elements: UnsafeBufferPointer<Integer>,
        _ expression: SizeExpression,
        _ sizes: ManifestSizes
    ) throws(KernelFailure) {
        let limit = try sizes.evaluate(expression, what: "the bound of '\(input.name)'")
        for (index, element) in elements.enumerated() where element < 0 || element >= limit {
            throw wrong(index, element, "allowed is 0..<\(text(expression, limit))")
        }
    }

    private func wrong(_ index: Int, _ element: some Any, _ why: String) -> KernelFailure {
        KernelFailure(
            .invalidArgument,
            "element \(index) of argument '\(input.name)' of \(kernel) is \(element): \(why)"
        )
    }

    /// `5 (n)`: the value and where it comes from.
    private func text(_ expression: SizeExpression, _ value: Int64) -> String {
        expression.names.isEmpty ? "\(value)" : "\(value) (\(expression))"
    }
}
