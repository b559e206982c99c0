/// Why a verb did not do what was asked: what is printed and the exit status.
struct CommandFailure: Error, Hashable {
    var status: CommandStatus
    /// One sentence; a message of several lines is printed with its further lines indented.
    var message: String
    /// What follows from it, a line each.
    var details: [String] = []

    /// As it goes to standard error.
    var text: String {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
        let first = "kernelsupctl: error: \(lines.first ?? "")\n"
        return (lines.dropFirst().map(String.init) + details)
            .reduce(first) { $0 + "  \($1)\n" }
    }

    static func usage(_ message: String, _ details: [String] = []) -> CommandFailure {
        CommandFailure(status: .usage, message: message, details: details)
    }

    /// A name that there is not, with those that are near it.
    static func noSuchKernel(_ name: String, nearest: [String]) -> CommandFailure {
        CommandFailure(
            status: .noSuchName,
            message: "no kernel '\(name)' is configured" + suggestion(nearest),
            details: ["all kernels: kernelsupctl kernels"]
        )
    }
}
