import SupervisionWire

/// Names, types and expressions: what every table of a manifest is made of.
extension ManifestReader {
    /// An expression and where it stands.
    struct PlacedExpression {
        var expression: SizeExpression
        var span: SourceSpan
        /// The text lies in the file as it is read, so that columns inside it can be pointed at.
        var isLiteral: Bool

        func part(from column: Int, length: Int) -> SourceSpan {
            isLiteral ? span.part(from: column, length: length) : span
        }
    }

    /// The `name` of a table, declared as `kind`; nil when it is missing, wrong or taken.
    mutating func declaredName(_ table: TableReader, as kind: SymbolTable.Kind) -> String? {
        table.require("name")
        guard let name = table.string("name") else {
            hasBrokenDeclaration = true
            return nil
        }
        return declare(name, as: kind, at: table.span(of: "name"), in: table) ? name : nil
    }

    mutating func declare(
        _ name: String,
        as kind: SymbolTable.Kind,
        at span: SourceSpan,
        in table: TableReader
    ) -> Bool {
        let before = table.diagnostics.count
        defer { hasBrokenDeclaration = hasBrokenDeclaration || table.diagnostics.count > before }
        guard name.isIdentifier, name.utf8.count <= Limits.maxTensorNameBytes else {
            table.error(
                at: span,
                "`\(name)` can't be a name",
                note: "letters, digits and '_', no digit first, at most "
                    + "\(Limits.maxTensorNameBytes) bytes"
            )
            return false
        }
        let isReserved =
            SymbolTable.reserved.contains(name)
            && !(kind == .output && name == KernelManifest.ReservedSize.passes)
        guard !isReserved else {
            table.error(at: span, "`\(name)` can't be a name: it has a meaning in expressions")
            return false
        }
        guard symbols.declare(name, kind, at: span) else {
            let other = symbols[name]?.text ?? "something else"
            table.error(at: span, "`\(name)` is \(other) already")
            return false
        }
        return true
    }

    func elementType(_ table: TableReader) -> ElementType? {
        table.require("type")
        let names = ElementType.allCases.map(\.name)
        return table.enumeration("type", among: names).flatMap(ElementType.init(name:))
    }

    /// The `shape` of a table; a scalar's is empty.
    mutating func shape(_ table: TableReader, isRequired: Bool) -> [PlacedExpression]? {
        if isRequired { table.require("shape") }
        guard table.has("shape") else { return isRequired ? nil : [] }
        let shape = expressions("shape", in: table, count: 0...Limits.maxRank)
        hasBrokenDeclaration = hasBrokenDeclaration || shape == nil
        return shape
    }

    /// An array of expressions: strings or integers.
    func expressions(
        _ key: String,
        in table: TableReader,
        count: ClosedRange<Int>
    ) -> [PlacedExpression]? {
        guard let node = table.node(key) else { return nil }
        guard case .array(let elements) = node.value else {
            table.error(
                at: node.span,
                "`\(key)` wants an array of sizes such as [\"n\", 3], this is \(node.kind)"
            )
            return nil
        }
        guard count.contains(elements.count) else {
            table.error(
                at: node.span,
                "`\(key)` has \(elements.count) dimensions, "
                    + "allowed is \(count.lowerBound)...\(count.upperBound)"
            )
            return nil
        }
        let result = elements.compactMap { expression(key, $0, in: table) }
        return result.count == elements.count ? result : nil
    }

    func expression(_ key: String, in table: TableReader) -> PlacedExpression? {
        table.node(key).flatMap { expression(key, $0, in: table) }
    }

    func expression(
        _ key: String,
        _ node: TOMLNode,
        in table: TableReader
    ) -> PlacedExpression? {
        switch node.value {
        case .integer(let value):
            return PlacedExpression(
                expression: SizeExpression(value),
                span: node.span,
                isLiteral: false
            )
        case .string(let text):
            return expression(text, at: node.span, in: table)
        case .float, .boolean, .dateTime, .array, .table:
            table.error(
                at: node.span,
                "`\(key)` wants a size such as \"n\", \"n + 1\" or 64, this is \(node.kind)"
            )
            return nil
        }
    }

    func expression(
        _ text: String,
        at span: SourceSpan,
        in table: TableReader
    ) -> PlacedExpression? {
        // Two quotes around it and no escapes inside: columns in the text are columns in the file.
        let isLiteral = span.length == text.unicodeScalars.count + 2
        do throws(SizeExpressionError) {
            let expression = try SizeExpression(parsing: text)
            return PlacedExpression(expression: expression, span: span, isLiteral: isLiteral)
        } catch {
            let place = isLiteral ? span.part(from: error.column, length: 1) : span
            table.error(at: place, "`\(text)` is not a size: \(error.message)")
            return nil
        }
    }

    /// Checks that an expression's names are sizes, and counts them as used.
    ///
    /// `extra` is a reserved name that means something here.
    @discardableResult
    mutating func checkNames(
        _ placed: PlacedExpression,
        extra: String? = nil,
        in table: TableReader
    ) -> Bool {
        var isGood = true
        for name in placed.expression.names.sorted() where name != extra {
            guard let kind = symbols[name], kind.isSize else {
                isGood = false
                report(unknownSize: name, in: placed, table: table)
                continue
            }
            symbols.use(name)
        }
        if placed.expression.names.isEmpty, isGood {
            isGood = checkConstant(placed, in: table)
        }
        return isGood
    }

    /// The plain expressions when all names in them are known.
    mutating func checked(
        _ placed: [PlacedExpression],
        extra: String? = nil,
        in table: TableReader
    ) -> [SizeExpression] {
        placed.map { part in
            checkNames(part, extra: extra, in: table)
            return part.expression
        }
    }

    private func report(
        unknownSize name: String,
        in placed: PlacedExpression,
        table: TableReader
    ) {
        let span = placed.span
        let known = symbols.sizeNames
        if let kind = symbols[name] {
            var why = kind.text
            if case .scalar(let type) = kind { why = "\(type.name), not an integer" }
            table.error(at: span, "`\(name)` is not a size: it is \(why)")
            return
        }
        switch name {
        case KernelManifest.ReservedSize.iteration:
            table.error(at: span, "`iteration` is for launches that are repeated")
        case KernelManifest.ReservedSize.passes:
            table.error(at: span, "`passes` is for the `value` of an output, with [repeat]")
        default:
            guard !hasBrokenDeclaration else { return }
            table.error(
                at: span,
                "`\(name)` is not a size: no input's shape or integer scalar has that name",
                hint: table.suggestion(for: name, among: known),
                note: known.isEmpty ? nil : "sizes: \(known.joined(separator: ", "))"
            )
        }
    }

    /// A constant that can't be computed is wrong at every call.
    private func checkConstant(_ placed: PlacedExpression, in table: TableReader) -> Bool {
        do throws(SizeExpressionError) {
            _ = try placed.expression.evaluate([:])
            return true
        } catch {
            table.error(at: placed.part(from: error.column, length: 1), error.message)
            return false
        }
    }
}
