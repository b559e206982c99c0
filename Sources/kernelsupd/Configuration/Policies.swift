internal import KernelManifest
internal import SupervisionKit

/// What can be set for all kernels, for a group, and for one kernel.
///
/// Three places can say something, the more specific one later: `[defaults]`, a group, a kernel.
/// Each takes over what the one before left, then its own preset, which sets everything, then its
/// own keys. So a key stands above the preset beside it, and a preset above what is less specific.
struct Policies: Hashable {
    /// Who a key is for: a kernel alone, or the workers that it may share with others.
    enum Part {
        case kernel
        case group
    }

    private(set) var preset = Preset.default
    private(set) var values = PolicySet()
    /// Active slots.
    private(set) var replicas = 1
    /// Warm slots beside them.
    private(set) var standbys = 0
    /// Share of them that breakers may take out of the routing.
    private(set) var maxEjected = 0.5
    /// Of workers' output.
    private(set) var output = OutputPolicy()
    private(set) var device = DeviceChoice()
    private(set) var process = ProcessSettings()
    private(set) var degraded = DegradedProfile()
    /// The kernel that stands in for this one; empty for none.
    private(set) var degradedKernel = ""
    private(set) var backup = BackupChoice()
    var environment = WorkerEnvironment()
    /// By key with its table; what is not here is built in.
    private(set) var origins: [String: Origin] = [:]

    /// Tables and keys that can only be set where the group is.
    static let groupKeys: [String] = {
        var keys = KeyReader(listing: [:])
        var policies = Policies()
        policies.environment.variables = ["NAME="]
        policies.visit(.group, &keys)
        let names = keys.settings.map { $0.key.prefix { $0 != "." } }
        return Set(names).map(String.init).sorted()
    }()

    /// Takes what stands in a place: its preset first, whatever the order in the file.
    mutating func read(_ reader: TableReader, _ parts: [Part]) {
        var keys = KeyReader(reader, origins: origins)
        if keys.word("preset", &preset) {
            let origin = Origin.preset(preset, place: reader.place(of: "preset"))
            values = PolicySet(preset)
            for setting in values.settings { keys.set(setting.key, origin: origin) }
        }
        for part in parts { visit(part, &keys) }
        origins = keys.origins
    }

    /// Every value in force with its origin.
    func settings(of parts: [Part]) -> [Setting] {
        var copy = self
        var keys = KeyReader(listing: origins)
        keys.word("preset", &copy.preset)
        for part in parts { copy.visit(part, &keys) }
        return keys.settings
    }

    private mutating func visit(_ part: Part, _ keys: inout KeyReader) {
        switch part {
        case .kernel:
            values.readKernelPart(&keys)
            keys.string("degraded_kernel", &degradedKernel, atMost: 120)
            keys.table("backup", &backup)
        case .group:
            keys.integer("replicas", &replicas, in: 1...64)
            keys.integer("standbys", &standbys, in: 0...64)
            keys.number("max_ejected", &maxEjected, in: 0...1)
            values.readGroupPart(&keys)
            keys.table("log", &output)
            keys.table("device", &device)
            keys.table("degraded", &degraded)
            keys.table("process", &process)
            keys.table("environment", &environment)
        }
    }
}
