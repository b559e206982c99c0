internal import Glibc
internal import KernelManifest
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

/// Reads `kernelsupd.toml` and the manifests beside it into one checked whole.
///
/// All errors of all files are collected and thrown together; nothing of a wrong configuration is
/// ever used.
struct ConfigurationReader {
    /// Manifests of one daemon.
    static let maxKernels = 4096

    let path: String
    /// From the command line; stands above the file.
    let runtimeDirectory: String?

    private let diagnostics = Diagnostics()
    private var settings = Settings()
    private var defaults = Policies()
    private var environment: [String] = []
    private var groups: [String: GroupEntry] = [:]
    private var kernels: [KernelEntry] = []

    /// A group as the files describe it.
    private struct GroupEntry {
        var replicas = 1
        var policies: Policies
        var environment: [String]
        /// Declared under [groups.NAME], in contrast to a kernel's own group.
        var isShared: Bool
    }

    private struct KernelEntry {
        var manifest: KernelManifest
        var group: String
        var policies: Policies
        var path: String
        var contentHash: UInt64
        var span: SourceSpan
        var file: SourceFile
    }

    init(path: String, runtimeDirectory: String?, openFiles: ResourceLimit) {
        self.path = path
        self.runtimeDirectory = runtimeDirectory
        settings.workerOpenFiles = openFiles
    }

    /// Reads everything anew.
    mutating func read() throws(ConfigurationErrors) -> LoadedConfiguration {
        try readMainFile()
        try readManifests()
        checkNames()
        try diagnostics.throwIfAny()
        return assemble()
    }

    // MARK: - kernelsupd.toml

    private mutating func readMainFile() throws(ConfigurationErrors) {
        settings.execHelperPath = Installation.execHelper
        settings.workerPath = Installation.worker
        settings.cacheDirectory =
            getenv("CACHE_DIRECTORY").map { String(cString: $0) } ?? settings.cacheDirectory
        let reader = try document(path).reader(collecting: diagnostics)
        if let daemon = reader.table("daemon") { readDaemon(daemon) }
        if settings.kernelsDirectory.isEmpty {
            settings.kernelsDirectory = FileReading.directory(of: path) + "/kernels.d"
        }
        settings.runtimeDirectory = runtimeDirectory ?? settings.runtimeDirectory
        environment = standardEnvironment
        if let table = reader.table("defaults") {
            defaults.readKernelPart(table)
            defaults.readGroupPart(table)
            environment = merged(environment, table)
        }
        if let table = reader.table("groups") {
            for name in table.keys {
                if let group = table.table(name) { readGroup(name, group) }
            }
        }
        reader.finish()
    }

    private mutating func readDaemon(_ table: TableReader) {
        let base = FileReading.directory(of: path)
        func place(_ key: String, _ value: String) -> String {
            table.string(key).map { FileReading.resolve($0, in: base) } ?? value
        }
        settings.runtimeDirectory = place("runtime_directory", settings.runtimeDirectory)
        settings.cacheDirectory = place("cache_directory", settings.cacheDirectory)
        settings.kernelsDirectory = place("kernels_directory", settings.kernelsDirectory)
        settings.workerPath = place("worker", settings.workerPath)
        settings.execHelperPath = place("exec_helper", settings.execHelperPath)
        settings.maxClients = table.integer("max_clients", in: 1...4096) ?? settings.maxClients
        if let mode = table.string("socket_mode") {
            if let value = UInt32(mode, radix: 8), value <= 0o777 {
                settings.socketMode = value
            } else {
                table.error(
                    at: table.span(of: "socket_mode"),
                    "`socket_mode` wants an octal mode such as \"0660\""
                )
            }
        }
        let longest = 100
        if settings.callsPath.utf8.count > longest {
            table.error(
                at: table.span(of: "runtime_directory"),
                "`runtime_directory` is too long for a socket's path: at most "
                    + "\(longest - 11) bytes"
            )
        }
    }

    private mutating func readGroup(_ name: String, _ table: TableReader) {
        var entry = GroupEntry(policies: defaults, environment: environment, isShared: true)
        entry.policies.readGroupPart(table)
        entry.replicas = table.integer("replicas", in: 1...64) ?? 1
        entry.environment = merged(entry.environment, table)
        groups[name] = entry
        if !Self.isName(name) {
            table.error(at: table.span, "'\(name)' is not a group's name: \(Self.nameRule)")
        }
    }

    // MARK: - kernels.d

    private mutating func readManifests() throws(ConfigurationErrors) {
        let directory = settings.kernelsDirectory
        let names: [String]
        do {
            names = try FileReading.manifests(in: directory)
        } catch {
            // A daemon without manifests is of no use, but it isn't broken: it says so in `health`.
            if error.errno == ENOENT { return }
            throw ConfigurationErrors([
                Diagnostic(path: directory, span: .start, message: "\(error)")
            ])
        }
        if names.count > Self.maxKernels {
            diagnostics.add(
                Diagnostic(
                    path: directory,
                    span: .start,
                    message: "\(names.count) manifests, at most \(Self.maxKernels)"
                )
            )
        }
        for name in names.prefix(Self.maxKernels) {
            do {
                try readManifest(directory + "/" + name)
            } catch {
                diagnostics.add(error)
            }
        }
    }

    private mutating func readManifest(_ path: String) throws(ConfigurationErrors) {
        let document = try document(path)
        let reader = document.reader(collecting: diagnostics)
        let before = diagnostics.count
        let manifest = ManifestReader.read(
            reader,
            directory: FileReading.directory(of: path)
        )
        var policies = defaults
        policies.readKernelPart(reader)
        let group = reader.string("group", atMost: 128)
        if let group {
            joinGroup(group, reader)
        } else {
            policies.readGroupPart(reader)
        }
        let replicas = group == nil ? reader.integer("replicas", in: 1...64) ?? 1 : 1
        let own = group == nil ? merged(environment, reader) : []
        reader.finish()
        guard let manifest, diagnostics.count == before else { return }
        if group == nil {
            groups[manifest.name] = GroupEntry(
                replicas: replicas,
                policies: policies,
                environment: own,
                isShared: false
            )
        }
        kernels.append(
            KernelEntry(
                manifest: manifest,
                group: group ?? manifest.name,
                policies: policies,
                path: FileReading.realPath(path) ?? path,
                contentHash: contentHash(of: manifest, document),
                span: reader.span,
                file: document.file
            )
        )
    }

    /// What belongs to the group can't be set by one of its kernels.
    private func joinGroup(_ group: String, _ reader: TableReader) {
        if groups[group]?.isShared != true {
            let known = groups.filter(\.value.isShared).keys.sorted()
            reader.error(
                at: reader.span(of: "group"),
                "there is no [groups.\(group)] in \(path)",
                note: known.isEmpty ? nil : "groups: \(known.joined(separator: ", "))"
            )
        }
        for key in Policies.groupKeys where reader.has(key) {
            _ = reader.node(key)
            reader.error(
                at: reader.span(of: key),
                "`\(key)` belongs to the workers that the group shares",
                note: "set it under [groups.\(group)] in \(path)"
            )
        }
    }

    private func checkNames() {
        var seen: [String: String] = [:]
        for kernel in kernels {
            let name = kernel.manifest.name
            if let other = seen[name] {
                diagnostics.add(
                    Diagnostic(
                        in: kernel.file,
                        at: kernel.span,
                        "kernel '\(name)' is described by \(other) already"
                    )
                )
            }
            seen[name] = kernel.file.path
        }
        checkCommands()
    }

    /// Kernels of one group are served by one program: the stock worker or one command.
    private func checkCommands() {
        var commands: [String: [String]] = [:]
        for kernel in kernels {
            let command = kernel.manifest.command
            if let other = commands[kernel.group], other != command {
                diagnostics.add(
                    Diagnostic(
                        in: kernel.file,
                        at: kernel.span,
                        "the kernels of group '\(kernel.group)' are served by different programs"
                    )
                )
            }
            commands[kernel.group] = command
        }
    }

    // MARK: - Whole

    private func assemble() -> LoadedConfiguration {
        var core = Configuration()
        var launches: [String: LaunchSpecification] = [:]
        let members = Dictionary(grouping: kernels, by: \.group)
        for name in groups.keys.sorted() {
            guard let entry = groups[name], let kernels = members[name] else { continue }
            let launch = launch(of: entry, kernels)
            launches[name] = launch
            var group = GroupConfiguration(name: name, launchFingerprint: launch.fingerprint)
            group.replicas = entry.replicas
            group.lifecycle = entry.policies.lifecycle
            group.recovery = entry.policies.recovery
            core.groups.append(group)
        }
        for kernel in kernels {
            var configuration = KernelConfiguration(
                name: kernel.manifest.name,
                group: kernel.group
            )
            configuration.isIdempotent = kernel.manifest.isIdempotent
            configuration.timeout = kernel.policies.timeout
            configuration.retry = kernel.policies.retry
            configuration.bulkhead = kernel.policies.bulkhead
            core.kernels.append(configuration)
        }
        return LoadedConfiguration(
            settings: settings,
            core: core,
            launches: launches,
            signatures: signatures
        )
    }

    private var signatures: [String: KernelSignature] {
        var known: [String: KernelSignature] = [:]
        for kernel in kernels {
            guard case .source = kernel.manifest.kind else { continue }
            known[kernel.manifest.name] = kernel.manifest.signature
        }
        return known
    }

    private func launch(of group: GroupEntry, _ kernels: [KernelEntry]) -> LaunchSpecification {
        var executable = settings.workerPath
        var arguments: [String] = []
        if let command = kernels.first?.manifest.command, let program = command.first {
            executable = program
            arguments = Array(command.dropFirst())
        } else {
            arguments = ["--cache", settings.cacheDirectory] + group.policies.device.arguments
            for kernel in kernels {
                if let builtin = kernel.manifest.builtin {
                    arguments += ["--builtin", builtin]
                } else {
                    arguments += ["--manifest", kernel.path]
                }
            }
        }
        return LaunchSpecification(
            executable: executable,
            arguments: arguments,
            environment: group.environment,
            workingDirectory: "/",
            contentHash: kernels.reduce(FileReading.identity(of: executable)) {
                ($0 &* 31) ^ $1.contentHash
            }
        )
    }

    // MARK: - Parts

    private func document(_ path: String) throws(ConfigurationErrors) -> TOMLDocument {
        do {
            let bytes = try FileReading.bytes(of: path, atMost: TOMLDocument.maxBytes)
            return try TOMLDocument(parsing: bytes, path: path)
        } catch let error as SystemError {
            throw ConfigurationErrors([
                Diagnostic(path: path, span: .start, message: "\(error)")
            ])
        } catch let error as ConfigurationErrors {
            throw error
        } catch {
            throw ConfigurationErrors([Diagnostic(path: path, span: .start, message: "\(error)")])
        }
    }

    /// What every worker gets; `[environment]` tables add to it and stand above it.
    private var standardEnvironment: [String] {
        [
            "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=\(settings.cacheDirectory)",
            // Where PoCL keeps what it has compiled.
            "XDG_CACHE_HOME=\(settings.cacheDirectory)",
            // A worker that crashes must be gone at once; Swift's backtrace takes its time.
            "SWIFT_BACKTRACE=enable=no",
        ]
    }

    private func merged(_ base: [String], _ reader: TableReader) -> [String] {
        guard let table = reader.table("environment") else { return base }
        var result = base
        for name in table.keys {
            guard let value = table.string(name) else { continue }
            guard !name.contains("="), !name.isEmpty else {
                table.error(at: table.span(of: name), "'\(name)' is not a variable's name")
                continue
            }
            result.removeAll { $0.hasPrefix(name + "=") }
            result.append("\(name)=\(value)")
        }
        return result
    }

    private func contentHash(of manifest: KernelManifest, _ document: TOMLDocument) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for path in [document.file.path] + manifest.sourcePaths {
            // A source that can't be read is the worker's to report, with its name.
            let bytes = (try? FileReading.bytes(of: path, atMost: 16 << 20)) ?? []
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        }
        return hash
    }

    static let nameRule = "letters, digits, '.', '_', '-' and '/', at most 120 bytes"

    static func isName(_ name: String) -> Bool {
        (1...120).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"), UInt8(ascii: "/"):
                    true
                default: false
                }
            }
    }
}

/// Where the other programs are: beside the daemon in a build, in libexec when installed.
enum Installation {
    static let worker = program("kernelsup-worker")
    static let execHelper = program("kernelsup-exec")

    private static func program(_ name: String) -> String {
        let own = FileReading.directory(of: FileReading.realPath("/proc/self/exe") ?? "/usr/bin/x")
        let beside = own + "/" + name
        if access(beside, X_OK) == 0 { return beside }
        return FileReading.directory(of: own) + "/libexec/kernelsupd/" + name
    }
}
