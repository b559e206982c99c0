/// The keys that `config/kernelsupd.toml` explains, commented out or not.
struct ConfigurationFile {
    /// A key with its default as it is written.
    struct Entry: Hashable {
        var table: String
        var key: String
        var value: String
    }

    /// Tables that only show how one is written; what stands in them stands elsewhere too.
    static let examples = "groups.small"
    static let path = "config/kernelsupd.toml"

    /// A key, and a text, an array or a plain value.
    private static var setting: Regex<(Substring, Substring, Substring)> {
        /#?([a-zA-Z_]+) = ("[^"]*"|\[[^\]]*\]|[^#\s]+).*/
    }

    let text: String
    private(set) var entries: [Entry] = []

    init?() {
        guard let file = SourceTree.file(Self.path) else { return nil }
        text = file.text
        var table = ""
        for line in file.lines {
            if let match = line.wholeMatch(of: /#?\[([a-z.]+)\]\s*/) {
                table = String(match.1)
            } else if let match = line.wholeMatch(of: Self.setting) {
                entries.append(
                    Entry(table: table, key: String(match.1), value: String(match.2))
                )
            }
        }
    }

    /// The file with every key in force.
    var uncommented: String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.wholeMatch(of: /#(?:[a-zA-Z_]+ = .*|\[[a-z.]+\]\s*)/) == nil
                ? String(line) : String(line.dropFirst())
        }.joined(separator: "\n")
    }
}
