internal import KernelManifest
internal import SupervisionKit
internal import SupervisionWire

/// The checked files as one whole.
extension ConfigurationReader {
    func assemble() -> LoadedConfiguration {
        var core = Configuration()
        core.maxStarting = settings.maxStarting
        core.maxProbeRate = settings.maxProbeRate
        core.poisonTime = settings.poisonTime
        var launches: [String: LaunchSpecification] = [:]
        let members = Dictionary(grouping: kernels, by: \.group)
        for name in groups.keys.sorted() {
            guard let entry = groups[name], let kernels = members[name] else { continue }
            let launch = launch(of: entry, kernels)
            launches[name] = launch
            var group = GroupConfiguration(name: name, launchFingerprint: launch.fingerprint)
            group.replicas = entry.policies.replicas
            group.standbys = entry.policies.standbys
            group.maxEjected = entry.policies.maxEjected
            group.lifecycle = entry.policies.values.lifecycle
            group.recovery = entry.policies.values.recovery
            group.health = entry.policies.values.health
            core.groups.append(group)
        }
        for kernel in kernels {
            var configuration = KernelConfiguration(
                name: kernel.manifest.name,
                group: kernel.group
            )
            configuration.isIdempotent = kernel.manifest.isIdempotent
            configuration.timeout = kernel.policies.values.timeout
            configuration.retry = kernel.policies.values.retry
            configuration.bulkhead = kernel.policies.values.bulkhead
            configuration.breaker = kernel.policies.values.breaker
            core.kernels.append(configuration)
        }
        let standIns = standIns(for: &core, launches: launches)
        core.groups += standIns.groups
        core.kernels += standIns.kernels
        launches.merge(standIns.launches) { own, _ in own }
        return LoadedConfiguration(
            settings: settings,
            core: core,
            launches: launches,
            backupTargets: standIns.backupTargets,
            outputPolicies: groups.mapValues(\.policies.output),
            origins: ValueOrigins(
                groups: groups.mapValues(\.shared),
                kernels: kernels.reduce(into: [:]) { $0[$1.manifest.name] = $1.shared }
            ),
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
            environment: group.policies.environment.variables,
            process: group.policies.process,
            contentHash: kernels.reduce(FileReading.identity(of: executable)) {
                ($0 &* 31) ^ $1.contentHash
            }
        )
    }
}
