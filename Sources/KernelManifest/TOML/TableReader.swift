import SupervisionWire

/// Typed reading of one table: each call consumes a key, and `finish()` reports the rest.
///
/// Nothing is thrown. A wrong value is added to the diagnostics and reads as nil, as an absent one
/// does, and the reader goes on, so that a user sees all errors of a file at once. Readers of inner
/// tables are finished with their parent.
///
/// A class, used on one thread: readers of inner tables are kept by their parent for `finish()`.
///
///     let reader = document.reader(collecting: diagnostics)
///     if let retry = reader.table("retry") {
///         policy.maxAttempts = retry.integer("max_attempts", in: 1...100) ?? policy.maxAttempts
///         policy.initial = retry.duration("initial", in: .zero ... .seconds(60)) ?? policy.initial
///     }
///     reader.finish()
///     try diagnostics.throwIfAny()
package final class TableReader {
    package let table: TOMLNode.Table
    /// The table's header, or the start of the file for the whole document.
    package let span: SourceSpan
    package let file: SourceFile
    package let diagnostics: Diagnostics
    /// Keys from the document's root to here.
    let path: [String]
    private var known: [String] = []
    private var inner: [TableReader] = []
    private var innerTables: [String: TableReader] = [:]

    init(
        _ table: TOMLNode.Table,
        span: SourceSpan,
        path: [String],
        file: SourceFile,
        diagnostics: Diagnostics
    ) {
        self.table = table
        self.span = span
        self.path = path
        self.file = file
        self.diagnostics = diagnostics
    }

    /// How messages name the table: `[retry]`, or `the file` for the whole document.
    package var name: String {
        path.isEmpty ? "the file" : "[\(path.joined(separator: "."))]"
    }

    package var keys: [String] { table.entries.map(\.key) }

    package func has(_ key: String) -> Bool { table[key] != nil }

    /// Where the value of `key` stands; where the table stands when there is no such key.
    package func span(of key: String) -> SourceSpan { table[key]?.node.span ?? span }

    /// Where `key` itself stands, for "the limit comes from kernels.d/var.toml:8:1".
    package func keySpan(of key: String) -> SourceSpan? { table[key]?.keySpan }

    /// Consumes a key and gives its value as it is.
    package func node(_ key: String) -> TOMLNode? {
        if !known.contains(key) {
            known.append(key)
        }
        return table[key]?.node
    }

    /// Reports a key that has to be there and is not.
    package func require(_ key: String, _ hint: String? = nil) {
        if node(key) == nil {
            error(at: span, "\(name) lacks `\(key)`", hint: hint)
        }
    }

    /// The table under `key`; the same reader each time, so that several parts of a program can
    /// read keys of one table.
    package func table(_ key: String) -> TableReader? {
        if let reader = innerTables[key] { return reader }
        guard let node = node(key) else { return nil }
        guard case .table(let table) = node.value else {
            wrong(key, node, wants: "a table")
            return nil
        }
        let reader = reader(of: table, at: node.span, path: path + [key])
        innerTables[key] = reader
        return reader
    }

    /// The tables under `[[key]]` headers, or of an array of inline tables; empty when absent.
    package func tables(_ key: String, atMost limit: Int = 256) -> [TableReader] {
        guard let node = node(key) else { return [] }
        guard case .array(let elements) = node.value else {
            wrong(key, node, wants: "tables under [[\((path + [key]).joined(separator: "."))]]")
            return []
        }
        guard elements.count <= limit else {
            error(at: node.span, "`\(key)` has \(elements.count) tables, at most \(limit)")
            return []
        }
        var readers: [TableReader] = []
        for element in elements {
            guard case .table(let table) = element.value else {
                wrong(key, element, wants: "tables only")
                continue
            }
            readers.append(reader(of: table, at: element.span, path: path + [key]))
        }
        return readers
    }

    /// Reports every key that was not asked for, here and in the tables that were read.
    package func finish() {
        for entry in table.entries where !known.contains(entry.key) {
            let place = path.isEmpty ? "" : " in \(name)"
            error(
                at: entry.keySpan,
                "unknown key `\(entry.key)`\(place)",
                hint: nearest(entry.key, among: known).map { "did you mean `\($0)`?" }
                    ?? inner.first { $0.known.contains(entry.key) }.map {
                        "it belongs in \($0.name)"
                    }
            )
        }
        for reader in inner {
            reader.finish()
        }
    }

    package func error(
        at span: SourceSpan,
        _ message: String,
        hint: String? = nil,
        note: String? = nil
    ) {
        diagnostics.add(Diagnostic(in: file, at: span, message, hint: hint, note: note))
    }

    /// Reports a value of another kind than `wants`.
    func wrong(_ key: String, _ node: TOMLNode, wants: String, hint: String? = nil) {
        error(at: node.span, "`\(key)` wants \(wants), this is \(node.kind)", hint: hint)
    }

    private func reader(
        of table: TOMLNode.Table,
        at span: SourceSpan,
        path: [String]
    ) -> TableReader {
        let reader = TableReader(
            table,
            span: span,
            path: path,
            file: file,
            diagnostics: diagnostics
        )
        inner.append(reader)
        return reader
    }
}
