import KernelManifest
import Testing

/// docs/KERNELS.md says what the reader does.
@Suite struct ManifestPageTests {
    private static let page = Result { try ExampleManifestsTests.text("../../docs/KERNELS.md") }

    @Test func `the first kernel of the page loads`() throws {
        let blocks = try Self.page.get().blocks(of: "toml").filter { $0.contains("[kernel]") }
        #expect(blocks.count == 1)
        for block in blocks {
            #expect(try errors(block) == [])
        }
    }

    @Test func `the page shows the error as it is printed`() throws {
        let page = try Self.page.get()
        let block = try #require(page.blocks(of: "toml").first)
        let lines = try errors(block.replacing("\"x\", \"y\"", with: "\"x\", \"z\""))
        let shown = try #require(lines.first)
        #expect(
            page.contains(shown.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
        )
    }

    @Test func `every key of a manifest is on the page`() throws {
        let page = try Self.page.get()
        let keys = [
            "name", "summary", "source", "builtin", "command", "build_options", "idempotent",
            "type",
            "shape", "default", "range", "finite", "ascending", "first", "last", "below", "doc",
            "initial", "copy_of", "value", "function", "arguments", "global", "local", "repeated",
            "count", "while", "until", "max_count", "at_limit", "check_every", "swap", "iteration",
            "passes",
            "inputs", "outputs", "tolerance",
        ]
        for key in keys {
            #expect(page.contains("`\(key)`"), "\(key)")
        }
        for table in [
            "[kernel]", "[[input]]", "[[output]]", "[[buffer]]", "[[local]]", "[sizes]",
            "[[launch]]", "[repeat]", "[check]",
        ] {
            #expect(page.contains("`\(table)`"), "\(table)")
        }
    }

    private func errors(_ text: String) throws -> [String] {
        let diagnostics = Diagnostics()
        let reader = try TOMLDocument(parsing: text, path: "kernels.d/scale.toml")
            .reader(collecting: diagnostics)
        _ = ManifestReader.read(reader, directory: ".", checksFiles: false)
        reader.finish()
        return diagnostics.inOrder.map(\.description)
    }
}

extension String {
    /// The fenced blocks of a language in a Markdown text.
    fileprivate func blocks(of language: String) -> [String] {
        split(separator: "```\(language)\n").dropFirst().compactMap { rest in
            rest.split(separator: "```").first.map(String.init)
        }
    }
}
