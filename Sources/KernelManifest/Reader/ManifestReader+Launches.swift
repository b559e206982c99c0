import SupervisionWire

extension ManifestReader {
    mutating func readLaunches() -> ([KernelManifest.Launch], KernelManifest.Repetition?) {
        if reader.node("launch") == nil {
            reader.error(at: reader.span, "the kernel has no [[launch]]: nothing would run")
        }
        let tables = reader.tables("launch", atMost: KernelManifest.Bounds.launches)
        let hasRepetition = reader.has("repeat")
        let marks = tables.map { $0.boolean("repeated") ?? false }
        // Without a mark, all launches are repeated.
        let repeatsAll = hasRepetition && !marks.contains(true)
        checkBlock(marks, tables, hasRepetition: hasRepetition)
        let launches = zip(tables, marks).compactMap { table, mark in
            readLaunch(table, isRepeated: hasRepetition && (repeatsAll || mark))
        }
        hasAllLaunches = launches.count == tables.count && !tables.isEmpty
        return (launches, readRepetition())
    }

    /// The repeated launches stand together: what is before them runs before, the rest after.
    private func checkBlock(_ marks: [Bool], _ tables: [TableReader], hasRepetition: Bool) {
        guard let first = marks.firstIndex(of: true), let last = marks.lastIndex(of: true) else {
            return
        }
        if !hasRepetition {
            tables[first].error(
                at: tables[first].keySpan(of: "repeated") ?? tables[first].span,
                "`repeated` without [repeat]: how often, or until what?"
            )
        } else if let gap = marks[first...last].firstIndex(of: false) {
            tables[gap].error(
                at: tables[gap].span,
                "a launch between repeated launches is not repeated itself",
                hint: "repeated launches stand together"
            )
        }
    }

    private mutating func readLaunch(
        _ table: TableReader,
        isRepeated: Bool
    ) -> KernelManifest.Launch? {
        let extra = isRepeated ? KernelManifest.ReservedSize.iteration : nil
        table.require("function")
        let function = table.string("function")
        if let function, !function.isIdentifier {
            table.error(
                at: table.span(of: "function"),
                "`\(function)` is not the name of a kernel function"
            )
        }
        table.require("arguments")
        let arguments = launchArguments(table, extra: extra)
        table.require("global")
        let global = expressions("global", in: table, count: 1...3)
        let local = expressions("local", in: table, count: 1...3)
        if let global, let local, global.count != local.count {
            table.error(
                at: table.span(of: "local"),
                "`local` has \(local.count) dimensions, `global` has \(global.count)"
            )
        }
        let globalSizes = checked(global ?? [], extra: extra, in: table)
        let localSizes = local.map { checked($0, extra: extra, in: table) }
        for placed in local ?? [] {
            if let constant = placed.expression.constant, constant < 1 {
                table.error(at: placed.span, "a work-group has at least one item")
            }
        }
        guard let function, let arguments, global != nil else { return nil }
        return KernelManifest.Launch(
            function: function,
            arguments: arguments,
            global: globalSizes,
            local: localSizes,
            isRepeated: isRepeated
        )
    }

    private mutating func launchArguments(
        _ table: TableReader,
        extra: String?
    ) -> [KernelManifest.Launch.Argument]? {
        let limit = KernelManifest.Bounds.launchArguments
        guard let texts = table.spannedStrings("arguments", atMost: limit) else { return nil }
        let arguments = texts.compactMap { argument($0.text, at: $0.span, extra, table) }
        return arguments.count == texts.count ? arguments : nil
    }

    /// A name, a size (`n + 1`), or either a size or a number with a type (`u64(n)`, `f32(0.5)`).
    private mutating func argument(
        _ text: String,
        at span: SourceSpan,
        _ extra: String?,
        _ table: TableReader
    ) -> KernelManifest.Launch.Argument? {
        if let kind = symbols[text], let argument = named(text, kind) {
            symbols.use(text)
            return argument
        }
        if let (type, inner) = typed(text) {
            return typedArgument(text, type, inner, at: span, extra, table)
        }
        if text.isIdentifier, symbols[text] == nil, text != extra {
            guard !hasBrokenDeclaration else { return nil }
            table.error(
                at: span,
                "`\(text)` is not declared",
                hint: table.suggestion(for: text, among: symbols.argumentNames),
                note: "inputs, outputs, buffers, local memory and sizes can be given: "
                    + symbols.argumentNames.joined(separator: ", ")
            )
            return nil
        }
        guard let placed = expression(text, at: span, in: table),
            checkNames(placed, extra: extra, in: table)
        else { return nil }
        return .plainSize(placed.expression)
    }

    private func named(
        _ name: String,
        _ kind: SymbolTable.Kind
    ) -> KernelManifest.Launch.Argument? {
        switch kind {
        case .scalar: .scalar(name)
        case .input, .output, .buffer: .memory(name)
        case .local: .local(name)
        case .symbolicSize, .derivedSize: nil
        }
    }

    /// Splits `u64(n)` into its type and the rest.
    private func typed(_ text: String) -> (ElementType, String)? {
        guard text.hasSuffix(")"), let open = text.unicodeScalars.firstIndex(of: "("),
            let type = ElementType(name: String(text.unicodeScalars[..<open]))
        else { return nil }
        let inner = text.unicodeScalars[text.unicodeScalars.index(after: open)...].dropLast()
        return (type, String(inner))
    }

    private mutating func typedArgument(
        _ text: String,
        _ type: ElementType,
        _ inner: String,
        at span: SourceSpan,
        _ extra: String?,
        _ table: TableReader
    ) -> KernelManifest.Launch.Argument? {
        if let number = NumberText(parsing: inner) {
            guard let bytes = number.bytes(as: type) else {
                table.error(at: span, "`\(inner)` is no \(type.name)")
                return nil
            }
            return .number(bytes)
        }
        guard let placed = expression(inner, at: span, in: table),
            checkNames(placed, extra: extra, in: table)
        else { return nil }
        guard type.isInteger else {
            table.error(at: span, "a size can be passed as an integer, not as \(type.name)")
            return nil
        }
        return .size(placed.expression, type)
    }
}
