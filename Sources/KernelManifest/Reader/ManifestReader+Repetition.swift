import SupervisionWire

extension ManifestReader {
    mutating func readRepetition() -> KernelManifest.Repetition? {
        guard let table = reader.table("repeat") else { return nil }
        let condition = condition(table)
        let swaps = swaps(table)
        return condition.map { KernelManifest.Repetition(condition: $0, swaps: swaps) }
    }

    private mutating func condition(
        _ table: TableReader
    ) -> KernelManifest.Repetition.Condition? {
        let keys = ["count", "while", "until"]
        let given = keys.filter { table.node($0) != nil }
        guard given.count == 1, let key = given.first else {
            table.error(
                at: table.span,
                "[repeat] wants exactly one of `count`, `while` and `until`"
            )
            ignoreFlagKeys(table)
            return nil
        }
        guard key == "count" else {
            return flag(key, table).map { .flag($0) }
        }
        for key in ["max_count", "check_every", "at_limit"] where table.node(key) != nil {
            table.error(
                at: table.keySpan(of: key) ?? table.span,
                "`\(key)` is for `while` and `until`"
            )
        }
        guard let count = expression("count", in: table) else { return nil }
        checkNames(count, in: table)
        return .count(count.expression)
    }

    private func ignoreFlagKeys(_ table: TableReader) {
        for key in ["max_count", "check_every", "at_limit"] {
            _ = table.node(key)
        }
    }

    private mutating func flag(
        _ key: String,
        _ table: TableReader
    ) -> KernelManifest.Repetition.Flag? {
        let buffer = table.string(key)
        let isGood = buffer.map { checkFlag($0, at: table.span(of: key), table) } ?? false
        table.require("max_count", "a flag may never come: say how often at most")
        let limit = expression("max_count", in: table)
        if let limit { checkNames(limit, in: table) }
        let checkEvery = table.integer("check_every", in: 1...1_000_000)
        let atLimit = table.enumeration("at_limit", among: ["fail", "return"])
        guard let buffer, isGood, let limit else { return nil }
        return KernelManifest.Repetition.Flag(
            buffer: buffer,
            continuesWhileSet: key == "while",
            limit: limit.expression,
            checkEvery: checkEvery ?? 1,
            failsAtLimit: atLimit != "return"
        )
    }

    private mutating func checkFlag(
        _ name: String,
        at span: SourceSpan,
        _ table: TableReader
    ) -> Bool {
        guard let form = memoryForms[name] else {
            reportNoMemory(name, "the flag wants to be a buffer or an output", at: span, table)
            return false
        }
        guard form.type.isInteger, form.shape.allSatisfy({ $0.constant == 1 }) else {
            table.error(
                at: span,
                "the flag `\(name)` wants one integer",
                hint: "type = \"u32\" and shape = [1]"
            )
            return false
        }
        return true
    }

    private func swaps(_ table: TableReader) -> [KernelManifest.Repetition.Swap] {
        guard let node = table.node("swap") else { return [] }
        let wants = "`swap` wants pairs of names such as [[\"now\", \"next\"]]"
        guard case .array(let pairs) = node.value else {
            table.error(at: node.span, wants)
            return []
        }
        var taken: Set<String> = []
        var swaps: [KernelManifest.Repetition.Swap] = []
        for pair in pairs {
            guard case .array(let names) = pair.value, names.count == 2,
                case .string(let first) = names[0].value,
                case .string(let second) = names[1].value
            else {
                table.error(at: pair.span, wants)
                continue
            }
            let isGood = checkSwap(first, second, at: pair.span, table)
            guard isGood else { continue }
            guard taken.insert(first).inserted, taken.insert(second).inserted else {
                table.error(at: pair.span, "a name can be in one swap only")
                continue
            }
            swaps.append(KernelManifest.Repetition.Swap(first: first, second: second))
        }
        return swaps
    }

    private func checkSwap(
        _ first: String,
        _ second: String,
        at span: SourceSpan,
        _ table: TableReader
    ) -> Bool {
        for name in [first, second] {
            guard memoryForms[name] != nil else {
                reportNoMemory(name, "`swap` is for buffers and outputs", at: span, table)
                return false
            }
        }
        guard first != second, memoryForms[first] == memoryForms[second] else {
            table.error(
                at: span,
                first == second
                    ? "`\(first)` can't be swapped with itself"
                    : "`\(first)` and `\(second)` have different types or shapes"
            )
            return false
        }
        return true
    }

    private func reportNoMemory(
        _ name: String,
        _ wants: String,
        at span: SourceSpan,
        _ table: TableReader
    ) {
        let kind = symbols[name]
        if hasBrokenDeclaration, kind == nil || kind?.isWritableMemory == true { return }
        let what = kind?.isWritableMemory == true ? "computed by the host" : kind?.text
        table.error(
            at: span,
            "\(wants); `\(name)` is \(what ?? "not declared")",
            hint: kind == nil ? table.suggestion(for: name, among: memoryForms.keys.sorted()) : nil
        )
    }

    /// Reports what is declared and does nothing, most often a name that was meant elsewhere.
    func reportUnused() {
        // With a broken launch nobody knows what it would have used.
        guard reader.node("launch") != nil, hasAllLaunches else { return }
        for symbol in symbols.symbols where !symbol.isUsed {
            switch symbol.kind {
            case .scalar, .input:
                reader.error(at: symbol.span, "`\(symbol.name)` is never used")
            case .output:
                reader.error(at: symbol.span, "the output `\(symbol.name)` is never written")
            case .buffer, .local:
                reader.error(at: symbol.span, "`\(symbol.name)` is given to no launch")
            case .derivedSize:
                reader.error(at: symbol.span, "the size `\(symbol.name)` is never used")
            case .symbolicSize:
                break
            }
        }
    }
}
