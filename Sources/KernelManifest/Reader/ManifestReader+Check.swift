import SupervisionWire

/// `[check]`: a call with a known answer, held against what the manifest declares.
extension ManifestReader {
    func readCheck(
        inputs: [KernelManifest.Input],
        outputs: [KernelManifest.Output],
        sizes: [KernelManifest.Size]
    ) -> KernelManifest.Check? {
        guard let table = reader.table("check") else { return nil }
        let before = table.diagnostics.count
        table.require("outputs", "what must come back, such as outputs = { y = [2, 4] }")
        let given = values("inputs", in: table, among: inputs.map { ($0.name, $0.type, $0.shape) })
        let expected = values(
            "outputs",
            in: table,
            among: outputs.map { ($0.name, $0.type, $0.shape) }
        )
        let tolerance = table.number("tolerance", in: 0...1) ?? 0
        guard !hasBrokenDeclaration, table.diagnostics.count == before else { return nil }
        requireInputs(inputs, given, in: table)
        checkRanges(inputs, given, in: table)
        guard table.diagnostics.count == before else { return nil }
        var judge = CheckSizes(binding: inputs, to: given)
        judge.derive(sizes)
        for (key, values, shapes) in [
            ("inputs", given, inputs.map { ($0.name, $0.shape) }),
            ("outputs", expected, outputs.map { ($0.name, $0.shape) }),
        ] {
            for value in values {
                guard let shape = shapes.first(where: { $0.0 == value.name })?.1,
                    let problem = judge.problem(of: value, shape: shape)
                else { continue }
                let place = table.table(key)
                table.error(at: place?.span(of: value.name) ?? table.span, problem)
            }
        }
        guard table.diagnostics.count == before else { return nil }
        return KernelManifest.Check(inputs: given, outputs: expected, tolerance: tolerance)
    }

    /// The values under one key, each of them declared and of its type and rank.
    private func values(
        _ key: String,
        in table: TableReader,
        among declared: [(name: String, type: ElementType, shape: [SizeExpression])]
    ) -> [KernelManifest.Check.Value] {
        guard let values = table.table(key) else { return [] }
        if values.keys.isEmpty, key == "outputs" {
            values.error(at: values.span, "`outputs` is empty: nothing would be checked")
        }
        return values.keys.compactMap { name in
            guard let node = values.node(name) else { return nil }
            guard let argument = declared.first(where: { $0.name == name }) else {
                guard !hasBrokenDeclaration else { return nil }
                values.error(
                    at: values.keySpan(of: name) ?? values.span,
                    "`\(name)` is none of the kernel's \(key)",
                    hint: values.suggestion(for: name, among: declared.map(\.name)),
                    note: "\(key): \(declared.map(\.name).joined(separator: ", "))"
                )
                return nil
            }
            var literal = TensorLiteral(name, argument.type, rank: argument.shape.count)
            guard literal.read(node, reporting: values) else { return nil }
            return KernelManifest.Check.Value(
                name: name,
                type: argument.type,
                shape: literal.shape,
                bytes: literal.bytes
            )
        }
    }

    private func requireInputs(
        _ inputs: [KernelManifest.Input],
        _ given: [KernelManifest.Check.Value],
        in table: TableReader
    ) {
        for input in inputs where input.defaultValue == nil {
            guard !given.contains(where: { $0.name == input.name }) else { continue }
            let place = table.table("inputs")
            table.error(
                at: place?.span ?? table.span,
                "[check] lacks the input `\(input.name)`, which every call must give"
            )
        }
    }

    private func checkRanges(
        _ inputs: [KernelManifest.Input],
        _ given: [KernelManifest.Check.Value],
        in table: TableReader
    ) {
        for input in inputs {
            guard let values = table.table("inputs"), let node = values.node(input.name),
                let range = RangeText(parsing: input.range), let value = NumberText(node.value),
                !range.contains(value)
            else { continue }
            values.error(
                at: node.span,
                "`\(input.name)` is \(value.text), allowed is \(input.range)"
            )
        }
    }
}

/// A tensor as nested arrays of numbers.
struct TensorLiteral {
    let name: String
    let type: ElementType
    let rank: Int
    private(set) var shape: [UInt64] = []
    private(set) var bytes: [UInt8] = []

    init(_ name: String, _ type: ElementType, rank: Int) {
        self.name = name
        self.type = type
        self.rank = rank
    }

    /// False when it is none; the reason is reported at its place.
    mutating func read(_ node: TOMLNode, reporting table: TableReader) -> Bool {
        shape = TensorLiteral.shape(of: node, rank: rank)
        guard shape.count == rank else {
            table.error(at: node.span, "`\(name)` wants \(wanted), this is \(node.kind)")
            return false
        }
        let limit = KernelManifest.Bounds.checkElements
        // As a real number, which no product of lengths overflows.
        let elements = shape.reduce(1.0) { $0 * Double($1) }
        guard elements <= Double(limit) else {
            table.error(
                at: node.span,
                "`\(name)` has more than \(limit) elements",
                note: "the check runs at every health probe and must be short"
            )
            return false
        }
        return append(node, axis: 0, table)
    }

    private var wanted: String {
        switch rank {
        case 0: "a number of type \(type.name)"
        case 1: "an array of \(type.name)"
        default: "arrays of \(type.name), \(rank) inside one another"
        }
    }

    /// The lengths of the first array of each depth; fewer than `rank` when one is none.
    private static func shape(of node: TOMLNode, rank: Int) -> [UInt64] {
        var shape: [UInt64] = []
        var inner: TOMLNode? = node
        while shape.count < rank {
            guard let current = inner else {
                shape.append(0)
                continue
            }
            guard case .array(let elements) = current.value else { break }
            shape.append(UInt64(elements.count))
            inner = elements.first
        }
        return shape
    }

    private mutating func append(_ node: TOMLNode, axis: Int, _ table: TableReader) -> Bool {
        guard axis < rank else {
            let number = NumberText(node.value)
            guard let element = number?.bytes(as: type == .bytes ? .u8 : type) else {
                table.error(at: node.span, "this is no \(type.name), and `\(name)` wants \(wanted)")
                return false
            }
            bytes += element
            return true
        }
        guard case .array(let elements) = node.value, elements.count == shape[axis] else {
            table.error(
                at: node.span,
                "`\(name)` is ragged: \(shape[axis]) elements are wanted here, as in the first row"
            )
            return false
        }
        return elements.allSatisfy { append($0, axis: axis + 1, table) }
    }
}

/// The sizes that the inputs of a check bind.
private struct CheckSizes {
    private var sizes: [String: Int64] = [:]

    init(
        binding inputs: [KernelManifest.Input],
        to values: [KernelManifest.Check.Value]
    ) {
        for input in inputs {
            guard let value = values.first(where: { $0.name == input.name }) else {
                bind(input.name, input.defaultValue.flatMap(NumberText.init(parsing:)))
                continue
            }
            for (length, size) in zip(value.shape, input.shape) {
                guard let name = size.bareName, sizes[name] == nil else { continue }
                sizes[name] = Int64(length)
            }
            if value.shape.isEmpty, value.type.isInteger {
                sizes[input.name] = value.integer
            }
        }
    }

    private mutating func bind(_ name: String, _ number: NumberText?) {
        guard case .integer(let value)? = number else { return }
        sizes[name] = Int64(truncatingIfNeeded: value)
    }

    mutating func derive(_ derived: [KernelManifest.Size]) {
        for size in derived {
            sizes[size.name] = try? size.value.evaluate(sizes)
        }
    }

    /// How a value's lengths differ from its shape; nil when they don't.
    func problem(of value: KernelManifest.Check.Value, shape: [SizeExpression]) -> String? {
        for (axis, (length, size)) in zip(value.shape, shape).enumerated() {
            let name = "`\(value.name)`"
            do throws(SizeExpressionError) {
                let wanted = try size.evaluate(sizes)
                guard wanted != Int64(length) else { continue }
                return "\(name) has the length \(length) in dimension \(axis); "
                    + "with these inputs \(size) is \(wanted)"
            } catch {
                return "\(name): \(size) can't be computed from these inputs: \(error.message)"
            }
        }
        return nil
    }
}

extension KernelManifest.Check.Value {
    /// The value of an integer scalar, modulo 2^64.
    fileprivate var integer: Int64 {
        let pattern = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let unused = UInt64(64 - 8 * bytes.count)
        let isSigned = [.i8, .i16, .i32, .i64].contains(type)
        return isSigned
            ? Int64(bitPattern: pattern << unused) >> Int64(unused) : Int64(bitPattern: pattern)
    }
}
