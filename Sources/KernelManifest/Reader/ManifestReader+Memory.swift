import SupervisionWire

/// Outputs, buffers, local memory, derived sizes.
extension ManifestReader {
    mutating func readSizes() -> [KernelManifest.Size] {
        guard let table = reader.table("sizes") else { return [] }
        guard table.keys.count <= KernelManifest.Bounds.sizes else {
            table.error(
                at: table.span,
                "[sizes] has \(table.keys.count) keys, at most \(KernelManifest.Bounds.sizes)"
            )
            return []
        }
        var sizes: [KernelManifest.Size] = []
        for name in table.keys {
            guard let placed = expression(name, in: table) else {
                hasBrokenDeclaration = true
                continue
            }
            checkNames(placed, in: table)
            let span = table.keySpan(of: name) ?? table.span
            if declare(name, as: .derivedSize, at: span, in: table) {
                sizes.append(KernelManifest.Size(name: name, value: placed.expression))
            }
        }
        return sizes
    }

    mutating func readOutputs() -> [KernelManifest.Output] {
        if reader.node("output") == nil {
            reader.error(at: reader.span, "the kernel has no [[output]]: nothing would come back")
        }
        let tables = reader.tables("output", atMost: Limits.maxTensors)
        return tables.compactMap { readOutput($0) }
    }

    private mutating func readOutput(_ table: TableReader) -> KernelManifest.Output? {
        let type = elementType(table)
        let placed = shape(table, isRequired: false)
        let name = declaredName(table, as: .output)
        let shape = checked(placed ?? [], in: table)
        let documentation = documentation(table)
        guard let name, let type, placed != nil else {
            ignoreInitial(table)
            _ = table.node("value")
            return nil
        }
        let content: KernelManifest.Output.Content
        if let value = expression("value", in: table) {
            content = .computed(computed(value, name, type, shape, table))
        } else {
            memoryForms[name] = Form(type: type, shape: shape)
            content = .written(initial(table, type: type, shape: shape))
        }
        return KernelManifest.Output(
            name: name,
            type: type,
            shape: shape,
            documentation: documentation,
            content: content
        )
    }

    private mutating func computed(
        _ value: PlacedExpression,
        _ name: String,
        _ type: ElementType,
        _ shape: [SizeExpression],
        _ table: TableReader
    ) -> SizeExpression {
        let hasPasses = reader.has("repeat")
        checkNames(
            value,
            extra: hasPasses ? KernelManifest.ReservedSize.passes : nil,
            in: table
        )
        if !type.isInteger || !shape.isEmpty {
            table.error(
                at: table.keySpan(of: "value") ?? table.span,
                "`value` is for an output of an integer type and without `shape`"
            )
        }
        for key in ["initial", "copy_of"] where table.node(key) != nil {
            table.error(
                at: table.keySpan(of: key) ?? table.span,
                "`\(key)` is for outputs that launches write, this one has a `value`"
            )
        }
        // It is complete without any launch.
        symbols.use(name)
        return value.expression
    }

    mutating func readBuffers() -> [KernelManifest.Buffer] {
        let tables = reader.tables("buffer", atMost: KernelManifest.Bounds.buffers)
        return tables.compactMap { table in
            let type = elementType(table)
            let placed = shape(table, isRequired: true)
            let name = declaredName(table, as: .buffer)
            let shape = checked(placed ?? [], in: table)
            guard let name, let type, placed != nil else {
                ignoreInitial(table)
                return nil
            }
            memoryForms[name] = Form(type: type, shape: shape)
            return KernelManifest.Buffer(
                name: name,
                type: type,
                shape: shape,
                initial: initial(table, type: type, shape: shape)
            )
        }
    }

    mutating func readLocals() -> [KernelManifest.Local] {
        let tables = reader.tables("local", atMost: KernelManifest.Bounds.buffers)
        return tables.compactMap { table in
            let type = elementType(table)
            let placed = shape(table, isRequired: true)
            let name = declaredName(table, as: .local)
            let shape = checked(placed ?? [], in: table)
            guard let name, let type, placed != nil else { return nil }
            return KernelManifest.Local(name: name, type: type, shape: shape)
        }
    }

    // MARK: Initial content

    private func ignoreInitial(_ table: TableReader) {
        _ = table.node("initial")
        _ = table.node("copy_of")
    }

    private mutating func initial(
        _ table: TableReader,
        type: ElementType,
        shape: [SizeExpression]
    ) -> KernelManifest.Initial {
        let zeros = [UInt8](repeating: 0, count: type.size)
        let original = table.string("copy_of")
        guard let node = table.node("initial") else {
            guard let original else { return .filled(zeros) }
            checkCopy(of: original, table, type: type, shape: shape)
            return .copy(of: original)
        }
        if original != nil {
            table.error(at: node.span, "`initial` and `copy_of` exclude each other")
        }
        if case .string("undefined") = node.value {
            return .undefined
        }
        guard let number = NumberText(node.value), let bytes = number.bytes(as: type) else {
            table.error(
                at: node.span,
                "`initial` wants a number of type \(type.name), or \"undefined\""
            )
            return .filled(zeros)
        }
        return .filled(bytes)
    }

    private mutating func checkCopy(
        of original: String,
        _ table: TableReader,
        type: ElementType,
        shape: [SizeExpression]
    ) {
        let span = table.span(of: "copy_of")
        guard symbols[original] == .input else {
            if symbols[original] == nil, hasBrokenDeclaration { return }
            let inputs = symbols.symbols.filter { $0.kind == .input }.map(\.name)
            table.error(
                at: span,
                "`copy_of` wants an input with a shape; `\(original)` is "
                    + (symbols[original]?.text ?? "not declared"),
                hint: table.suggestion(for: original, among: inputs)
            )
            return
        }
        symbols.use(original)
        guard let form = inputForms[original], form.type != type || form.shape != shape else {
            return
        }
        table.error(
            at: span,
            "`\(original)` has another type or shape: it can't be copied here"
        )
    }
}
