/// A table while its document is read: headers come back to it from anywhere in the file.
final class TOMLTableBuilder {
    private enum Content {
        case value(TOMLNode)
        case table(TOMLTableBuilder)
        case tables(List)
    }

    /// A class, so that thousands of tables are appended without copying the array each time.
    private final class List {
        var items: [TOMLTableBuilder] = []
    }

    private var span: SourceSpan
    /// A header of its own named it; a second one is an error.
    private var isOpened = false
    private var entries: [(key: String, keySpan: SourceSpan, content: Content)] = []
    private var indices: [String: Int] = [:]

    init(span: SourceSpan) {
        self.span = span
    }

    /// The finished tree, of a depth that was bounded while it was built.
    var table: TOMLNode.Table {
        TOMLNode.Table(
            entries: entries.map { entry in
                TOMLNode.Entry(key: entry.key, keySpan: entry.keySpan, node: node(of: entry))
            }
        )
    }

    private var node: TOMLNode {
        TOMLNode(value: .table(table), span: span)
    }

    private func node(
        of entry: (key: String, keySpan: SourceSpan, content: Content)
    ) -> TOMLNode {
        switch entry.content {
        case .value(let node): node
        case .table(let builder): builder.node
        case .tables(let list):
            TOMLNode(value: .array(list.items.map(\.node)), span: list.items.first?.span ?? span)
        }
    }

    /// The table under `key`, made where there is none; the newest of an array of tables.
    ///
    /// - Returns: nil when something else is there.
    func descend(_ key: String, keySpan: SourceSpan) -> TOMLTableBuilder? {
        guard let index = indices[key] else {
            let builder = TOMLTableBuilder(span: keySpan)
            append(key, keySpan, .table(builder))
            return builder
        }
        switch entries[index].content {
        case .value: return nil
        case .table(let builder): return builder
        case .tables(let list): return list.items.last
        }
    }

    /// The table that a `[header]` names; nil when the name is taken.
    func openTable(_ key: String, keySpan: SourceSpan, span: SourceSpan) -> TOMLTableBuilder? {
        if let index = indices[key] {
            guard case .table(let builder) = entries[index].content, !builder.isOpened else {
                return nil
            }
            builder.isOpened = true
            builder.span = span
            return builder
        }
        let builder = TOMLTableBuilder(span: span)
        builder.isOpened = true
        append(key, keySpan, .table(builder))
        return builder
    }

    /// A new table at the end of the array that a `[[header]]` names; nil when the name is taken.
    func appendTable(_ key: String, keySpan: SourceSpan, span: SourceSpan) -> TOMLTableBuilder? {
        let builder = TOMLTableBuilder(span: span)
        builder.isOpened = true
        guard let index = indices[key] else {
            let list = List()
            list.items.append(builder)
            append(key, keySpan, .tables(list))
            return builder
        }
        guard case .tables(let list) = entries[index].content else { return nil }
        list.items.append(builder)
        return builder
    }

    /// Sets a value; false when the key is taken.
    func set(_ key: String, keySpan: SourceSpan, to node: TOMLNode) -> Bool {
        guard indices[key] == nil else { return false }
        append(key, keySpan, .value(node))
        return true
    }

    private func append(_ key: String, _ keySpan: SourceSpan, _ content: Content) {
        indices[key] = entries.count
        entries.append((key, keySpan, content))
    }
}
