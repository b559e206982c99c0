import ControlProtocol
import Foundation
import SupervisionWire
import Testing

@testable import kernelsupctl

/// The built program against a fake daemon: what it prints and how it exits.
@Suite(.serialized) struct CommandTests {
    private func run(
        _ arguments: [String],
        health: HealthState = .healthy,
        input: Data = Data()
    ) throws -> Program.Outcome {
        var outcome: Program.Outcome?
        try FakeService.run(health: health) { service in
            outcome = try Program.run(arguments, directory: service.directory, input: input)
        }
        return try #require(outcome)
    }

    private func npy<Element: BitwiseCopyable>(
        _ values: [Element],
        _ header: NpyHeader
    ) -> Data {
        Data(header.encoded()) + values.withUnsafeBytes { Data($0) }
    }

    @Test func `calls with values from the command line`() throws {
        let outcome = try run(["call", "core/echo", "x=[1, 2.5]", "factor=2"])
        #expect(
            outcome == .init(status: 0, output: "x f32[2] = [1.0, 2.5]\nfactor = 2.0\n", errors: "")
        )
    }

    @Test func `calls with an npy file of another type from standard input`() throws {
        let file = npy([1, 2, 3] as [Int64], NpyHeader(type: .i64, shape: [3]))
        let outcome = try run(["call", "core/echo", "x=-"], input: file)
        #expect(
            outcome == .init(status: 0, output: "x f32[3] = [1.0, 2.0, 3.0]\n", errors: "")
        )
    }

    @Test func `gives a large array back as the same file`() throws {
        let values = (0..<100_000).map(Float.init)
        let file = npy(values, NpyHeader(type: .f32, shape: [100_000]))
        let outcome = try run(["call", "core/echo", "x=@-", "--out", "x=-"], input: file)
        #expect(outcome.status == 0)
        #expect(outcome.errors == "")
        #expect(outcome.bytes == file)
    }

    @Test func `writes an output to a file, and bytes as they are`() throws {
        let path = try makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let content = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        try content.write(to: URL(fileURLWithPath: path + "/in"))
        let outcome = try run([
            "call", "core/blob", "blob=@\(path)/in", "--out", "blob=\(path)/out",
        ])
        #expect(
            outcome
                == .init(
                    status: 0,
                    output: "blob bytes[100000] written to \(path)/out\n",
                    errors: ""
                )
        )
        #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/out")) == content)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["in", "out"]
        )
    }

    @Test(arguments: [
        (["call", "core/ecko", "x=1"], 4, "no kernel 'core/ecko' is configured; did you mean"),
        (["call", "core/echo", "y=1", "x=[1]"], 64, "core/echo takes no argument 'y'"),
        (["call", "core/echo"], 64, "the argument 'x' (f32[n]) is missing"),
        (["call", "core/echo", "x=[1]", "x=[2]"], 64, "'x' is given twice"),
        (["call", "core/echo", "x"], 64, "'x' is not name=value"),
        (
            ["call", "core/echo", "x=3"], 64,
            "the value is a single number, the kernel takes f32[n]"
        ),
        (["call", "core/echo", "x=[1]", "factor=[1]"], 64, "the kernel takes a single f32"),
        (["call", "core/echo", "x=[1e40]"], 64, "1e+40 is larger than the type holds"),
        (["call", "core/echo", "x=@/nonexistent"], 64, "can't read /nonexistent: ENOENT"),
        (["call", "core/echo", "x=@"], 64, "'@' needs the name of a file"),
        (["call", "core/echo", "x=-"], 64, "standard input can't be read: not in NumPy's format"),
        (["call", "core/echo", "x=-", "factor=-"], 64, "only one argument can come from standard"),
        (["call", "core/echo", "x=[1]", "--out", "z=f"], 64, "core/echo gives no output 'z'"),
        (["call", "core/echo", "x=[1]", "--out", "x=/nonexistent/f"], 64, "can't write"),
        (["call", "core/echo", "x=[1]", "--out", "x=/tmp"], 64, "it is a directory"),
        (["call", "core/blob", "blob=abc"], 64, "'abc' is not taken as bytes"),
        (["call", "core/late", "--timeout", "5ms"], 6, "core/late did not answer in time"),
        (["call", "core/refused"], 2, "not run: safe to send again after"),
        (["call", "core/hangup"], 7, "ran, answer lost: send it again only if"),
        (["call", "core/echo", "x=[1]", "--timeout", "5"], 64, "'5' is invalid for '--timeout"),
        (["call", "core/echo", "--formt", "json"], 64, "Did you mean '--format'?"),
        (["kernel"], 64, "there is no verb 'kernel'; did you mean 'kernels'?"),
        (["kernels", "ech"], 4, "no kernel 'ech' is configured; did you mean 'core/echo'?"),
        (["status", "core/ech"], 4, "did you mean 'core/echo'?"),
        (
            ["health", "--component", "x"], 4,
            "no kernel 'x' is configured; did you mean 'core/echo'"
        ),
    ])
    func `refuses with a sentence and its exit status`(
        arguments: [String],
        status: Int32,
        words: String
    ) throws {
        let outcome = try run(arguments)
        #expect(Int(outcome.status) == status)
        #expect(outcome.output == "")
        #expect(outcome.errors.hasPrefix("kernelsupctl: error: "))
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test func `refuses an npy file that is cut short or too long`() throws {
        let whole = npy([1, 2, 3] as [Float], NpyHeader(type: .f32, shape: [3]))
        let short = try run(["call", "core/echo", "x=-"], input: whole.dropLast(2))
        #expect(short.errors.contains("is cut short: 10 of 12 bytes of data are there"))
        let long = try run(["call", "core/echo", "x=-"], input: whole + [0])
        #expect(long.errors.contains("has more data than its shape says"))
        #expect([short.status, long.status] == [64, 64])
        let header = try run(["call", "core/echo", "x=-"], input: whole.prefix(100))
        #expect(header.errors.contains("the header is cut short"))
    }

    @Test func `writes an error as JSON too when JSON is asked for`() throws {
        let outcome = try run(["call", "core/refused", "--format", "json"])
        #expect(outcome.status == 2)
        #expect(
            outcome.output
                == #"{"error":{"attempts":1,"code":"unavailable","execution":"not_run","#
                + #""incarnation":1,"message":"no worker","retry_after_s":18,"worker":null},"#
                + #""format":1,"kernel":"core/refused"}"# + "\n"
        )
    }

    @Test(arguments: [(HealthState.healthy, 0), (.degraded, 1), (.critical, 2), (.unknown, 3)])
    func `exits with the state that health finds`(state: HealthState, status: Int) throws {
        for format in ["text", "json"] {
            #expect(try run(["health", "--format", format], health: state).status == Int32(status))
        }
        #expect(try run(["status"], health: state).status == 0)
    }

    @Test func `takes common options before the verb as well as behind it`() throws {
        let outcome = try run(["--color", "always", "kernels", "core/echo"])
        #expect(outcome.output.hasPrefix("core/echo  \u{1B}[32mhealthy\u{1B}[0m"))
        #expect(try run(["kernels", "core/echo"]).output.hasPrefix("core/echo  healthy  idempot"))
        let elsewhere = try run(["--socket-directory=/nonexistent", "status"])
        #expect(elsewhere.status == 7)
    }

    @Test func `says that no daemon answers`() throws {
        let status = try Program.run(["status"], directory: "/nonexistent")
        #expect(
            status
                == .init(
                    status: 7,
                    output: "",
                    errors: "kernelsupctl: error: no answer from /nonexistent/control.sock "
                        + "(not running?)\n  is it running? systemctl status kernelsupd\n"
                )
        )
        let health = try Program.run(["health"], directory: "/nonexistent")
        #expect(
            health
                == .init(
                    status: 3,
                    output: "UNKNOWN: no answer from /nonexistent/control.sock (not running?)\n",
                    errors: ""
                )
        )
    }

    @Test func `completes kernels and arguments by asking, and is silent without a daemon`() throws
    {
        // As the generated bash script asks: words, then index and cursor.
        let words = [
            "---completion", "call", "--", "positional@0", "2", "0", "kernelsupctl", "call",
        ]
        #expect(try run(words + [""]).output.contains("core/echo"))
        let silent = try Program.run(words + [""], directory: "/nonexistent")
        #expect(silent.status == 0)
        #expect(silent.errors == "")
    }

    @Test(arguments: [["explain", "rude"], ["call", "core/rude"]])
    func `what a worker says steers no terminal`(_ arguments: [String]) throws {
        let outcome = try run(arguments)
        let text = outcome.output + outcome.errors
        // As the daemon's log shows it.
        #expect(text.lowercased().contains("a␛[2j␇␍␡\u{FFFD}␛]0;b␈␌\\u001b"), "\(text)")
        let controls = text.unicodeScalars.filter { $0.properties.generalCategory == .control }
        #expect(Set(controls) == ["\n"])
    }

    @Test func `JSON has what a worker says as it is`() throws {
        let outcome = try run(["explain", "rude", "--format", "json"])
        let read = try JSONDecoder().decode(Explanation.self, from: outcome.bytes)
        #expect(read.why == Samples.rudeText)
    }

    @Test(arguments: [
        ["--socket-directory", "/nowhere", "help", "explain"],
        ["--color=never", "help", "explain"], ["help", "explain"],
    ])
    func `help heeds no option that stands before it`(_ arguments: [String]) throws {
        let outcome = try run(arguments)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.output.contains("USAGE: kernelsupctl explain"))
    }

    @Test func `commands that are named ask the daemon that was asked`() throws {
        try FakeService.run { service in
            for option in [
                ["--socket-directory", service.directory],
                ["--socket-directory=" + service.directory],
            ] {
                let call = ["call", "core/open"] + option
                let outcome = try Program.run(call, directory: "/nowhere")
                let why = "why: kernelsupctl breaker core/open --socket-directory "
                #expect(outcome.errors.hasSuffix("  \(why)\(service.directory)\n"), "\(outcome)")
                let explain = ["explain", "finance/var"] + option
                let text = try Program.run(explain, directory: "/nowhere").output
                let ack = "        kernelsupctl ack finance/var --socket-directory "
                #expect(text.contains("\n\(ack)\(service.directory)\n"), "\(text)")
                #expect(text.contains("\n        man kernelsupd.reasons  "))
            }
        }
    }
}
