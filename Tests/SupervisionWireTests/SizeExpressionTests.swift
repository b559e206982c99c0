import SupervisionWire
import Testing

@Suite struct SizeExpressionTests {
    private func evaluate(_ text: String) throws(SizeExpressionError) -> Int64 {
        try SizeExpression(parsing: text).evaluate(["n": 100, "m": 7, "zero": 0, "big": .max])
    }

    private func error(_ text: String) -> SizeExpressionError? {
        do throws(SizeExpressionError) {
            _ = try evaluate(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("42", 42), ("n", 100), (" n ", 100), ("n+1", 101), ("n - m - 1", 92),
            ("2 + 3 * 4", 14), ("(2 + 3) * 4", 20), ("n / m", 14), ("n % m", 2), ("n / m * m", 98),
            ("-n", -100), ("--n", 100), ("2 - -3", 5), ("-n / m", -14), ("-n % m", -2),
            ("min(n, m)", 7), ("max(n, m)", 100), ("ceil(n, m)", 15), ("ceil(98, 7)", 14),
            ("ceil(-n, m)", -14), ("ceil(n, -m)", -14), ("ceil(-n, -m)", 15), ("ceil(0, 7)", 0),
            ("ceil(n, 64) * 64", 128), ("min(max(1, m), n) + ceil(n, 2)", 57),
            ("9223372036854775807", .max), ("-9223372036854775807 - 1", .min), ("big", .max),
            ("min", 1), ("(-9223372036854775807 - 1) % (0 - 1)", 0), ("\tn\t*\tm", 700),
        ] as [(String, Int64)]
    )
    func `an expression has its value`(text: String, expected: Int64) throws {
        let expression = try SizeExpression(parsing: text)
        let sizes: [String: Int64] = ["n": 100, "m": 7, "big": .max, "min": 1]
        #expect(try expression.evaluate(sizes) == expected)
    }

    @Test(arguments: [
        ("", 1, "expected a number or a name, found the end"),
        ("   ", 4, "expected a number or a name, found the end"),
        ("n +", 4, "expected a number or a name, found the end"),
        ("n + * 2", 5, "expected a number or a name, found '*'"),
        ("n m", 3, "expected an operator, found 'm'"),
        ("n)", 2, "')' closes nothing"),
        ("(n", 3, "expected ')', found the end"),
        ("2n", 1, "'2n' is not a number"),
        ("0x10", 1, "'0x10' is not a number"),
        ("9223372036854775808", 1, "9223372036854775808 does not fit into 64 bits"),
        ("max(n)", 6, "expected ',', found ')'"),
        ("max(n, m, 1)", 9, "expected ')', found ','"),
        ("floor(n, 2)", 1, "'floor' is not a function: there are min, max and ceil"),
        ("n!", 2, "expected an operator, found '!'"),
        ("größe", 3, "expected an operator, found 'ö'"),
        ("n, m", 2, "expected an operator, found ','"),
        ("1.5", 2, "expected an operator, found '.'"),
        ("n\n+1", 2, "expected an operator, found '\n'"),
    ])
    func `what is no expression is an error at its column`(
        text: String,
        column: Int,
        message: String
    ) {
        #expect(error(text) == SizeExpressionError(message, column: column))
    }

    @Test(arguments: [
        ("k", 1, "the size 'k' is not bound"),
        ("n / zero", 3, "100 / 0 divides by zero"),
        ("n % zero", 3, "100 % 0 divides by zero"),
        ("ceil(n, zero)", 1, "ceil(100, 0) divides by zero"),
        ("big + 1", 5, "9223372036854775807 + 1 does not fit into 64 bits"),
        ("-big - 2", 6, "-9223372036854775807 - 2 does not fit into 64 bits"),
        ("big * 2", 5, "9223372036854775807 * 2 does not fit into 64 bits"),
        ("-(-big - 1)", 1, "-(-9223372036854775808) does not fit into 64 bits"),
        ("(-big - 1) / -1", 12, "-9223372036854775808 / -1 does not fit into 64 bits"),
        ("ceil(-big - 1, -1)", 1, "ceil(-9223372036854775808, -1) does not fit into 64 bits"),
    ])
    func `what can't be computed is an error at its operator`(
        text: String,
        column: Int,
        message: String
    ) {
        #expect(error(text) == SizeExpressionError(message, column: column))
    }

    @Test func `names, bare names and constants are told apart`() throws {
        let sum = try SizeExpression(parsing: "n + min(m, n) * 2")
        #expect(sum.names == ["m", "n"])
        #expect(sum.bareName == nil)
        #expect(sum.constant == nil)
        #expect(sum.description == "n + min(m, n) * 2")
        let name = try SizeExpression(parsing: " n ")
        #expect(name.bareName == "n")
        let constant = try SizeExpression(parsing: "2 * 32")
        #expect(constant.constant == 64)
        #expect(try SizeExpression(parsing: "1 / 0").constant == nil)
        #expect(try SizeExpression(parsing: "64") == SizeExpression(64))
    }

    @Test func `deep nesting and long texts are errors and never the end of the stack`() {
        let deep = String(repeating: "(", count: 100) + "1" + String(repeating: ")", count: 100)
        #expect(error(deep)?.message == "nested deeper than 32 levels")
        #expect(
            error(String(repeating: "-", count: 200) + "1")?.message
                == "nested deeper than 32 levels"
        )
        let long = String(repeating: "1+", count: 100_000) + "1"
        #expect(error(long)?.message == "an expression has at most 256 bytes, this one 200001")
        let allowed = String(repeating: "1+", count: 127) + "1"
        #expect(error(allowed) == nil)
    }

    @Test func `random texts end in a value or an error`() {
        let seed = UInt64.random(in: 0 ... .max)
        var state = seed
        func next(_ bound: Int) -> Int {
            // Knuth, "The Art of Computer Programming", volume 2: MMIX's generator.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let pieces = [
            "n", "m", "9223372036854775807", "0", "1", "+", "-", "*", "/", "%", "(", ")", ",",
            "min", "max", "ceil", " ", "ü", "\u{0}",
        ]
        for _ in 0..<20_000 {
            let text = (0...next(12)).map { _ in pieces[next(pieces.count)] }.joined()
            if let error = error(text) {
                #expect((1...text.unicodeScalars.count + 1).contains(error.column), "seed \(seed)")
            }
        }
    }
}
