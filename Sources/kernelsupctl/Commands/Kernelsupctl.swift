import ArgumentParser
import ControlProtocol
import Glibc

/// The command line of kernelsupd: a printer over the control protocol and the client library.
@main
struct Kernelsupctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernelsupctl",
        abstract: "Calls the compute kernels that kernelsupd serves, shows and steers them.",
        discussion: """
            Exit status: 0 done or healthy, 1 failed or degraded, 2 refused or critical, 3 health \
            unknown, 4 no such name, 5 not allowed, 6 timed out, 7 daemon unreachable, 64 usage, \
            78 configuration. See kernelsupctl(1).
            """,
        version: "kernelsupctl \(Product.version)",
        subcommands: [
            CallCommand.self, KernelsCommand.self, StatusCommand.self, HealthCommand.self,
            ExplainCommand.self, BreakerCommand.self, AckCommand.self, VersionCommand.self,
        ]
    )

    static func main() {
        Glibc.exit(run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Does what the command line says.
    ///
    /// - Returns: the exit status.
    static func run(_ arguments: [String]) -> Int32 {
        let words = withVerbFirst(arguments)
        do {
            try checkVerb(words)
            var command = try parseAsRoot(words)
            try command.run()
            return CommandStatus.done.rawValue
        } catch let failure as CommandFailure {
            let directory = GlobalOptions.socketDirectory(in: words)
            emit(failure.asking(in: directory).text, to: STDERR_FILENO)
            return failure.status.rawValue
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            let status = exitCode(for: error).rawValue
            let message = fullMessage(for: error)
            if status == 0 {
                emit(message + "\n")
            } else {
                emit(usageMessage(message), to: STDERR_FILENO)
            }
            return status
        }
    }

    static var verbs: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    }

    /// Moves options that stand before the verb behind it, where their parser is.
    static func withVerbFirst(_ arguments: [String]) -> [String] {
        var index = 0
        while index < arguments.count, arguments[index].hasPrefix("--") {
            let takesValue = ["--socket-directory", "--color"].contains(arguments[index])
            index += takesValue ? 2 : 1
        }
        guard index > 0, index < arguments.count else { return arguments }
        let verb = arguments[index]
        // "kernelsupctl --help status" and completion requests stay as they are.
        let isOurs = arguments[..<index].contains {
            $0.hasPrefix("--socket-directory") || $0.hasPrefix("--color")
        }
        guard isOurs else { return arguments }
        // Help is of this program alone, whatever the daemon.
        guard verb != "help" else { return Array(arguments[index...]) }
        return [verb] + arguments[..<index] + arguments[(index + 1)...]
    }

    /// The parser has no suggestions for verbs: it would take one for a stray argument.
    private static func checkVerb(_ words: [String]) throws(CommandFailure) {
        guard let verb = words.first, !verb.hasPrefix("-"), !verbs.contains(verb) else { return }
        throw .usage(
            "there is no verb '\(verb)'" + suggestion(nearestNames(to: verb, among: verbs)),
            ["all verbs: kernelsupctl help"]
        )
    }

    private static func usageMessage(_ message: String) -> String {
        guard message.hasPrefix("Error: ") else { return message + "\n" }
        return "kernelsupctl: error: \(message.dropFirst("Error: ".count))\n"
    }
}
