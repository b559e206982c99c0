/// Plain values.
extension TableReader {
    /// A text of at most `limit` UTF-8 bytes.
    package func string(_ key: String, atMost limit: Int = 4096) -> String? {
        guard let node = node(key) else { return nil }
        return text(key, node, limit: limit)
    }

    package func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = node(key) else { return nil }
        guard case .integer(let wide) = node.value else {
            wrong(key, node, wants: "an integer")
            return nil
        }
        guard let value = Int(exactly: wide), range.contains(value) else {
            error(
                at: node.span,
                "`\(key)` is \(wide), allowed is \(range.lowerBound)...\(range.upperBound)"
            )
            return nil
        }
        return value
    }

    /// A finite number; an integer is one too.
    package func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        guard let node = node(key) else { return nil }
        let value: Double
        switch node.value {
        case .integer(let integer): value = Double(integer)
        case .float(let float): value = float
        case .string, .boolean, .dateTime, .array, .table:
            wrong(key, node, wants: "a number")
            return nil
        }
        guard range.contains(value) else {
            error(
                at: node.span,
                "`\(key)` is \(value), allowed is \(range.lowerBound)...\(range.upperBound)"
            )
            return nil
        }
        return value
    }

    package func boolean(_ key: String) -> Bool? {
        guard let node = node(key) else { return nil }
        guard case .boolean(let value) = node.value else {
            wrong(key, node, wants: "true or false")
            return nil
        }
        return value
    }

    /// A duration such as "250ms"; see `DurationText`.
    package func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
        guard let node = node(key) else { return nil }
        let wants = "`\(key)` wants a duration such as 250ms or 30s"
        guard case .string(let text) = node.value else {
            var hint: String?
            if case .integer(let value) = node.value {
                hint = "did you mean \"\(value)s\"?"
            }
            error(at: node.span, wants, hint: hint)
            return nil
        }
        guard let value = DurationText.parse(text) else {
            error(
                at: node.span,
                wants,
                hint: DurationText.correction(of: text).map { "did you mean \"\($0)\"?" }
            )
            return nil
        }
        guard range.contains(value) else {
            let lower = DurationText.format(range.lowerBound)
            let upper = DurationText.format(range.upperBound)
            error(at: node.span, "`\(key)` is \(text), allowed is \(lower)...\(upper)")
            return nil
        }
        return value
    }

    package func strings(_ key: String, atMost limit: Int = 256) -> [String]? {
        spannedStrings(key, atMost: limit)?.map(\.text)
    }

    /// The strings of an array with their places; nil when one of them is none.
    func spannedStrings(
        _ key: String,
        atMost limit: Int = 256
    ) -> [(text: String, span: SourceSpan)]? {
        guard let node = node(key) else { return nil }
        guard case .array(let elements) = node.value else {
            wrong(key, node, wants: "an array of strings")
            return nil
        }
        guard elements.count <= limit else {
            error(at: node.span, "`\(key)` has \(elements.count) elements, at most \(limit)")
            return nil
        }
        var result: [(text: String, span: SourceSpan)] = []
        for element in elements {
            if let value = text(key, element, limit: 4096) {
                result.append((value, element.span))
            }
        }
        return result.count == elements.count ? result : nil
    }

    /// One of a closed set of words.
    package func enumeration(_ key: String, among words: [String]) -> String? {
        guard let node = node(key), let value = text(key, node, limit: 4096) else { return nil }
        guard words.contains(value) else {
            error(
                at: node.span,
                "\(path.isEmpty ? "" : "\(name) ")\(key) = \"\(value)\" is not a \(key)",
                hint: suggestion(for: value, among: words),
                note: "one of: \(words.joined(separator: ", "))"
            )
            return nil
        }
        return value
    }

    /// One of the cases of an enum whose raw values are the words.
    package func enumeration<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String,
        as type: Choice.Type = Choice.self
    ) -> Choice? {
        enumeration(key, among: Choice.allCases.map(\.rawValue)).flatMap(Choice.init(rawValue:))
    }

    private func text(_ key: String, _ node: TOMLNode, limit: Int) -> String? {
        guard case .string(let value) = node.value else {
            wrong(key, node, wants: "a string")
            return nil
        }
        guard value.utf8.count <= limit else {
            error(at: node.span, "`\(key)` has \(value.utf8.count) bytes, at most \(limit)")
            return nil
        }
        guard !value.utf8.contains(0) else {
            error(at: node.span, "`\(key)` holds a NUL character")
            return nil
        }
        return value
    }
}
