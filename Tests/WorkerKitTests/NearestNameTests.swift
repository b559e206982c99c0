import SupervisionWire
import Testing

@Suite struct `The nearest name` {
    @Test(
        arguments: [
            ("dampning", "damping"), ("tolerence", "tolerance"), ("dampign", "damping"),
            ("pagerank", "graph/pagerank"), ("pagernak", "graph/pagerank"),
            ("graph/pagrank", "graph/pagerank"), ("maxiterations", "max_iterations"),
            ("aplha", "alpha"), ("no", "on"), ("x", nil), ("", nil), ("temperature", nil),
            ("alpha", nil),
        ] as [(String, String?)]
    )
    func `is few edits away`(word: String, expected: String?) {
        let names = [
            "damping", "tolerance", "graph/pagerank", "max_iterations", "alpha", "y", "on",
        ]
        #expect(nearest(word, among: names) == expected)
    }

    @Test func `comes before those that are further away`() {
        let names = ["core/reduce-sum", "core/reduce-max", "core/reduce-sums", "ml/other"]
        #expect(
            nearestNames(to: "core/reduce-sun", among: names, atMost: 2)
                == ["core/reduce-sum", "core/reduce-sums"]
        )
        #expect(
            nearest("core/reduce-s", among: ["core/reduce-t", "core/reduce-r"]) == "core/reduce-r"
        )
    }

    @Test func `is not looked for when the word is too long to be compared`() {
        let word = String(repeating: "a", count: 65)
        #expect(nearest(word, among: [word + "b"]) == nil)
        #expect(nearest(String(word.dropLast()), among: [word]) == word)
    }
}
