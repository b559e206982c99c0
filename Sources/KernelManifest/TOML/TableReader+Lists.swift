/// Lists of plain values, each element judged at its own place.
extension TableReader {
    /// Integers, none twice, in the order of the file.
    package func integers(
        _ key: String,
        in range: ClosedRange<Int>,
        atMost limit: Int = 256
    ) -> [Int]? {
        elements(key, wants: "an array of integers", atMost: limit) { element in
            guard case .integer(let wide) = element.value else {
                wrong(key, element, wants: "integers only")
                return nil
            }
            guard let value = Int(exactly: wide), range.contains(value) else {
                let allowed = "allowed is \(range.lowerBound)...\(range.upperBound)"
                error(at: element.span, "`\(key)` holds \(wide), \(allowed)")
                return nil
            }
            return value
        }
    }

    /// Words of a closed set, none twice, in the order of the file.
    package func enumerations(_ key: String, among words: [String]) -> [String]? {
        elements(key, wants: "an array of strings", atMost: 256) { element in
            guard case .string(let word) = element.value else {
                wrong(key, element, wants: "strings only")
                return nil
            }
            guard words.contains(word) else {
                error(
                    at: element.span,
                    "`\(key)` holds \"\(word)\", which is none of its words",
                    hint: suggestion(for: word, among: words),
                    note: "any of: \(words.joined(separator: ", "))"
                )
                return nil
            }
            return word
        }
    }

    /// Cases of an enum whose raw values are the words.
    package func enumerations<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String,
        as type: Choice.Type = Choice.self
    ) -> [Choice]? {
        enumerations(key, among: Choice.allCases.map(\.rawValue))?
            .compactMap(Choice.init(rawValue:))
    }

    /// nil when an element is wrong or stands twice; every such element is reported.
    private func elements<Element: Hashable>(
        _ key: String,
        wants: String,
        atMost limit: Int,
        _ read: (TOMLNode) -> Element?
    ) -> [Element]? {
        guard let node = node(key) else { return nil }
        guard case .array(let nodes) = node.value else {
            wrong(key, node, wants: wants)
            return nil
        }
        guard nodes.count <= limit else {
            error(at: node.span, "`\(key)` has \(nodes.count) elements, at most \(limit)")
            return nil
        }
        var seen: Set<Element> = []
        var result: [Element] = []
        for node in nodes {
            guard let element = read(node) else { continue }
            if seen.insert(element).inserted {
                result.append(element)
            } else {
                error(at: node.span, "`\(key)` holds \(element) twice")
            }
        }
        return result.count == nodes.count ? result : nil
    }
}
