internal import SupervisionWire

/// The command line, read.
struct Options {
    var configurationPath = "/etc/kernelsupd/kernelsupd.toml"
    var runtimeDirectory: String?
    var recordingPath: String?
    var wantsCheck = false
    var wantsConfiguration = false
    var wantsVersion = false
    var wantsHelp = false

    struct UsageError: Error {
        let message: String
    }

    private static let names = [
        "--config", "--runtime-directory", "--record", "--check", "--show-config", "--version",
        "--help",
    ]

    init(_ arguments: some Sequence<String>) throws(UsageError) {
        var words = Array(arguments)[...]
        while let word = words.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            func value() throws(UsageError) -> String {
                let text = parts.count > 1 ? String(parts[1]) : words.popFirst()
                guard let text, !text.isEmpty else {
                    throw UsageError(message: "\(name) wants a value")
                }
                return text
            }
            switch name {
            case "--config": configurationPath = try value()
            case "--runtime-directory": runtimeDirectory = try value()
            case "--record": recordingPath = try value()
            case "--check": wantsCheck = true
            case "--show-config": wantsConfiguration = true
            case "--version": wantsVersion = true
            case "--help", "-h": wantsHelp = true
            default:
                let hint = nearest(name, among: Self.names).map { " (did you mean \($0)?)" } ?? ""
                throw UsageError(message: "unknown option '\(name)'\(hint)")
            }
        }
    }
}
