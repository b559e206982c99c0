@testable import KernelManifest
import Testing

/// One mistake at a time, and what is said about it.
@Suite struct ManifestErrorTests {
    private static let valid = ManifestReaderTests.valid

    /// A text of `valid`, what replaces it, and the errors.
    @Test(
        arguments: [
            (
                "[kernel]", "[kernels]",
                [
                    "1:1+1 the file lacks `kernel`"
                        + " | start with [kernel] and name = \"domain/name\"",
                    "1:2+7 unknown key `kernels` | did you mean `kernel`?",
                ]
            ),
            ("name = \"d/k\"\n", "", ["1:1+8 [kernel] lacks `name`"]),
            (
                "\"d/k\"", "\"d\"",
                [
                    "2:8+3 `d` is not a kernel's name | wants domain/name, such as linear/saxpy"
                ]
            ),
            (
                "\"d/k\"", "\"d/k/0\"",
                [
                    "2:8+7 `d/k/0` is not a kernel's name | wants domain/name, such as linear/saxpy"
                ]
            ),
            (
                "source = \"k.cl\"", "source = 1",
                ["3:10+1 `source` wants a string, this is an integer"]
            ),
            (
                "source = \"k.cl\"\n", "",
                [
                    "1:1+8 [kernel] wants exactly one of `source`, `builtin` and `command`"
                ]
            ),
            (
                "source = \"k.cl\"", "source = \"k.cl\"\nbuiltin = \"x\"",
                [
                    "4:1+7 [kernel] wants exactly one of `source`, `builtin` and `command`"
                ]
            ),
            (
                "source = \"k.cl\"", "sourc = \"k.cl\"\ncommand = [\"w\"]",
                [
                    "3:1+5 unknown key `sourc` in [kernel] | did you mean `source`?",
                    "4:11+5 `command` wants the absolute path of a program first"
                        + " | such as [\"/usr/local/lib/worker\", \"--fast\"]",
                    "5:3+5 a command declares its own arguments and launches",
                ]
            ),
            (
                "type = \"f32\"\nshape = [\"n\", 3]", "type = \"f31\"\nshape = [\"n\", 3]",
                [
                    "6:8+5 [input] type = \"f31\" is not a type | did you mean `f32`?"
                ]
            ),
            (
                "name = \"x\"", "name = \"4x\"",
                [
                    "5:8+4 `4x` can't be a name"
                ]
            ),
            (
                "name = \"x\"", "name = \"min\"",
                [
                    "5:8+5 `min` can't be a name: it has a meaning in expressions"
                ]
            ),
            (
                "name = \"z\"", "name = \"y\"",
                [
                    "22:8+3 `y` is an output already"
                ]
            ),
            (
                "[\"n\", 3]", "[\"n +\", 3]",
                [
                    "7:14+1 `n +` is not a size: expected a number or a name, found the end"
                ]
            ),
            (
                "[\"n\", 3]", "[\"n\", 3, 1, 1, 1, 1, 1, 1, 1]",
                [
                    "7:9+29 `shape` has 9 dimensions, allowed is 0...8"
                ]
            ),
            (
                "[\"n\", 3]", "[\"n\", 1.5]",
                [
                    "7:15+3 `shape` wants a size such as \"n\", \"n + 1\" or 64, "
                        + "this is a number with a fraction"
                ]
            ),
            ("default = 2", "default = 2.5", ["11:11+3 `default` is no u32"]),
            ("default = 2", "default = -1", ["11:11+2 `default` is no u32"]),
            ("default = 2", "default = 10", ["11:11+2 `default` is 10, allowed is 1...9"]),
            (
                "range = \"1...9\"", "range = \"9...1\"",
                [
                    "12:9+7 `9...1` is not a range of u32 | write 0..<1, 0...1, 1... or ...5"
                ]
            ),
            (
                "range = \"1...9\"", "range = \"0.5...9\"",
                [
                    "12:9+9 `0.5...9` is not a range of u32 | write 0..<1, 0...1, 1... or ...5"
                ]
            ),
            (
                "range = \"1...9\"", "ascending = true",
                [
                    "12:1+9 `ascending` is for arrays of integers"
                ]
            ),
            ("range = \"1...9\"", "finite = true", ["12:1+6 `finite` is for f16, f32 and f64"]),
            (
                "shape = [\"n\", 3]\n[[input]]", "shape = [\"n\", 3]\nbelow = \"n\"\n[[input]]",
                [
                    "8:1+5 `below` is for arrays of integers"
                ]
            ),
            (
                "shape = [\"n\", 3]\n[[input]]", "shape = [\"n\", 3]\ndefault = 1\n[[input]]",
                [
                    "8:11+1 only an input without `shape` can have a default"
                ]
            ),
            (
                "shape = [\"n\", 3]\n[[input]]", "shape = [\"n\", 3]\nrange = \"1...\"\n[[input]]",
                [
                    "8:9+6 only an input without `shape` can have a range"
                        + " | `below`, `ascending` and `finite` check arrays"
                ]
            ),
            (
                "shape = [\"n\", 3]\n[[buffer]]", "shape = [\"m\", 3]\n[[buffer]]",
                [
                    "16:10+3 `m` is not a size: no input's shape or integer scalar has that name",
                    "39:9+10 `y` and `z` have different types or shapes",
                ]
            ),
            (
                "shape = [\"n\", 3]\n[[buffer]]", "shape = [\"n\", 3]\ncopy_of = \"x\"\n[[buffer]]",
                []
            ),
            (
                "shape = [\"n\", 3]\n[[buffer]]", "shape = [\"n\", 3]\ncopy_of = \"k\"\n[[buffer]]",
                [
                    "17:11+3 `copy_of` wants an input with a shape; `k` is a scalar input"
                ]
            ),
            (
                "shape = [\"n\", 3]\n[[buffer]]",
                "shape = [\"n\", 3]\ncopy_of = \"x\"\ninitial = 0\n[[buffer]]",
                ["18:11+1 `initial` and `copy_of` exclude each other"]
            ),
            (
                "shape = [\"n\", 3]\n[[buffer]]", "shape = [\"n\", 3]\ninitial = \"q\"\n[[buffer]]",
                [
                    "17:11+3 `initial` wants a number of type f32, or \"undefined\""
                ]
            ),
            (
                "shape = [\"n\", 3]\n[[buffer]]", "shape = [\"n\", 3]\nvalue = \"n\"\n[[buffer]]",
                [
                    "17:1+5 `value` is for an output of an integer type and without `shape`",
                    "40:9+10 `swap` is for buffers and outputs; `y` is computed by the host",
                ]
            ),
            (
                "shape = [1]", "shape = [1]\ncopy_of = \"x\"",
                [
                    "21:11+3 `x` has another type or shape: it can't be copied here"
                ]
            ),
            (
                "half = \"n / 2\"", "half = \"iteration\"",
                [
                    "30:8+11 `iteration` is for launches that are repeated"
                ]
            ),
            (
                "half = \"n / 2\"", "half = \"passes\"",
                [
                    "30:8+8 `passes` is for the `value` of an output, with [repeat]"
                ]
            ),
            ("half = \"n / 2\"", "half = \"7 / 0\"", ["30:11+1 7 / 0 divides by zero"]),
            (
                "half = \"n / 2\"", "half = \"n / 2\"\nthird = \"n / 3\"",
                [
                    "31:1+5 the size `third` is never used"
                ]
            ),
            (
                "half = \"n / 2\"", "n = 1\nhalf = \"n / 2\"",
                [
                    "30:1+1 `n` is a size of an input's shape already"
                ]
            ),
            (
                "function = \"f\"", "functoin = \"f\"",
                [
                    "31:1+10 [launch] lacks `function`",
                    "32:1+8 unknown key `functoin` in [launch] | did you mean `function`?",
                ]
            ),
            (
                "function = \"f\"", "function = \"f()\"",
                [
                    "32:12+5 `f()` is not the name of a kernel function"
                ]
            ),
            (
                "\"u64(n)\"", "\"u64(m)\"",
                [
                    "33:60+8 `m` is not a size: no input's shape or integer scalar has that name"
                ]
            ),
            (
                "\"u64(n)\"", "\"f64(n)\"",
                [
                    "33:60+8 a size can be passed as an integer, not as f64"
                ]
            ),
            ("\"u64(n)\"", "\"u8(300)\"", ["33:60+9 `300` is no u8"]),
            ("\"u64(n)\"", "\"x + 1\"", ["33:60+7 `x` is not a size: it is an input"]),
            ("\"l\", ", "", ["26:8+3 `l` is given to no launch"]),
            ("\"k\", ", "", []),
            (
                "[\"ceil(n, 64) * 64\"]", "[1, 1, 1, 1]",
                [
                    "34:10+12 `global` has 4 dimensions, allowed is 1...3"
                ]
            ),
            (
                "local = [64]", "local = [64, 1]",
                ["35:9+7 `local` has 2 dimensions, `global` has 1"]
            ),
            ("local = [64]", "local = [0]", ["35:10+1 a work-group has at least one item"]),
            ("local = [64]", "local = [64]\nrepeated = true", []),
            (
                "while = \"flag\"", "while = \"flg\"",
                [
                    "37:9+5 the flag wants to be a buffer or an output; `flg` is not declared"
                        + " | did you mean `flag`?"
                ]
            ),
            (
                "while = \"flag\"", "while = \"z\"",
                [
                    "37:9+3 the flag `z` wants one integer | type = \"u32\" and shape = [1]"
                ]
            ),
            (
                "while = \"flag\"", "while = \"flag\"\ncount = 3",
                [
                    "36:1+8 [repeat] wants exactly one of `count`, `while` and `until`"
                ]
            ),
            ("while = \"flag\"", "count = 3", ["38:1+9 `max_count` is for `while` and `until`"]),
            (
                "max_count = \"k * 10\"\n", "",
                [
                    "36:1+8 [repeat] lacks `max_count`"
                        + " | a flag may never come: say how often at most"
                ]
            ),
            (
                "swap = [[\"y\", \"z\"]]", "swap = [[\"y\", \"flag\"]]",
                [
                    "39:9+13 `y` and `flag` have different types or shapes"
                ]
            ),
            (
                "swap = [[\"y\", \"z\"]]", "swap = [[\"x\", \"z\"]]",
                [
                    "39:9+10 `swap` is for buffers and outputs; `x` is an input"
                ]
            ),
            (
                "swap = [[\"y\", \"z\"]]", "swap = [\"y\", \"z\"]",
                [
                    "39:9+3 `swap` wants pairs of names such as [[\"now\", \"next\"]]",
                    "39:14+3 `swap` wants pairs of names such as [[\"now\", \"next\"]]",
                ]
            ),
            (
                "swap = [[\"y\", \"z\"]]", "swap = [[\"y\", \"z\"], [\"z\", \"y\"]]",
                [
                    "39:21+10 a name can be in one swap only"
                ]
            ),
        ] as [(String, String, [String])]
    )
    func `a mistake is reported where it is made`(
        original: String,
        replacement: String,
        expected: [String]
    ) throws {
        let range = try #require(Self.valid.firstRange(of: original))
        let text = Self.valid.replacingCharacters(in: range, with: replacement)
        let (manifest, errors) = try ManifestReaderTests.read(text)
        #expect(errors == expected)
        #expect(
            (manifest == nil) == !expected.isEmpty
                || expected.allSatisfy { $0.contains("unknown key") }
        )
    }
}

extension String {
    fileprivate func firstRange(of text: String) -> Range<String.Index>? {
        ranges(of: text).first
    }

    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
