import KernelManifest
import Testing

/// Lists, and values in whose place `false` may stand.
struct TableReaderListTests {
    private enum Word: String, CaseIterable {
        case one, two
    }

    private func read<Value>(
        _ text: String,
        _ read: (TableReader) -> Value
    ) throws -> (value: Value, errors: [String]) {
        let diagnostics = Diagnostics()
        let reader = try TOMLDocument(parsing: text, path: "f").reader(collecting: diagnostics)
        let value = read(reader)
        reader.finish()
        return (value, diagnostics.inOrder.map(\.firstLine))
    }

    @Test(
        arguments: [
            ("k = [3, 1]", [3, 1], []), ("k = []", [], []), ("", nil, []),
            ("k = 1", nil, ["f:1:5: error: `k` wants an array of integers, this is an integer"]),
            (
                "k = [1, 'a', 10, 1]", nil,
                [
                    "f:1:9: error: `k` wants integers only, this is a string",
                    "f:1:14: error: `k` holds 10, allowed is 0...9",
                    "f:1:18: error: `k` holds 1 twice",
                ]
            ),
            (
                "k = [0, 1, 2, 3, 4, 5]", nil, ["f:1:5: error: `k` has 6 elements, at most 5"]
            ),
        ] as [(String, [Int]?, [String])]
    )
    func `integers are judged one by one`(text: String, value: [Int]?, errors: [String]) throws {
        let result = try read(text) { $0.integers("k", in: 0...9, atMost: 5) }
        #expect(result.value == value)
        #expect(result.errors == errors)
    }

    @Test(
        arguments: [
            ("k = ['two', 'one']", ["two", "one"], []),
            ("k = [1]", nil, ["f:1:6: error: `k` wants strings only, this is an integer"]),
            (
                "k = ['three', 'two', 'two']", nil,
                [
                    "f:1:6: error: `k` holds \"three\", which is none of its words",
                    "f:1:22: error: `k` holds two twice",
                ]
            ),
        ] as [(String, [String]?, [String])]
    )
    func `words are judged one by one`(text: String, value: [String]?, errors: [String]) throws {
        let result = try read(text) { $0.enumerations("k", as: Word.self) }
        #expect(result.value?.map(\.rawValue) == value)
        #expect(result.errors == errors)
    }

    @Test(
        arguments: [
            ("", nil, []), ("k = false", .off, []), ("k = 1", .on(1), []),
            ("k = true", nil, ["f:1:5: error: `k` wants a number or false, this is true"]),
            ("k = 2.5", nil, ["f:1:5: error: `k` is 2.5, allowed is 0.0...2.0"]),
            ("k = nan", nil, ["f:1:5: error: `k` is nan, allowed is 0.0...2.0"]),
        ] as [(String, Switchable<Double>?, [String])]
    )
    func `a number can be turned off`(
        text: String,
        value: Switchable<Double>?,
        errors: [String]
    ) throws {
        let result = try read(text) { $0.numberOrFalse("k", in: 0...2) }
        #expect(result.value == value)
        #expect(result.errors == errors)
    }

    @Test func `a duration can be turned off`() throws {
        let range = Duration.zero ... .seconds(9)
        #expect(try read("k = false") { $0.durationOrFalse("k", in: range) }.value == .off)
        #expect(
            try read("k = '1s'") { $0.durationOrFalse("k", in: range) }.value == .on(.seconds(1))
        )
        #expect(
            try read("k = true") { $0.durationOrFalse("k", in: range) }.errors == [
                "f:1:5: error: `k` wants a duration or false, this is true"
            ]
        )
    }
}
