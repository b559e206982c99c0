internal import SupervisionKit
internal import SupervisionWire

/// The files, read and checked as a whole: for the core, for the shell, and for starting workers.
struct LoadedConfiguration {
    var settings: Settings
    var core: Configuration
    /// By group.
    var launches: [String: LaunchSpecification]
    /// By group, of those that are connections to other daemons.
    var backupTargets: [String: BackupTarget]
    /// By group.
    var outputPolicies: [String: OutputPolicy]
    var origins: ValueOrigins
    /// Of the kernels whose manifests say it all; the others declare theirs when they are ready.
    var signatures: [String: KernelSignature]
}
