import KernelManifest
import Testing

@Suite struct TOMLDocumentTests {
    private func parse(_ text: String) throws -> TOMLNode.Table {
        try TOMLDocument(parsing: text, path: "a.toml").root
    }

    private func error(_ text: String) -> Diagnostic? {
        do throws(ConfigurationErrors) {
            _ = try TOMLDocument(parsing: text, path: "a.toml")
            return nil
        } catch {
            return error.diagnostics.first
        }
    }

    @Test func `every key and value knows its place`() throws {
        let root = try parse(
            """
            # comment
            title = "é" # more
              a.'b c'."d" = 12
            [t]
            x = [1,
              2]
            [[list]]
            y = { z = true }
            [[list]]
            """
        )
        var places: [String] = []
        func visit(_ table: TOMLNode.Table, _ indent: String) {
            for entry in table.entries {
                let key = entry.keySpan
                let value = entry.node.span
                places.append(
                    "\(indent)\(entry.key) "
                        + "\(key.position.line):\(key.position.column)+\(key.length)"
                        + " = \(value.position.line):\(value.position.column)+\(value.length)"
                )
                switch entry.node.value {
                case .table(let inner): visit(inner, indent + "  ")
                case .array(let elements):
                    for case .table(let inner) in elements.map(\.value) {
                        visit(inner, indent + "  ")
                    }
                default: break
                }
            }
        }
        visit(root, "")
        #expect(
            places == [
                "title 2:1+5 = 2:9+3",
                "a 3:3+1 = 3:3+1",
                "  b c 3:5+5 = 3:5+5",
                "    d 3:11+3 = 3:17+2",
                "t 4:2+1 = 4:1+3",
                "  x 5:1+1 = 5:5+3",
                "list 7:3+4 = 7:1+8",
                "  y 8:1+1 = 8:5+12",
                "    z 8:7+1 = 8:11+4",
            ]
        )
    }

    @Test func `a line end of two characters and a byte order mark move no place`() throws {
        let root = try parse("\u{FEFF}a = 1\r\nb = 2\r\n")
        #expect(root["a"]?.keySpan == SourceSpan(line: 1, column: 1, length: 1))
        #expect(root["b"]?.node.span == SourceSpan(line: 2, column: 5, length: 1))
    }

    @Test(arguments: [
        ("", 0), ("a = 1", 1), ("\n\n# only a comment", 0), ("[a]\n[a.b]\n[c]\n", 2),
    ])
    func `a small document is read`(text: String, keys: Int) throws {
        #expect(try parse(text).entries.count == keys)
    }

    @Test(arguments: [
        "a", "a =", "a = 1 b = 2", "= 1", "[a", "[[a]", "[]", "a = [1, 2", "a = { b = 1",
        "a = \"x", "a = 'x", "a = \"\"\"x", "a = '''x", "a = \"\\q\"", "a = \"\\u12\"",
        "a = \"\\uD800\"", "a = 1\na = 2", "[a]\n[a]", "a = 1\n[a]", "a = 1\n[a.b]", "[[a]]\n[a]",
        "a = 99999999999999999999", "a = 0x1FFFFFFFFFFFFFFFF", "a = 1__2", "a = 01", "a = 1.",
        "a = .5", "a = 1e", "a = tru", "a = 2026-13-01", "a = 25:00:00", "a..b = 1", "a = [1 2]",
        "a = {b = 1, b = 2}", "a = {b = 1\n}", "a.b = 1\na = 2", "\u{1} = 1", "a = \"\u{1}\"",
        "a = 0x1p3", "a = infinity", "\\", "a = \\", "a = 1\rb = 2", "[a.b]\n[a]\nb = 1",
    ])
    func `what is not TOML is an error with a place in the text`(text: String) throws {
        let error = try #require(self.error(text))
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
        #expect((1...lines + 1).contains(error.span.position.line))
        #expect(error.span.position.column >= 1)
        #expect(!error.message.isEmpty)
    }

    @Test func `a NUL is an error and does not end the text silently`() {
        #expect(
            error("a = 1\n\0b = ")?.description == """
                a.toml:2:1: error: a NUL byte: this is not a text file
                  2 | \u{FFFD}b = 
                    | ^
                """
        )
    }

    @Test func `bytes that are not UTF-8 are an error at their place`() {
        #expect(throws: ConfigurationErrors.self) {
            try TOMLDocument(parsing: Array("a = 1\nb = \"".utf8) + [0xFF, 0x22], path: "a.toml")
        }
        do throws(ConfigurationErrors) {
            _ = try TOMLDocument(parsing: Array("a = 1\nb = \"".utf8) + [0xFF, 0x22], path: "x")
        } catch {
            #expect(error.diagnostics.first?.firstLine == "x:2:6: error: the file is not UTF-8")
        }
    }

    @Test(arguments: [
        ("[", "]"), ("{a = ", "}"),
    ])
    func `deep nesting is refused before a recursive parser sees it`(open: String, close: String) {
        let deep = "a = " + String(repeating: open, count: 100_000)
        #expect(error(deep)?.message == "nested deeper than 32 levels")
        let closed =
            "a = " + String(repeating: open, count: 40) + "1" + String(repeating: close, count: 40)
        #expect(error(closed)?.message == "nested deeper than 32 levels")
    }

    @Test func `long dotted keys are refused in keys, headers and inline tables`() {
        let path = Array(repeating: "a", count: 200_000).joined(separator: ".")
        for text in ["\(path) = 1", "[\(path)]", "[[\(path)]]", "x = {\(path) = 1}"] {
            #expect(error(text)?.message == "nested deeper than 32 levels")
            // An error before it must not let it through to the recursive parser.
            #expect(error("q = 1\nq = 2; \(text)\n\(text)") != nil)
        }
        let legal = Array(repeating: "a", count: 32).joined(separator: ".")
        #expect(error("\(legal) = 1") == nil)
        #expect(error("[x]\n\(legal) = 1")?.message == "nested deeper than 32 levels")
    }

    @Test func `a file above one MiB is refused`() {
        let text = "# " + String(repeating: "x", count: 1 << 20)
        #expect(error(text)?.message == "the file has 1048578 bytes, at most 1048576")
    }

    @Test func `a large legal file is read in linear time`() throws {
        let text = String(repeating: "[[a]]\nb = 1\n", count: 80_000)
        guard case .array(let tables) = try parse(text)["a"]?.node.value else {
            Issue.record("no array")
            return
        }
        #expect(tables.count == 80_000)
    }

    @Test func `random mutations of a document end in a tree or an error`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(state: seed)
        let original = Array(
            """
            a.b = "x\\u00e9" # c
            [t.'q']
            d = [1, 2.5e3, 0xff, true, 2026-01-01 10:00:00Z, {x = 1, y.z = '''
            l'''}]
            [[u]]
            s = \"\"\"a\\
               b\"\"\"
            """.utf8
        )
        let alphabet = Array("[]{}\"'=.#\\\n\r\t ,0x1e_-+:aé\u{0}".utf8)
        for _ in 0..<3000 {
            var bytes = original
            for _ in 0...Int(random.next() % 4) {
                let index = Int(random.next() % UInt64(bytes.count))
                let byte = alphabet[Int(random.next() % UInt64(alphabet.count))]
                switch random.next() % 3 {
                case 0: bytes[index] = byte
                case 1: bytes.insert(byte, at: index)
                default: bytes.remove(at: index)
                }
            }
            do throws(ConfigurationErrors) {
                _ = try TOMLDocument(parsing: bytes, path: "fuzz.toml")
            } catch {
                #expect(!error.description.isEmpty, "seed \(seed)")
            }
        }
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
