import SupervisionWire

/// Why a verb did not do what was asked: what is printed and the exit status.
struct CommandFailure: Error, Hashable {
    var status: CommandStatus
    /// One sentence; a message of several lines is printed with its further lines indented.
    var message: String
    /// What follows from it, a line each.
    var details: [String] = []

    /// As it goes to standard error; what a worker said in it steers no terminal.
    var text: String {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
        let all = (lines.map(String.init) + details).map { $0.withControlPictures ?? $0 }
        let first = "kernelsupctl: error: \(all.first ?? "")\n"
        return all.dropFirst().reduce(first) { $0 + "  \($1)\n" }
    }

    /// The same with the directory of the daemon's sockets in the commands that it ends with.
    func asking(in socketDirectory: String?) -> CommandFailure {
        guard let socketDirectory else { return self }
        var copy = self
        copy.details = details.map { detail in
            detail.contains(": kernelsupctl ")
                ? detail + " --socket-directory \(shellWord(socketDirectory))" : detail
        }
        return copy
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
