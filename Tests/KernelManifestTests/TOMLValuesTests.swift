import KernelManifest
import TOMLKit
import Testing

/// The scanner reads values itself; TOMLKit is the independent reader it is compared with.
@Suite struct TOMLValuesTests {
    @Test(arguments: [
        #"a = """#, #"a = "plain""#, #"a = "\b\t\n\f\r\"\\""#, #"a = "\u00e9\U0001F600""#,
        #"a = 'lit\n'"#, #"a = ''"#, "a = \"\"\"\nfirst\nsecond\"\"\"", "a = '''\nraw\\'''",
        "a = \"\"\"x \\\n   y\"\"\"", "a = \"\"\"x \\   \n\n   y\"\"\"", "a = \"\"\"\"q\"\"\"\"\"",
        "a = ''''q'''''", "a = \"\"\"\"\"\"", "a = \"\"\"\\\"\"\"\"", #"a = "a # b""#,
    ])
    func `strings are what TOMLKit reads`(text: String) throws {
        let table = try TOMLTable(string: text)
        let root = try TOMLDocument(parsing: text, path: "a.toml").root
        let expected = try #require(table["a"]?.string)
        #expect(root["a"]?.node.value == .string(expected))
    }

    @Test(arguments: [
        "0", "+7", "-12", "1_000", "0xDEAD_beef", "0o755", "0b1010", "9223372036854775807",
        "-9223372036854775808",
    ])
    func `integers are what TOMLKit reads`(text: String) throws {
        let table = try TOMLTable(string: "a = \(text)")
        let root = try TOMLDocument(parsing: "a = \(text)", path: "a.toml").root
        let expected = try #require(table["a"]?.int)
        #expect(root["a"]?.node.value == .integer(Int64(expected)))
    }

    @Test(arguments: ["1.5", "-0.25", "6.02e23", "1E-3", "1_0.5", "5e2", "inf", "-inf"])
    func `floats are what TOMLKit reads`(text: String) throws {
        let table = try TOMLTable(string: "a = \(text)")
        let root = try TOMLDocument(parsing: "a = \(text)", path: "a.toml").root
        let expected = try #require(table["a"]?.double)
        #expect(root["a"]?.node.value == .float(expected))
    }

    @Test(arguments: [
        "2026-01-02", "10:20:30", "2026-01-02T10:20:30Z", "2026-01-02 10:20:30.5+01:00",
    ])
    func `dates and times are kept as text`(text: String) throws {
        let root = try TOMLDocument(parsing: "a = \(text) # c", path: "a.toml").root
        #expect(root["a"]?.node.value == .dateTime(text))
    }

    @Test func `tables from headers, dotted keys and arrays of tables join as in TOMLKit`() throws {
        let text = """
            x.y = 1
            [a.b]
            c = 1
            [a]
            d = 2
            [[p]]
            [p.q]
            r = 1
            [[p]]
            r = 3
            [p.q]
            r = 4
            """
        let table = try TOMLTable(string: text)
        let root = try TOMLDocument(parsing: text, path: "a.toml").root
        #expect(plain(root) == plain(table))
    }

    private func plain(_ table: TOMLNode.Table) -> String {
        let parts = table.entries.sorted { $0.key < $1.key }.map { "\($0.key):\(plain($0.node))" }
        return "{\(parts.joined(separator: ","))}"
    }

    private func plain(_ node: TOMLNode) -> String {
        switch node.value {
        case .table(let table): plain(table)
        case .array(let elements): "[\(elements.map { plain($0) }.joined(separator: ","))]"
        case .integer(let value): "\(value)"
        case .string, .float, .boolean, .dateTime: "other"
        }
    }

    private func plain(_ table: TOMLTable) -> String {
        let parts = table.keys.sorted().map { key in "\(key):\(plain(table[key]?.tomlValue))" }
        return "{\(parts.joined(separator: ","))}"
    }

    private func plain(_ value: TOMLValue?) -> String {
        if let table = value?.table { return plain(table) }
        if let array = value?.array {
            return "[\(array.map { plain($0.tomlValue) }.joined(separator: ","))]"
        }
        return value?.int.map { "\($0)" } ?? "other"
    }
}
