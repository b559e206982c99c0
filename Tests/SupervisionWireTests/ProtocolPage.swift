import Foundation

/// docs/PROTOCOL.md, read as data.
struct ProtocolPage {
    static let root = URL(fileURLWithPath: #filePath)
        .resolvingSymlinksInPath()
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()
    static let url = root.appendingPathComponent("docs/PROTOCOL.md")

    var text: String

    init() throws {
        text = try String(contentsOf: ProtocolPage.url, encoding: .utf8)
    }

    /// The blocks that open with "```hex NAME", without their fences.
    var dumps: [String: String] {
        var result: [String: String] = [:]
        for part in text.components(separatedBy: "```hex ").dropFirst() {
            let lines = part.components(separatedBy: "\n")
            let body = lines.dropFirst().prefix { $0 != "```" }
            result[lines[0]] = body.map { $0 + "\n" }.joined()
        }
        return result
    }

    /// The rows of the table behind the first line that starts with `heading`, cells trimmed and
    /// without backquotes, without the column titles.
    func table(after heading: String) -> [[String]] {
        let lines = text.components(separatedBy: "\n")
        let rows =
            lines
            .drop { !$0.hasPrefix(heading) }
            .drop { !$0.hasPrefix("|") }
            .prefix { $0.hasPrefix("|") }
            .dropFirst(2)
        return rows.map { row in
            row.split(separator: "|", omittingEmptySubsequences: false)
                .dropFirst()
                .dropLast()
                .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
        }
    }

    /// Replaces the block `name` with `dump`.
    mutating func replace(_ name: String, with dump: String) {
        let parts = text.components(separatedBy: "```hex \(name)\n")
        guard parts.count == 2, let end = parts[1].range(of: "```") else { return }
        text = "\(parts[0])```hex \(name)\n\(dump)\(parts[1][end.lowerBound...])"
    }
}
