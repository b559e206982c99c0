import Foundation
import Testing

/// The man page and the completion scripts are files: these tests hold them to the program.
@Suite struct DocumentationTests {
    private struct Dump: Decodable {
        struct Command: Decodable {
            var commandName: String
            var subcommands: [Command]?
            var arguments: [Argument]?
        }

        struct Argument: Decodable {
            struct Name: Decodable {
                var kind: String
                var name: String
            }
            var names: [Name]?
        }

        var command: Command
    }

    private func page() throws -> String {
        let text = try String(
            contentsOf: Program.root.appendingPathComponent("man/kernelsupctl.1"),
            encoding: .utf8
        )
        return text.replacingOccurrences(of: "\\-", with: "-")
    }

    @Test func `the man page has every verb and every option`() throws {
        let json = try Program.run(["--experimental-dump-help"], directory: "/nonexistent").bytes
        let page = try page()
        func check(_ command: Dump.Command) {
            for name in (command.arguments ?? []).flatMap({ $0.names ?? [] }) {
                let option = (name.kind == "long" ? "--" : "-") + name.name
                #expect(page.contains(option), "\(option) is missing in kernelsupctl.1")
            }
            for verb in command.subcommands ?? [] {
                #expect(page.contains("\n.SS \(verb.commandName)\n"))
                check(verb)
            }
        }
        let root = try JSONDecoder().decode(Dump.self, from: json).command
        #expect(root.subcommands?.count == 9)
        check(root)
    }

    @Test func `the man page has every exit status`() throws {
        let page = try page()
        for status in [0, 1, 2, 3, 4, 5, 6, 7, 10, 64, 78] {
            #expect(page.contains(".TP\n.B \(status)\n"))
        }
    }

    @Test(arguments: [
        ("bash", "kernelsupctl.bash"), ("zsh", "_kernelsupctl"), ("fish", "kernelsupctl.fish"),
    ])
    func `the completion scripts are those that the program makes`(
        shell: String,
        file: String
    ) throws {
        let made = try Program.run(
            ["--generate-completion-script", shell],
            directory: "/nonexistent"
        )
        let stored = try String(
            contentsOf: Program.root.appendingPathComponent("completions/\(file)"),
            encoding: .utf8
        )
        #expect(made.status == 0)
        #expect(made.output == stored)
    }
}
