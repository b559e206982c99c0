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

    let diagnostics = Diagnostics()
    /// What is right as it stands, and yet keeps something from being served as things are now.
    let warnings = Diagnostics()
    /// Those that were read, by path.
    var files: [String: SourceFile] = [:]
    var settings = Settings()
    var settingOrigins: [String: Origin] = [:]
    var defaults = SharedPolicies(Policies())
    var groups: [String: GroupEntry] = [:]
    var kernels: [KernelEntry] = []

    /// A group as the files describe it.
    struct GroupEntry {
        var shared: SharedPolicies
        /// Declared under [groups.NAME], in contrast to a kernel's own group.
        var isShared: Bool

        var policies: Policies { shared.policies }
    }

    struct KernelEntry {
        var manifest: KernelManifest
        var group: String
        var groupOrigin: Origin
        var shared: SharedPolicies
        var path: String
        var contentHash: UInt64
        var span: SourceSpan
        var file: SourceFile

        var policies: Policies { shared.policies }
    }

    /// - Parameters:
    ///   - path: of the main file.
    ///   - runtimeDirectory: what the command line says; nil when it says nothing.
    ///   - openFiles: the limit that the daemon was started with.
    ///   - processes: how many the daemon's user may have; the greatest number for no limit.
    init(
        path: String,
        runtimeDirectory: String?,
        openFiles: ResourceLimit,
        processes: UInt64
    ) {
        self.path = path
        self.runtimeDirectory = runtimeDirectory
        settings.workerOpenFiles = openFiles
        settings.processes = processes
    }

    /// Reads everything anew.
    mutating func read() throws(ConfigurationErrors) -> LoadedConfiguration {
        try readMainFile()
        try readManifests()
        checkNames()
        try diagnostics.throwIfAny()
        let loaded = assemble()
        checkDescriptors(for: loaded.core)
        checkProcesses(for: loaded.core)
        try diagnostics.throwIfAny()
        return loaded
    }

    /// In order of place, as they are printed.
    var warningTexts: [String] { warnings.inOrder.map(\.description) }

    // MARK: - kernelsupd.toml

    private mutating func readMainFile() throws(ConfigurationErrors) {
        findPlaces()
        let reader = try document(path).reader(collecting: diagnostics)
        if let daemon = reader.table("daemon") {
            var keys = KeyReader(daemon, origins: settingOrigins)
            settings.read(&keys)
            settingOrigins = keys.origins
        }
        if let runtimeDirectory {
            settings.runtimeDirectory = runtimeDirectory
            settingOrigins["runtime_directory"] = .commandLine
        }
        var builtIn = Policies()
        builtIn.environment = WorkerEnvironment(cacheDirectory: settings.cacheDirectory)
        defaults = SharedPolicies(builtIn)
        if let table = reader.table("defaults") {
            defaults = defaults.reading(table, [.kernel, .group])
        }
        if let table = reader.table("groups") {
            for name in table.keys {
                if let group = table.table(name) { readGroup(name, group) }
            }
        }
        reader.finish()
    }

    /// Places that the file may leave open.
    private mutating func findPlaces() {
        settings.execHelperPath = Installation.execHelper
        settings.workerPath = Installation.worker
        settings.kernelsDirectory = FileReading.directory(of: path) + "/kernels.d"
        if let directory = getenv("CACHE_DIRECTORY") {
            settings.cacheDirectory = String(cString: directory)
            settingOrigins["cache_directory"] = .variable("CACHE_DIRECTORY")
        }
    }

    private mutating func readGroup(_ name: String, _ table: TableReader) {
        let own = defaults.reading(table, [.kernel, .group])
        groups[name] = GroupEntry(shared: own, isShared: true)
        if !Self.isName(name) {
            table.error(at: table.span, "'\(name)' is not a group's name: \(Self.nameRule)")
        }
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

    // MARK: - Parts

    mutating func document(_ path: String) throws(ConfigurationErrors) -> TOMLDocument {
        do {
            let bytes = try FileReading.bytes(of: path, atMost: TOMLDocument.maxBytes)
            let document = try TOMLDocument(parsing: bytes, path: path)
            files[path] = document.file
            return document
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
}
