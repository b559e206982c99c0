import KernelManifest
import Testing

@Suite struct TableReaderTests {
    private enum Backoff: String, CaseIterable {
        case fixed, linear, exponential
        case jitter = "exponential_with_jitter"
    }

    /// The rendered errors of reading `text` with `read`.
    private func errors(_ text: String, _ read: (TableReader) -> Void) throws -> [String] {
        let diagnostics = Diagnostics()
        let reader = try TOMLDocument(parsing: text, path: "kernels.d/var.toml")
            .reader(collecting: diagnostics)
        read(reader)
        reader.finish()
        return diagnostics.inOrder.map(\.description)
    }

    @Test func `values of every kind are read and nothing is reported`() throws {
        let text = """
            s = "x"
            i = 3
            n = 2
            b = true
            d = "250ms"
            l = ["p", "q"]
            e = "linear"
            [t]
            k = 1
            [[a]]
            k = 2
            [[a]]
            """
        let errors = try errors(text) { reader in
            #expect(reader.string("s") == "x")
            #expect(reader.integer("i", in: 0...9) == 3)
            #expect(reader.number("n", in: 0...9) == 2)
            #expect(reader.boolean("b") == true)
            #expect(reader.duration("d", in: .zero ... .seconds(1)) == .milliseconds(250))
            #expect(reader.strings("l") == ["p", "q"])
            #expect(reader.enumeration("e", as: Backoff.self) == .linear)
            #expect(reader.table("t")?.integer("k", in: 0...9) == 1)
            #expect(reader.tables("a").map { $0.integer("k", in: 0...9) } == [2, nil])
            #expect(reader.string("absent") == nil)
        }
        #expect(errors == [])
    }

    @Test func `an unknown key is reported with the nearest one, in the form of rustc`() throws {
        let errors = try errors("\n\n[recovery]\nmax_restart = 3\n") { reader in
            _ = reader.table("recovery")?.integer("max_restarts", in: 0...10)
        }
        #expect(
            errors == [
                """
                kernels.d/var.toml:4:1: error: unknown key `max_restart` in [recovery]
                  4 | max_restart = 3
                    | ^^^^^^^^^^^ did you mean `max_restarts`?
                """
            ]
        )
    }

    @Test func `a key that stands in the wrong table is sent to its own`() throws {
        let errors = try errors("preset = 'a'\n[defaults]\n") { reader in
            _ = reader.table("defaults")?.string("preset")
        }
        #expect(
            errors == [
                """
                kernels.d/var.toml:1:1: error: unknown key `preset`
                  1 | preset = 'a'
                    | ^^^^^^ it belongs in [defaults]
                """
            ]
        )
    }

    @Test func `a wrong duration is reported at its value`() throws {
        let errors = try errors("timeout       = \"30 sec\"\n") { reader in
            _ = reader.duration("timeout", in: .zero ... .seconds(60))
        }
        #expect(
            errors == [
                """
                kernels.d/var.toml:1:17: error: `timeout` wants a duration such as 250ms or 30s
                  1 | timeout       = "30 sec"
                    |                 ^^^^^^^^ did you mean "30s"?
                """
            ]
        )
    }

    @Test func `a wrong word is reported with all words`() throws {
        let errors = try errors("[retry]\nbackoff = \"liner\"\n") { reader in
            _ = reader.table("retry")?.enumeration("backoff", as: Backoff.self)
        }
        #expect(
            errors == [
                """
                kernels.d/var.toml:2:11: error: [retry] backoff = "liner" is not a backoff
                  2 | backoff = "liner"
                    |           ^^^^^^^ did you mean `linear`?
                    one of: fixed, linear, exponential, exponential_with_jitter
                """
            ]
        )
    }

    @Test func `every wrong value is reported, in order of place`() throws {
        let text = """
            z = 1
            s = 1
            i = "x"
            j = 99
            n = "x"
            m = nan
            b = 1
            d = 5
            f = "2h"
            l = "x"
            o = ["x", 1]
            t = 1
            u = 1
            v = [1]
            w = "a\\u0000"
            """
        let errors = try errors(text) { reader in
            _ = reader.string("w")
            _ = reader.tables("v")
            _ = reader.tables("u")
            _ = reader.table("t")
            _ = reader.strings("o")
            _ = reader.strings("l")
            _ = reader.duration("f", in: .milliseconds(1) ... .seconds(3600))
            _ = reader.duration("d", in: .zero ... .seconds(1))
            _ = reader.boolean("b")
            _ = reader.number("m", in: 0...1)
            _ = reader.number("n", in: 0...1)
            _ = reader.integer("j", in: 0...9)
            _ = reader.integer("i", in: 0...9)
            _ = reader.string("s")
            reader.require("name")
        }
        #expect(
            errors.map { $0.split(separator: "\n")[0].dropFirst("kernels.d/var.toml:".count) } == [
                "1:1: error: the file lacks `name`",
                "1:1: error: unknown key `z`",
                "2:5: error: `s` wants a string, this is an integer",
                "3:5: error: `i` wants an integer, this is a string",
                "4:5: error: `j` is 99, allowed is 0...9",
                "5:5: error: `n` wants a number, this is a string",
                "6:5: error: `m` is nan, allowed is 0.0...1.0",
                "7:5: error: `b` wants true or false, this is an integer",
                "8:5: error: `d` wants a duration such as 250ms or 30s",
                "9:5: error: `f` is 2h, allowed is 1ms...1h",
                "10:5: error: `l` wants an array of strings, this is a string",
                "11:11: error: `o` wants a string, this is an integer",
                "12:5: error: `t` wants a table, this is an integer",
                "13:5: error: `u` wants tables under [[u]], this is an integer",
                "14:6: error: `v` wants tables only, this is an integer",
                "15:5: error: `w` holds a NUL character",
            ]
        )
    }

    @Test func `a long line is quoted around the error and control characters are not printed`()
        throws
    {
        let text = "\"a\\u001b[31m\" = 1\nb = [" + String(repeating: "1, ", count: 200) + "'x']\n"
        let errors = try errors(text) { reader in
            guard case .array(let elements) = reader.node("b")?.value, let last = elements.last
            else { return }
            reader.error(at: last.span, "here")
        }
        #expect(errors.first?.contains("\u{1b}") == false)
        #expect(
            errors.last == """
                kernels.d/var.toml:2:606: error: here
                  2 | … \(String(repeating: "1, ", count: 13))'x']
                    |  \(String(repeating: " ", count: 40))^^^
                """
        )
    }

    @Test func `no more than 200 errors are kept`() throws {
        let text = (0..<500).map { "k\($0) = 1" }.joined(separator: "\n")
        let diagnostics = Diagnostics()
        try TOMLDocument(parsing: text, path: "a").reader(collecting: diagnostics).finish()
        #expect(diagnostics.count == 500)
        #expect(diagnostics.inOrder.count == 200)
        #expect(throws: ConfigurationErrors.self) { try diagnostics.throwIfAny() }
    }

    @Test(
        arguments: [
            ("0", .zero), ("0s", .zero), ("250ms", .milliseconds(250)), ("30s", .seconds(30)),
            ("5min", .seconds(300)), ("1h", .seconds(3600)), ("2d", .seconds(172_800)),
            ("100us", .microseconds(100)), ("7ns", .nanoseconds(7)), ("1.5s", .milliseconds(1500)),
            ("0.25min", .seconds(15)), ("", nil), ("s", nil), ("5", nil), ("5m", nil), ("-1s", nil),
            ("1.s", nil), (".5s", nil), ("1.2.3s", nil), ("1e3s", nil), ("5 s", nil),
            ("0.5ns", nil),
            ("9223372036854775807ns", nil),
            ("999999999999999999ns", .nanoseconds(999_999_999_999_999_999)),
            ("999999999d", nil), ("٣s", nil),
        ] as [(String, Duration?)]
    )
    func `durations are read exactly`(text: String, expected: Duration?) {
        #expect(DurationText.parse(text) == expected)
    }

    @Test(
        arguments: [
            (.zero, "0"), (.milliseconds(1500), "1500ms"), (.seconds(90), "90s"),
            (.seconds(120), "2min"), (.seconds(86_400), "1d"), (.nanoseconds(1), "1ns"),
        ] as [(Duration, String)]
    )
    func `durations are printed in the largest unit that divides them`(
        duration: Duration,
        expected: String
    ) {
        #expect(DurationText.format(duration) == expected)
    }
}
