/// The files that a daemon is started with.
struct DaemonConfiguration: Sendable {
    /// Tables of kernelsupd.toml, values as they stand in the file.
    var tables: [String: [String: String]] = [
        "daemon": [:],
        // What hangs is found out soon, and no test ends in quarantine that does not want to.
        "defaults.timeout": ["cancel_timeout": #""200ms""#],
        "defaults.recovery": [
            "max_restarts": "10000", "initial_backoff": #""1ms""#, "max_restart_delay": #""1ms""#,
        ],
        "defaults.environment": [:],
    ]
    var kernels: [KernelFile]
    /// Where in the daemon's directory it records what it decides.
    var recording: String?
    /// Where the daemon is put; nil: where the test is, which is no daemon's to divide.
    var controlGroup: String?

    /// A program that starts the daemon in its own place, with its arguments.
    var wrapper: [String] = []

    init(_ kernels: [KernelFile]) {
        self.kernels = kernels
    }

    /// `configuration["defaults.retry", "max_attempts"] = "2"`.
    subscript(table: String, key: String) -> String? {
        get { tables[table]?[key] }
        set { tables[table, default: [:]][key] = newValue }
    }

    /// kernelsupd.toml for a daemon that lives in this directory.
    func text(in directory: String) -> String {
        var tables = tables
        tables["daemon", default: [:]]["runtime_directory"] = "\"\(directory)/run\""
        if self["daemon", "cache_directory"] == nil {
            tables["daemon", default: [:]]["cache_directory"] = "\"\(directory)/cache\""
        }
        // Marks the workers of this daemon among all processes.
        tables["defaults.environment", default: [:]]["KSUP_TEST"] = "\"\(directory)\""
        tables["defaults.environment", default: [:]]["FAULT_COUNT_FILE"] = "\"\(directory)/runs\""
        return renderTOML(tables)
    }
}

/// One manifest.
struct KernelFile: Sendable {
    var name: String
    var command: [String]
    var isIdempotent: Bool
    var group: String?
    var tables: [String: [String: String]] = [:]
    /// Keys before the first table.
    var preface = ""
    /// Stands in place of all that the other properties would make.
    var writtenText: String?
    /// Files that lie beside the manifest, by name.
    var companions: [String: String] = [:]

    var fileName: String { name.split(separator: "/").joined(separator: "-") + ".toml" }

    /// A kernel of the fault worker; see `Fault`.
    static func fault(
        _ fault: String,
        _ arguments: String...,
        isIdempotent: Bool = true,
        group: String? = nil
    ) -> KernelFile {
        KernelFile(
            name: "fault/\(fault)",
            command: [BuildProducts.faultWorker] + arguments,
            isIdempotent: isIdempotent,
            group: group
        )
    }

    /// As above, in a process that runs a line of shell before it becomes the fault worker.
    static func fault(_ fault: String, after line: String) -> KernelFile {
        let script = "\(line) exec \(BuildProducts.faultWorker)"
        return .command(
            "fault/\(fault)",
            ["/bin/sh", "-c", script.replacing("\"", with: "\\\"")]
        )
    }

    /// A kernel of any name that behaves as `fault/FAULT`.
    static func named(
        _ name: String,
        as fault: String = "echo",
        _ arguments: String...,
        isIdempotent: Bool = true
    ) -> KernelFile {
        KernelFile(
            name: name,
            command: [BuildProducts.faultWorker, "--serve", "\(name)=\(fault)"] + arguments,
            isIdempotent: isIdempotent
        )
    }

    static func command(_ name: String, _ command: [String]) -> KernelFile {
        KernelFile(name: name, command: command, isIdempotent: true)
    }

    var text: String {
        if let writtenText { return writtenText }
        let words = command.map { "\"\($0)\"" }.joined(separator: ", ")
        let head = (group.map { "group = \"\($0)\"\n" } ?? "") + preface
        return head + """
            [kernel]
            name = "\(name)"
            command = [\(words)]
            idempotent = \(isIdempotent)

            """ + renderTOML(tables)
    }
}

private func renderTOML(_ tables: [String: [String: String]]) -> String {
    tables.sorted { $0.key < $1.key }.map { name, values in
        let lines = values.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }
        return "[\(name)]\n" + lines.joined()
    }.joined(separator: "\n")
}
