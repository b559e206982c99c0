internal import KernelManifest

/// The variables that a worker is started with, any name but the daemon's own to any text; nothing
/// is inherited.
struct WorkerEnvironment: Hashable, Configurable {
    /// How the names start that are the daemon's own: by them a worker finds its channel, and the
    /// daemon what a worker has left.
    static let ownPrefix = "KERNELSUP_"

    /// `NAME=value`.
    var variables: [String] = []

    init() {}

    /// What every worker gets.
    init(cacheDirectory: String) {
        variables = [
            "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=\(cacheDirectory)",
            // Where PoCL keeps what it has compiled.
            "XDG_CACHE_HOME=\(cacheDirectory)",
            // A worker that crashes must be gone at once; Swift's backtrace takes its time.
            "SWIFT_BACKTRACE=enable=no",
        ]
    }

    mutating func read(_ keys: inout KeyReader) {
        for name in keys.reader?.keys ?? names {
            var value = self[name] ?? ""
            guard !name.isEmpty, !name.contains("="), !name.utf8.contains(0) else {
                keys.refuse(name, "'\(name)' is not a variable's name")
                continue
            }
            guard !name.hasPrefix(Self.ownPrefix) else {
                let rule = "names that start with \(Self.ownPrefix) are the daemon's own"
                keys.refuse(name, "`\(name)` can't be set: \(rule)")
                continue
            }
            if keys.string(name, &value) {
                variables.removeAll { $0.hasPrefix(name + "=") }
                variables.append("\(name)=\(value)")
            }
        }
    }

    private var names: [String] {
        variables.map { String($0.prefix { $0 != "=" }) }
    }

    private subscript(name: String) -> String? {
        variables.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }
}
