@testable import KernelManifest
import SupervisionWire
import Testing

@Suite struct ManifestReaderTests {
    /// A manifest without an error; tests change one thing in it.
    static let valid = """
        [kernel]
        name = "d/k"
        source = "k.cl"
        [[input]]
        name = "x"
        type = "f32"
        shape = ["n", 3]
        [[input]]
        name = "k"
        type = "u32"
        default = 2
        range = "1...9"
        [[output]]
        name = "y"
        type = "f32"
        shape = ["n", 3]
        [[buffer]]
        name = "flag"
        type = "u32"
        shape = [1]
        [[buffer]]
        name = "z"
        type = "f32"
        shape = ["n", 3]
        [[local]]
        name = "l"
        type = "f32"
        shape = [64]
        [sizes]
        half = "n / 2"
        [[launch]]
        function = "f"
        arguments = ["x", "y", "z", "flag", "l", "k", "n", "half", "u64(n)", "f32(0.5)", "i64(-1)"]
        global = ["ceil(n, 64) * 64"]
        local = [64]
        [repeat]
        while = "flag"
        max_count = "k * 10"
        swap = [["y", "z"]]
        """

    /// The manifest and its errors, a line each.
    static func read(_ text: String) throws -> (KernelManifest?, [String]) {
        let diagnostics = Diagnostics()
        let reader = try TOMLDocument(parsing: text, path: "k.toml").reader(collecting: diagnostics)
        let manifest = ManifestReader.read(reader, directory: "/d", checksFiles: false)
        reader.finish()
        let lines = diagnostics.inOrder.map {
            "\($0.span.position.line):\($0.span.position.column)+\($0.span.length) \($0.message)"
                + ($0.hint.map { " | \($0)" } ?? "")
        }
        return (manifest, lines)
    }

    @Test func `a manifest becomes a program`() throws {
        let (manifest, errors) = try Self.read(Self.valid)
        #expect(errors == [])
        let n = try SizeExpression(parsing: "n")
        let zeros: KernelManifest.Initial = .filled([0, 0, 0, 0])
        let program = KernelManifest.Program(
            sourcePath: "/d/k.cl",
            buildOptions: "",
            inputs: [
                .init(
                    name: "x",
                    type: .f32,
                    shape: [n, SizeExpression(3)],
                    defaultValue: nil,
                    range: "",
                    documentation: "",
                    checks: .none
                ),
                .init(
                    name: "k",
                    type: .u32,
                    shape: [],
                    defaultValue: "2",
                    range: "1...9",
                    documentation: "",
                    checks: .none
                ),
            ],
            outputs: [
                .init(
                    name: "y",
                    type: .f32,
                    shape: [n, SizeExpression(3)],
                    documentation: "",
                    content: .written(zeros)
                )
            ],
            buffers: [
                .init(name: "flag", type: .u32, shape: [SizeExpression(1)], initial: zeros),
                .init(name: "z", type: .f32, shape: [n, SizeExpression(3)], initial: zeros),
            ],
            locals: [.init(name: "l", type: .f32, shape: [SizeExpression(64)])],
            sizes: [.init(name: "half", value: try SizeExpression(parsing: "n / 2"))],
            launches: [
                .init(
                    function: "f",
                    arguments: [
                        .memory("x"), .memory("y"), .memory("z"), .memory("flag"), .local("l"),
                        .scalar("k"), .plainSize(n),
                        .plainSize(try SizeExpression(parsing: "half")), .size(n, .u64),
                        .number([0, 0, 0, 63]), .number([255, 255, 255, 255, 255, 255, 255, 255]),
                    ],
                    global: [try SizeExpression(parsing: "ceil(n, 64) * 64")],
                    local: [SizeExpression(64)],
                    isRepeated: true
                )
            ],
            repetition: .init(
                condition: .flag(
                    .init(
                        buffer: "flag",
                        continuesWhileSet: true,
                        limit: try SizeExpression(parsing: "k * 10"),
                        checkEvery: 1,
                        failsAtLimit: true
                    )
                ),
                swaps: [.init(first: "y", second: "z")]
            )
        )
        #expect(
            manifest
                == KernelManifest(
                    name: "d/k",
                    summary: "",
                    isIdempotent: true,
                    kind: .source(program)
                )
        )
    }

    @Test func `built-in kernels and commands are read, and their idempotence defaults`() throws {
        let builtin = try Self.read("[kernel]\nname = \"graph/rank\"\nbuiltin = \"graph/pagerank\"")
        #expect(builtin.1 == [])
        #expect(
            builtin.0
                == KernelManifest(
                    name: "graph/rank",
                    summary: "",
                    isIdempotent: nil,
                    kind: .builtin("graph/pagerank")
                )
        )
        let command = try Self.read(
            "[kernel]\nname = \"a/b\"\ncommand = [\"/bin/w\", \"-x\"]\nsummary = \"s\""
        )
        #expect(command.1 == [])
        #expect(
            command.0
                == KernelManifest(
                    name: "a/b",
                    summary: "s",
                    isIdempotent: false,
                    kind: .command(["/bin/w", "-x"])
                )
        )
    }

    @Test func `keys of policies are left for others`() throws {
        let text = "\(Self.valid)\n[retry]\nmax_attempts = 3\n"
        let diagnostics = Diagnostics()
        let reader = try TOMLDocument(parsing: text, path: "k.toml").reader(collecting: diagnostics)
        #expect(ManifestReader.read(reader, directory: "/d", checksFiles: false) != nil)
        #expect(reader.table("retry")?.integer("max_attempts", in: 1...9) == 3)
        #expect(reader.table("kernel")?.string("group") == nil)
        reader.finish()
        #expect(diagnostics.isEmpty)
    }

    @Test func `a source that is not there is an error at its value`() throws {
        let diagnostics = Diagnostics()
        let reader = try TOMLDocument(parsing: Self.valid, path: "k.toml")
            .reader(collecting: diagnostics)
        #expect(ManifestReader.read(reader, directory: "/nowhere") == nil)
        #expect(
            diagnostics.inOrder.map(\.description) == [
                """
                k.toml:3:10: error: can't read the source /nowhere/k.cl: No such file or directory
                  3 | source = "k.cl"
                    |          ^^^^^^
                """
            ]
        )
    }

    @Test func `a kernel without launches or outputs is refused`() throws {
        let (_, errors) = try Self.read("[kernel]\nname = \"a/b\"\nsource = \"b.cl\"")
        #expect(
            errors == [
                "1:1+1 the kernel has no [[output]]: nothing would come back",
                "1:1+1 the kernel has no [[launch]]: nothing would run",
            ]
        )
    }

    @Test func `random words in a manifest end in a program or in errors with places`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(state: seed)
        let words = Self.valid.split(separator: " ").map(String.init)
        let others =
            words + [
                "\"\"", "[]", "[[]]", "{}", "nan", "-1", "1e400", "9223372036854775807",
                "1979-05-27",
                "\"u64()\"", "\"u64(\"", "\"(\"", "\"f32(nan)\"", "\"é\"", "\"\\u0000\"", "\"...\"",
                "\"1..<1\"", "'''a\nb'''", "true",
            ]
        for _ in 0..<2000 {
            var text = words
            for _ in 0...Int(random.next() % 3) {
                let other = others[Int(random.next() % UInt64(others.count))]
                text[Int(random.next() % UInt64(text.count))] = other
            }
            do throws(ConfigurationErrors) {
                let diagnostics = Diagnostics()
                let reader = try TOMLDocument(parsing: text.joined(separator: " "), path: "k.toml")
                    .reader(collecting: diagnostics)
                let manifest = ManifestReader.read(reader, directory: "/", checksFiles: false)
                #expect((manifest == nil) == !diagnostics.isEmpty, "seed \(seed)")
                #expect(diagnostics.inOrder.allSatisfy { !$0.description.isEmpty })
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test func `repeated launches stand together and need a repetition`() throws {
        let launch = "[[launch]]\nfunction = \"f\"\narguments = [\"y\"]\nglobal = [1]\n"
        let head = """
            [kernel]
            name = "a/b"
            source = "b.cl"
            [[output]]
            name = "y"
            type = "u32"

            """
        let split = try Self.read(
            head + launch + "repeated = true\n" + launch + launch + "repeated = true\n"
                + "[repeat]\ncount = 3\n"
        )
        #expect(
            split.1 == [
                "12:1+10 a launch between repeated launches is not repeated itself"
                    + " | repeated launches stand together"
            ]
        )
        let alone = try Self.read(head + launch + "repeated = true\n")
        #expect(
            alone.1 == ["11:1+8 `repeated` without [repeat]: how often, or until what?"]
        )
        let good = try Self.read(
            head + launch + launch + "repeated = true\n" + launch + "[repeat]\ncount = 3\n"
        )
        #expect(good.1 == [])
        guard case .source(let program)? = good.0?.kind else {
            Issue.record("no program")
            return
        }
        #expect(program.launches.map(\.isRepeated) == [false, true, false])
    }
}
