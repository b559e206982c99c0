import ArgumentParser
import ControlProtocol
import Glibc
import KernelClient

/// Options that every verb takes, before or behind it.
struct GlobalOptions: ParsableArguments {
    enum ColorMode: String, ExpressibleByArgument, CaseIterable {
        case auto
        case always
        case never
    }

    static let defaultDirectory = "/run/kernelsupd"

    @Option(
        help: ArgumentHelp(
            "Where the daemon's sockets are.",
            discussion:
                "Default: $KERNELSUPD_RUNTIME_DIR, else \(GlobalOptions.defaultDirectory).",
            valueName: "dir"
        ),
        completion: .directory
    )
    var socketDirectory: String?

    @Option(help: "Colour in text; auto is for terminals, and respects NO_COLOR and TERM=dumb.")
    var color: ColorMode = .auto

    var directory: String { socketDirectory ?? GlobalOptions.directoryOfEnvironment }

    static var directoryOfEnvironment: String {
        environment("KERNELSUPD_RUNTIME_DIR") ?? defaultDirectory
    }

    /// What a command line that may not be parsed yet says.
    static func socketDirectory(in words: [String]) -> String? {
        let name = "--socket-directory"
        if let word = words.last(where: { $0.hasPrefix(name + "=") }) {
            return String(word.dropFirst(name.count + 1))
        }
        let option = words.lastIndex(of: name)
        return option.flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
    }

    /// Asks the daemon; `format` is of what is shown of the answer.
    func control(_ format: OutputFormat) -> ControlConnection {
        ControlConnection(path: "\(directory)/control.sock", format: format)
    }

    /// A directory that was given counts more than $KERNELSUPD_CALLS.
    var callsPath: String {
        guard socketDirectory == nil, environment("KERNELSUPD_RUNTIME_DIR") == nil else {
            return "\(directory)/calls.sock"
        }
        return KernelClient.defaultPath
    }

    var presentation: Presentation {
        let isColored =
            switch color {
            case .always: true
            case .never: false
            case .auto:
                isatty(STDOUT_FILENO) == 1 && environment("NO_COLOR") == nil
                    && environment("TERM") != "dumb"
            }
        var presentation = Presentation.ofProcess(isColored: isColored)
        presentation.socketDirectory = socketDirectory
        return presentation
    }
}

/// A variable of the environment; nil when it is not set or empty.
func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}

/// How a verb answers.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

/// Names of kernels for completion, from the daemon; none when it does not answer at once.
enum KernelCompletion {
    static func names(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        kernels(words).map(\.name)
    }

    /// `name=` of each input of the kernel that the command line names.
    static func arguments(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        guard let kernel = kernels(words).first(where: { words.contains($0.name) }) else {
            return []
        }
        return kernel.arguments.filter { $0.direction == .input }.map { "\($0.name)=" }
    }

    private static func kernels(_ words: [String]) -> [KernelDescription] {
        let directory =
            GlobalOptions.socketDirectory(in: words) ?? GlobalOptions.directoryOfEnvironment
        let control = ControlConnection(
            path: "\(directory)/control.sock",
            timeout: .milliseconds(200)
        )
        // A completion that fails must not disturb the line that is being typed.
        return (try? control.kernels()) ?? []
    }
}
