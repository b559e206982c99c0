import SupervisionWire
import Testing

@testable import WorkerProcess

@Suite struct WorkerOptionsTests {
    @Test func `reads every option, with the value beside it or behind =`() throws {
        let options = try WorkerOptions(parsing: [
            "--builtin", "graph/pagerank", "--builtin=core/echo", "--manifest", "a.toml",
            "--platform", "portable", "--device=haswell", "--device-type", "cpu",
            "--device-index", "1", "--cache", "/var/cache/x",
        ])
        var expected = WorkerOptions()
        expected.builtins = ["graph/pagerank", "core/echo"]
        expected.manifests = ["a.toml"]
        expected.device = DeviceRequest(
            platform: "portable",
            device: "haswell",
            kind: .cpu,
            index: 1
        )
        expected.cache = "/var/cache/x"
        #expect(options == expected)
    }

    @Test(arguments: [
        ("--list", WorkerOptions.Mode.listKernels), ("--devices", .listDevices),
        ("--version", .showVersion), ("--help", .showHelp), ("-h", .showHelp),
    ])
    func `reads what to print`(_ option: String, _ mode: WorkerOptions.Mode) throws {
        #expect(try WorkerOptions(parsing: [option]).mode == mode)
    }

    @Test func `type any takes any device`() throws {
        #expect(try WorkerOptions(parsing: ["--device-type", "any"]).device.kind == nil)
    }

    @Test(arguments: [
        (["--builtins", "x"], "option --builtins is not known; did you mean --builtin?"),
        (["--nonsense"], "option --nonsense is not known"),
        (["--builtin"], "option --builtin needs a value"),
        (["--cache="], "option --cache needs a value"),
        (["--list=1"], "option --list takes no value"),
        (["core/echo"], "argument 'core/echo' is not an option; did you mean --builtin core/echo?"),
        (
            ["--device-type", "tpu"],
            "option --device-type is 'tpu', wanted is cpu, gpu, accelerator or any"
        ),
        (
            ["--device-index", "-1"],
            "option --device-index is '-1', wanted is a number 0...1023"
        ),
        (
            ["--device-index", "one"],
            "option --device-index is 'one', wanted is a number 0...1023"
        ),
    ])
    func `says what is wrong`(_ arguments: [String], _ message: String) {
        #expect(throws: UsageError(description: message)) {
            try WorkerOptions(parsing: arguments)
        }
    }

    @Test func `the help names every option`() {
        for option in [
            "--builtin", "--manifest", "--platform", "--device", "--device-type",
            "--device-index", "--cache", "--list", "--devices", "--version", "--help",
        ] {
            #expect(WorkerOptions.usage.contains("  \(option)"))
        }
    }

    @Test func `the list shows a signature an argument a line`() {
        #expect(
            BuiltinCatalog.text(of: VectorAdd.declaration) == """
                core/vector-add  Adds two vectors element by element.
                  in   a: f32[n]  first summands
                  in   b: f32[n]  second summands
                  out  sum: f32[n]  a + b, rounded once
                """
        )
    }

    @Test func `built-in names are unique`() {
        let names = BuiltinCatalog.all.map { $0.declaration.name }
        #expect(Set(names).count == names.count)
    }
}
