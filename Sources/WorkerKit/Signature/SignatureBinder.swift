internal import SupervisionKit
public import SupervisionWire

/// Checks the arguments of a call against its kernel's signature, before any of them reaches a
/// device, and finds the symbolic sizes.
///
/// An input's dimension that is a bare name binds that name; the value of a scalar integer binds
/// its own name; a dimension such as `n+1` binds a name that no other argument binds; dimensions
/// that are expressions are checked when all names are bound. Left-out scalars with a default are
/// filled in, so that a kernel finds every declared input in its call.
public struct SignatureBinder: Sendable {
    public let signature: KernelSignature

    struct Input: Sendable {
        let argument: KernelSignature.Argument
        let dimensions: [SizeExpression]
        let range: ValueRange?
        let defaultBytes: [UInt8]?
    }

    private let inputs: [Input]
    private let outputs: [String: [SizeExpression]]

    /// Reads the signature's expressions, ranges and defaults.
    ///
    /// - Throws: `.configuration` naming the kernel, the argument and what cannot be read: an
    ///   expression, a range or default of an argument with dimensions, a default outside its
    ///   range, a name given twice, a size that no input binds.
    public init(_ signature: KernelSignature) throws(StartFailure) {
        var inputs: [Input] = []
        var outputs: [String: [SizeExpression]] = [:]
        var names: Set<String> = []
        for argument in signature.arguments {
            let place = "argument '\(argument.name)' of \(signature.name)"
            guard names.insert("\(argument.direction) \(argument.name)").inserted else {
                throw .configuration("\(place) is declared twice")
            }
            switch argument.direction {
            case .input:
                inputs.append(try Input(argument, place: place))
            case .output:
                outputs[argument.name] = try Input.dimensions(of: argument, place: place)
            }
        }
        self.signature = signature
        self.inputs = inputs
        self.outputs = outputs
        try checkNamesAreBound()
    }

    /// Checks a call and binds its sizes.
    ///
    /// - Throws: `.invalidArgument`, `.notRun`, for the first of: an unknown argument, a missing
    ///   one, a wrong type or rank, a value outside its range, a size with two values.
    public func bind(_ call: KernelCall) throws(KernelFailure) -> BoundSizes {
        try checkNames(of: call)
        var sizes = BoundSizes(kernel: signature.name, outputs: outputs)
        let given = try inputs.map { input throws(KernelFailure) in
            (input, try find(input, in: call))
        }
        for (input, tensor) in given where input.dimensions.isEmpty {
            try checkScalar(tensor, of: input, binding: &sizes)
        }
        for (input, tensor) in given {
            try bindNames(of: input, tensor, in: &sizes)
        }
        for (input, tensor) in given {
            try solveNames(of: input, tensor, in: &sizes)
        }
        for (input, tensor) in given {
            try checkExpressions(of: input, tensor, against: sizes)
        }
        return sizes
    }

    private func checkNames(of call: KernelCall) throws(KernelFailure) {
        for tensor in call.inputs
        where !inputs.contains(where: { $0.argument.name == tensor.name }) {
            guard outputs[tensor.name] == nil else {
                throw KernelFailure(
                    .invalidArgument,
                    "'\(tensor.name)' is an output of \(signature.name), it cannot be given"
                )
            }
            let hint =
                nearest(tensor.name, among: inputs.map(\.argument.name))
                .map { " (did you mean '\($0)'?)" } ?? ""
            throw KernelFailure(.invalidArgument, "unknown argument '\(tensor.name)'\(hint)")
        }
    }

    /// The argument, given or by default, of the right type and rank.
    private func find(
        _ input: Input,
        in call: KernelCall
    ) throws(KernelFailure) -> InputTensor {
        let argument = input.argument
        guard let tensor = call.input(argument.name) else {
            guard let bytes = input.defaultBytes else {
                throw KernelFailure(
                    .invalidArgument,
                    "argument '\(argument.name)' of \(signature.name) is missing, "
                        + "it wants \(input.form)"
                )
            }
            let tensor = try InputTensor(
                name: argument.name,
                type: argument.type,
                shape: [],
                bytes: bytes
            )
            call.append(tensor)
            return tensor
        }
        guard tensor.type == argument.type, tensor.shape.count == argument.shape.count else {
            let form = Input.form(tensor.type, tensor.shape.map(String.init))
            throw KernelFailure(
                .invalidArgument,
                "argument '\(argument.name)' of \(signature.name) wants \(input.form), got \(form)"
            )
        }
        return tensor
    }

    private func checkScalar(
        _ tensor: InputTensor,
        of input: Input,
        binding sizes: inout BoundSizes
    ) throws(KernelFailure) {
        guard let value = ScalarValue(tensor) else { return }
        let name = input.argument.name
        if let range = input.range, !range.contains(value) {
            throw KernelFailure(
                .invalidArgument,
                "argument '\(name)' is \(value.text), allowed is \(range.text)"
            )
        }
        if let size = value.size { sizes.bind(name, to: size, origin: "the value of '\(name)'") }
    }

    private func bindNames(
        of input: Input,
        _ tensor: InputTensor,
        in sizes: inout BoundSizes
    ) throws(KernelFailure) {
        for (axis, expression) in input.dimensions.enumerated() {
            guard let name = expression.bareName else { continue }
            // A tensor's bytes, and with them its sizes, are far below Int64's end.
            let size = Int64(clamping: tensor.shape[axis])
            guard let bound = sizes[name] else {
                sizes.bind(name, to: size, origin: "bound by '\(tensor.name)'")
                continue
            }
            guard bound == size else {
                throw mismatch(tensor, axis: axis, expression, sizes)
            }
        }
    }

    private func checkExpressions(
        of input: Input,
        _ tensor: InputTensor,
        against sizes: BoundSizes
    ) throws(KernelFailure) {
        for (axis, expression) in input.dimensions.enumerated()
        where expression.bareName == nil {
            let wanted = try sizes.evaluate(expression, of: tensor.name)
            guard Int64(exactly: tensor.shape[axis]) == wanted else {
                throw mismatch(tensor, axis: axis, expression, sizes)
            }
        }
    }

    private func mismatch(
        _ tensor: InputTensor,
        axis: Int,
        _ expression: SizeExpression,
        _ sizes: BoundSizes
    ) -> KernelFailure {
        let count = tensor.shape[axis]
        return KernelFailure(
            .invalidArgument,
            "argument '\(tensor.name)' has \(count) \(count == 1 ? "element" : "elements") "
                + "in dimension \(axis)\(sizes.explain(expression))"
        )
    }

    /// Every name in an input's shape must be bound by some input: a kernel that nobody can call is
    /// refused at its start.
    ///
    /// An output's size may be the kernel's own affair.
    private func checkNamesAreBound() throws(StartFailure) {
        var bound: Set<String> = []
        for input in inputs {
            if input.dimensions.isEmpty { bound.insert(input.argument.name) }
            bound.formUnion(input.dimensions.compactMap(\.bareName))
            bound.formUnion(input.dimensions.compactMap(\.offsetName?.name))
        }
        for input in inputs {
            for expression in input.dimensions {
                guard let name = expression.names.subtracting(bound).min() else { continue }
                throw .configuration(
                    "shape '\(expression)' of argument '\(input.argument.name)' of "
                        + "\(signature.name): no input binds '\(name)'"
                )
            }
        }
    }
}
