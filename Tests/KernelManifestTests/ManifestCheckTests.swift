@testable import KernelManifest
import SupervisionWire
import Testing

/// `[check]`: what is read, and what is said about a mistake in it.
@Suite struct ManifestCheckTests {
    private static let valid = """
        [kernel]
        name = "d/k"
        source = "k.cl"
        [[input]]
        name = "x"
        type = "f32"
        shape = ["rows", 2]
        [[input]]
        name = "k"
        type = "i16"
        default = 2
        range = "-9...9"
        [[output]]
        name = "y"
        type = "u32"
        shape = ["n", "k"]
        [[output]]
        name = "done"
        type = "u8"
        value = "n"
        [sizes]
        n = "rows - 1"
        [[launch]]
        function = "f"
        arguments = ["x", "k", "y"]
        global = ["n"]
        [check]
        tolerance = 1e-6
        inputs = { x = [[1, 2], [3, 4.5]] }
        outputs = { y = [[7, 8]], done = 1 }
        """

    @Test func `a check is read in the types of what it names`() throws {
        let (manifest, errors) = try ManifestReaderTests.read(Self.valid)
        #expect(errors == [])
        guard case .source(let program)? = manifest?.kind else {
            Issue.record("no program")
            return
        }
        let x: [Float] = [1, 2, 3, 4.5]
        let y: [UInt32] = [7, 8]
        let bytes = (x.withUnsafeBytes { Array($0) }, y.withUnsafeBytes { Array($0) })
        #expect(
            program.check
                == KernelManifest.Check(
                    inputs: [.init(name: "x", type: .f32, shape: [2, 2], bytes: bytes.0)],
                    outputs: [
                        .init(name: "y", type: .u32, shape: [1, 2], bytes: bytes.1),
                        .init(name: "done", type: .u8, shape: [], bytes: [1]),
                    ],
                    tolerance: 1e-6
                )
        )
    }

    /// A text of `valid`, what replaces it, and the errors.
    @Test(
        arguments: [
            (
                "tolerance = 1e-6", "tolerance = -1",
                [
                    "28:13+2 `tolerance` is -1.0, allowed is 0.0...1.0"
                ]
            ),
            (
                "tolerance", "tolerence",
                [
                    "28:1+9 unknown key `tolerence` in [check]"
                        + " | did you mean `tolerance`?"
                ]
            ),
            (
                "outputs = { y = [[7, 8]], done = 1 }", "",
                [
                    "27:1+7 [check] lacks `outputs`"
                        + " | what must come back, such as outputs = { y = [2, 4] }"
                ]
            ),
            (
                "{ y = [[7, 8]], done = 1 }", "{}",
                ["30:11+2 `outputs` is empty: nothing would be checked"]
            ),
            (
                "{ x = [[1, 2], [3, 4.5]] }", "{ k = 2 }",
                ["29:10+9 [check] lacks the input `x`, which every call must give"]
            ),
            ("{ x = [[1,", "{ z = 1, x = [[1,", ["29:12+1 `z` is none of the kernel's inputs"]),
            ("[[7, 8]], done", "[[7, 8]], x", ["30:27+1 `x` is none of the kernel's outputs"]),
            (
                "[[1, 2], [3, 4.5]]", "[1, 2]",
                [
                    "29:16+6 `x` wants arrays of f32, 2 inside one another, "
                        + "this is an array"
                ]
            ),
            (
                "[[1, 2], [3, 4.5]]", "[[1, 2], [3]]",
                ["29:25+3 `x` is ragged: 2 elements are wanted here, as in the first row"]
            ),
            (
                "[[7, 8]]", "[[7, -8]]",
                [
                    "30:22+2 this is no u32, "
                        + "and `y` wants arrays of u32, 2 inside one another"
                ]
            ),
            (
                "done = 1", "done = [1]",
                ["30:34+3 this is no u8, and `done` wants a number of type u8"]
            ),
            (
                "[[7, 8]]", "[[7, 8], [9, 10]]",
                ["30:17+17 `y` has the length 2 in dimension 0; with these inputs n is 1"]
            ),
            (
                "{ x = [[1,", "{ k = 3, x = [[1,",
                ["30:17+8 `y` has the length 2 in dimension 1; with these inputs k is 3"]
            ),
            ("{ x = [[1,", "{ k = -10, x = [[1,", ["29:16+3 `k` is -10, allowed is -9...9"]),
            (
                "[[1, 2], [3, 4.5]]", "[[1, 2, 3]]",
                [
                    "29:16+11 `x` has the length 3 in dimension 1; with these inputs 2 is 2",
                    "30:17+8 `y` has the length 1 in dimension 0; with these inputs n is 0",
                ]
            ),
        ] as [(String, String, [String])]
    )
    func `a mistake in a check is reported where it is made`(
        original: String,
        replacement: String,
        expected: [String]
    ) throws {
        let text = Self.valid.replacing(original, with: replacement, maxReplacements: 1)
        let (_, errors) = try ManifestReaderTests.read(text)
        #expect(errors == expected)
    }

    @Test func `a check of thousands of elements is refused`() throws {
        let row = Array(repeating: "[1, 2]", count: 513).joined(separator: ", ")
        let text = Self.valid.replacing("[[1, 2], [3, 4.5]]", with: "[\(row)]")
        let (_, errors) = try ManifestReaderTests.read(text)
        #expect(errors.map { $0.contains("`x` has more than 1024 elements") } == [true])
    }

    @Test func `a check is for kernels with a source`() throws {
        let (_, errors) = try ManifestReaderTests.read(
            """
            [kernel]
            name = "d/k"
            builtin = "core/echo"
            [check]
            outputs = { y = 1 }
            """
        )
        #expect(errors == ["4:2+5 a built-in kernel declares its own arguments and launches"])
    }
}
