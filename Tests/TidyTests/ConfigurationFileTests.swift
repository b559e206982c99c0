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

    // The daemon shows what it reads: the keys that it shows are all that it has.
    @Test func `the configuration explains every key of the daemon with its true default`() throws {
        let file = try #require(ConfigurationFile())
        let directory = try TemporaryDirectory()
        let kernel = "[kernel]\nname = \"a/k\"\ncommand = [\"/bin/true\"]\n"
        try directory.write("[daemon]\nkernels_directory = \".\"\n", to: "main.conf")
        try directory.write(kernel, to: "k.toml")
        let path = directory.path + "/main.conf"
        let output = try run(builtProgram("kernelsupd"), ["--show-config", "--config", path])
        #expect(output.status == 0)
        var shown: Set<ConfigurationFile.Entry> = []
        var section = ""
        for line in output.text.split(separator: "\n") {
            if line.hasPrefix("[") {
                section = line.hasPrefix("[daemon]") ? "daemon" : "defaults"
            } else if let match = line.wholeMatch(of: /(?:([\w.]+)\.)?(\w+) = (.*?) +# .*/) {
                let table = section + (match.1.map { ".\($0)" } ?? "")
                let key = String(match.2)
                shown.insert(.init(table: table, key: key, value: String(match.3)))
            }
        }
        // Which group a kernel belongs to stands in its manifest alone.
        shown = shown.filter { $0.key != "group" && $0.table != "defaults.environment" }
        let own = file.entries.filter {
            !$0.table.hasPrefix(ConfigurationFile.examples) && $0.table != "defaults.environment"
        }
        // Places depend on where the daemon is.
        let places = ["cache_directory", "kernels_directory", "worker", "exec_helper"]
        let withoutPlaces = Set(own).filter { !places.contains($0.key) }
        #expect(withoutPlaces.count > 45)
        #expect(shown.filter { !places.contains($0.key) } == withoutPlaces)
        #expect(Set(places).isSubset(of: shown.map(\.key)))
        #expect(Set(places).isSubset(of: own.map(\.key)))
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
        #expect(entries == Set(own))
    }

    @Test func `the page of the configuration has the ranges that the daemon enforces`() throws {
        let page = try #require(SourceTree.file("man/kernelsupd.toml.5")).text
        let readers = SourceTree.files(
            below: "Sources/kernelsupd/Configuration",
            endings: [".swift"]
        )
        let range = /(?:integer|number)\("(\w+)", &\w+, in: (\d+)\.\.\.([\d_]+)\)/
        let ranges = readers.flatMap { $0.text.matches(of: range) }
        #expect(ranges.count >= 16)
        for match in ranges {
            let words = "\(match.2) to \(match.3.replacing("_", with: ""))"
            // A key may stand in several tables, with a range of its own in each.
            let entries = page.split(separator: ".B \(match.1) = ").dropFirst()
            let isThere = entries.contains {
                $0.split(separator: ".TP").first?.contains(words) == true
            }
            #expect(isThere, "\(match.1): \(words)")
        }
    }
}
