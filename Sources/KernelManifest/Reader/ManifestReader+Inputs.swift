import SupervisionWire

extension ManifestReader {
    /// An input of which the name is known and the rest not read yet.
    struct DeclaredInput {
        var table: TableReader
        var name: String?
        var type: ElementType?
        var shape: [PlacedExpression]
    }

    /// Declares all inputs and the sizes that their shapes bind.
    ///
    /// Their other keys may name derived sizes and are read after those.
    mutating func declareInputs() -> [DeclaredInput] {
        let declared = reader.tables("input", atMost: Limits.maxTensors).map { declareInput($0) }
        for input in declared {
            declareSizes(of: input.shape, in: input.table)
        }
        // A shape may name a size that a later input binds.
        for input in declared {
            _ = checked(input.shape, in: input.table)
        }
        return declared
    }

    mutating func readInput(_ input: DeclaredInput) -> KernelManifest.Input? {
        let table = input.table
        let isScalar = input.shape.isEmpty
        let type = input.type ?? .u32
        let shape = input.shape.map(\.expression)
        if let name = input.name, !isScalar {
            inputForms[name] = Form(type: type, shape: shape)
        }
        // Without a type nothing can be said about numbers of that type.
        guard input.type != nil else {
            for key in ["default", "range", "ascending", "finite", "first", "last", "below"] {
                _ = table.node(key)
            }
            _ = documentation(table)
            return nil
        }
        let defaultValue = defaultValue(table, type: type, isScalar: isScalar)
        let range = range(table, type: type, isScalar: isScalar)
        let documentation = documentation(table)
        let checks = checks(table, type: type, isScalar: isScalar)
        guard let name = input.name else { return nil }
        return KernelManifest.Input(
            name: name,
            type: type,
            shape: shape,
            defaultValue: defaultValue,
            range: range,
            documentation: documentation,
            checks: checks
        )
    }

    private mutating func declareInput(_ table: TableReader) -> DeclaredInput {
        let type = elementType(table)
        let shape = shape(table, isRequired: false)
        let isScalar = !table.has("shape") || shape?.isEmpty == true
        let kind: SymbolTable.Kind = isScalar ? .scalar(type ?? .u32) : .input
        let name = declaredName(table, as: kind)
        if let type, type == .bytes, shape?.isEmpty == true {
            table.error(
                at: table.span(of: "type"),
                "opaque bytes have a shape",
                hint: "add shape = [\"n\"]"
            )
        }
        return DeclaredInput(table: table, name: name, type: type, shape: shape ?? [])
    }

    /// A dimension that is nothing but a name binds it.
    private mutating func declareSizes(of shape: [PlacedExpression], in table: TableReader) {
        for dimension in shape {
            guard let name = dimension.expression.bareName, symbols[name]?.isSize != true else {
                continue
            }
            _ = declare(name, as: .symbolicSize, at: dimension.span, in: table)
        }
    }

    func documentation(_ table: TableReader) -> String {
        table.string("doc", atMost: KernelManifest.Bounds.documentationBytes) ?? ""
    }

    private func defaultValue(
        _ table: TableReader,
        type: ElementType,
        isScalar: Bool
    ) -> String? {
        guard let node = table.node("default") else { return nil }
        guard isScalar else {
            table.error(at: node.span, "only an input without `shape` can have a default")
            return nil
        }
        guard let value = NumberText(node.value), value.bytes(as: type) != nil else {
            table.error(at: node.span, "`default` is no \(type.name)")
            return nil
        }
        if let text = rangeText(table), let range = RangeText(parsing: text),
            !range.contains(value)
        {
            table.error(at: node.span, "`default` is \(value.text), allowed is \(text)")
        }
        return value.text
    }

    private func rangeText(_ table: TableReader) -> String? {
        if case .string(let text)? = table.table["range"]?.node.value { text } else { nil }
    }

    private func range(_ table: TableReader, type: ElementType, isScalar: Bool) -> String {
        guard let text = table.string("range") else { return "" }
        let span = table.span(of: "range")
        guard isScalar else {
            table.error(
                at: span,
                "only an input without `shape` can have a range",
                hint: "`below`, `ascending` and `finite` check arrays"
            )
            return ""
        }
        guard let range = RangeText(parsing: text),
            !type.isInteger || range.hasIntegerBounds
        else {
            table.error(
                at: span,
                "`\(text)` is not a range of \(type.name)",
                hint: "write 0..<1, 0...1, 1... or ...5"
            )
            return ""
        }
        return text
    }

    // MARK: Content

    private mutating func checks(
        _ table: TableReader,
        type: ElementType,
        isScalar: Bool
    ) -> KernelManifest.ContentChecks {
        var checks = KernelManifest.ContentChecks.none
        checks.isAscending = flag("ascending", table, allowed: type.isInteger && !isScalar)
        checks.isFinite = flag("finite", table, allowed: type.isReal)
        checks.first = bound("first", table, allowed: type.isInteger && !isScalar)
        checks.last = bound("last", table, allowed: type.isInteger && !isScalar)
        checks.below = bound("below", table, allowed: type.isInteger && !isScalar)
        return checks
    }

    private func flag(_ key: String, _ table: TableReader, allowed: Bool) -> Bool {
        guard let value = table.boolean(key), value else { return false }
        return isAllowed(key, table, allowed)
    }

    private mutating func bound(
        _ key: String,
        _ table: TableReader,
        allowed: Bool
    ) -> SizeExpression? {
        guard let placed = expression(key, in: table), isAllowed(key, table, allowed) else {
            return nil
        }
        checkNames(placed, in: table)
        return placed.expression
    }

    private func isAllowed(_ key: String, _ table: TableReader, _ allowed: Bool) -> Bool {
        guard !allowed else { return true }
        let wants = key == "finite" ? "f16, f32 and f64" : "arrays of integers"
        table.error(at: table.keySpan(of: key) ?? table.span, "`\(key)` is for \(wants)")
        return false
    }
}

extension RangeText {
    var hasIntegerBounds: Bool {
        [lower, upper].allSatisfy { bound in
            switch bound {
            case .integer, nil: true
            case .real: false
            }
        }
    }
}
