import SupervisionKit
import Testing

@testable import kernelsupd

/// Every value in force is shown, with the place that it comes from.
struct PolicyShowTests {
    @Test func `each value has the place that set it`() throws {
        let main = """
            [defaults]
            preset = "production"
            [defaults.retry]
            max_attempts = 4
            [groups.g]
            replicas = 2
            [groups.g.breaker]
            window = "1min"
            """
        let text = "group = \"g\"\n[bulkhead]\nmax_queued = 1"
        let shown = Set(try PolicyFiles(main, manifests: ["a/k": text]).shown())
        let expected: Set = [
            "groups:g replicas = 2 # kernelsupd.toml:6:1",
            "groups:g device.type = \"any\" # default",
            "groups:g recovery.max_restarts = 3 # preset production (kernelsupd.toml:2:1)",
            "kernels:a/k group = \"g\" # kernels.d/a-k.toml:1:1",
            "kernels:a/k preset = \"production\" # kernelsupd.toml:2:1",
            "kernels:a/k breaker.timeout = \"1min\" # preset production (kernelsupd.toml:2:1)",
            "kernels:a/k breaker.window = \"1min\" # kernelsupd.toml:8:1",
            "kernels:a/k retry.max_attempts = 4 # kernelsupd.toml:4:1",
            "kernels:a/k bulkhead.max_queued = 1 # kernels.d/a-k.toml:3:1",
        ]
        #expect(expected.subtracting(shown) == [])
    }

    @Test func `a preset hides the places of what it sets anew`() throws {
        let main = "[defaults.retry]\nmax_attempts = 4\n"
        let files = try PolicyFiles(main, manifests: ["a/k": "preset = \"default\""])
        let line = "kernels:a/k retry.max_attempts = 3 # preset default (kernels.d/a-k.toml:1:1)"
        #expect(try files.shown().contains(line))
    }

    @Test func `the command line stands above the file`() throws {
        let files = try PolicyFiles("[daemon]\nruntime_directory = \"/x\"\n")
        let line = "daemon runtime_directory = \"/y\" # command line"
        #expect(try files.shown(runtimeDirectory: "/y").contains(line))
    }

    @Test func `every field of every policy is a key, and every key is a field`() {
        func keys(_ table: String, _ policy: Any) -> [String] {
            Mirror(reflecting: policy).children.map { "\(table).\(snakeCase($0.label ?? ""))" }
        }
        let fields = Mirror(reflecting: PolicySet()).children.flatMap {
            keys($0.label ?? "", $0.value)
        }
        #expect(Set(PolicySet().settings.map(\.key)) == Set(fields))
        #expect(PolicySet().settings.count == fields.count)
    }

    @Test func `what is shown can be read again and means the same`() throws {
        let main = "[defaults]\npreset = \"development\"\n[defaults.environment]\n'a\"' = 'b\\'\n"
        let files = try PolicyFiles(main)
        var reader = files.makeReader()
        let first = try reader.read().core
        let sections = reader.effective().sections
        let daemon = sections.filter { $0.path == ["daemon"] }
        let rest = sections.filter { $0.path != ["daemon"] }.flatMap(\.settings).filter {
            !["group", "preset"].contains($0.key)
        }
        var merged = EffectiveConfiguration()
        merged.sections = daemon + [.init(path: ["defaults"], settings: rest)]
        let again = try PolicyFiles(
            "\(merged)".replacing(files.path, with: "/nowhere")
                .replacing("kernels_directory", with: "#")
        ).load().core
        #expect(again.kernels == first.kernels)
        var groups = again.groups
        groups[0].launchFingerprint = first.groups[0].launchFingerprint
        #expect(groups == first.groups)
    }

    @Test func `the text is TOML with the places in a column of comments`() {
        var configuration = EffectiveConfiguration()
        configuration.sections = [
            .init(
                path: ["kernels", "a/k"],
                settings: [
                    Setting(key: "x", value: "1", origin: .builtIn),
                    Setting(key: "y", value: "\"1s\"", origin: .variable("Y")),
                ]
            )
        ]
        let space = String(repeating: " ", count: 43)
        #expect(
            configuration.description == """
                [kernels."a/k"]
                x = 1\(space)# default
                y = "1s"\(space.dropFirst(3))# $Y

                """
        )
    }

    private func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }
}
