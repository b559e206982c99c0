import Testing

/// The configuration that is installed, the daemon that reads it and the page that explains it say
/// the same.
struct ConfigurationFileTests {
    @Test func `the installed configuration is right as it stands`() throws {
        let path = SourceTree.path(of: ConfigurationFile.path)
        let output = try run(builtProgram("kernelsupd"), ["--check", "--config", path])
        let manifests = SourceTree.files(below: "config/kernels.d", endings: [".toml"])
        #expect(output.text.hasSuffix(": right, \(manifests.count) kernels\n"))
        #expect(output.status == 0)
    }

    @Test func `the daemon takes every key that the configuration explains`() throws {
        let file = try #require(ConfigurationFile())
        #expect(file.entries.count > 25)
        #expect(!file.uncommented.contains("#max_queued"))
        let directory = try TemporaryDirectory()
        try directory.write(file.uncommented, to: "kernelsupd.toml")
        let path = directory.path + "/kernelsupd.toml"
        let output = try run(builtProgram("kernelsupd"), ["--check", "--config", path])
        #expect(output == ProgramOutput(status: 0, text: "\(path): right, 0 kernels\n"))
    }

    @Test func `the configuration explains every key that the daemon reads`() throws {
        let file = try #require(ConfigurationFile())
        let readers = SourceTree.files(
            below: "Sources/kernelsupd/Configuration",
            endings: ["Reader.swift"]
        )
        // A key is the first string of a call on a table, or the second argument of `span`.
        let call =
            /(?:table|reader)\s*\.(?:string|integer|duration|boolean|enumeration|table)\(\s*"(\w+)"/
        let span = /span\(\s*table,\s*"(\w+)"/
        let place = /place\("(\w+)"/
        let text = readers.map(\.text).joined()
        var read = Set(text.matches(of: call).map { String($0.1) })
        read.formUnion(text.matches(of: span).map { String($0.1) })
        read.formUnion(text.matches(of: place).map { String($0.1) })
        #expect(read.isSuperset(of: ["max_queued", "cancel_timeout", "worker", "replicas"]))

        let keys = Set(file.entries.map(\.key))
        let tables = Set(file.entries.flatMap { $0.table.split(separator: ".").map(String.init) })
        // Where a kernel says which group it belongs to: in its manifest alone.
        #expect(read.subtracting(keys).subtracting(tables) == ["group"])
    }

    @Test func `the page of the configuration has the same keys with the same defaults`() throws {
        let file = try #require(ConfigurationFile())
        let page = try #require(SourceTree.file("man/kernelsupd.toml.5"))
        var table = ""
        var entries: Set<ConfigurationFile.Entry> = []
        for line in page.lines {
            if let match = line.wholeMatch(of: /\.SS "\[([A-Za-z.]+)\]"/) {
                table = String(match.1)
            } else if let match = line.wholeMatch(of: /\.B ([a-zA-Z_]+) = (.+)/) {
                let value = match.2.replacing("\\(dq", with: "\"").replacing("\\-", with: "-")
                entries.insert(.init(table: table, key: String(match.1), value: String(value)))
            }
        }
        let own = file.entries.filter { !$0.table.hasPrefix(ConfigurationFile.examples) }
        let replicas = ConfigurationFile.Entry(table: "groups.NAME", key: "replicas", value: "1")
        #expect(entries == Set(own).union([replicas]))
    }

    @Test func `the page of the configuration has the ranges that the daemon enforces`() throws {
        let page = try #require(SourceTree.file("man/kernelsupd.toml.5")).text
        let readers = SourceTree.files(
            below: "Sources/kernelsupd/Configuration",
            endings: ["Reader.swift"]
        )
        let range = /integer\("(\w+)", in: (\d+)\.\.\.([\d_]+)\)/
        let ranges = readers.flatMap { $0.text.matches(of: range) }
        #expect(ranges.count >= 6)
        for match in ranges {
            let words = "\(match.2) to \(match.3.replacing("_", with: ""))"
            let entry = page.split(separator: ".B \(match.1) = ").dropFirst().first
            #expect(entry?.split(separator: ".TP").first?.contains(words) == true, "\(match.1)")
        }
    }
}
