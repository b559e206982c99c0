internal import KernelManifest
internal import SupervisionKit

/// Degraded profiles and backups: groups and kernels that only stand in for others.
///
/// Their names hold a `~`, which no name of a person's does.
extension ConfigurationReader {
    struct StandIns {
        var groups: [GroupConfiguration] = []
        var kernels: [KernelConfiguration] = []
        var launches: [String: LaunchSpecification] = [:]
        var backupTargets: [String: BackupTarget] = [:]
    }

    /// Makes what stands in for the groups and kernels that the files describe, and tells each of
    /// them who does.
    func standIns(
        for core: inout Configuration,
        launches: [String: LaunchSpecification]
    ) -> StandIns {
        var result = StandIns()
        let byName = Dictionary(uniqueKeysWithValues: kernels.map { ($0.manifest.name, $0) })
        for group in core.groups {
            guard let policies = groups[group.name]?.policies, policies.degraded.isConfigured,
                var launch = launches[group.name]
            else { continue }
            launch.change(device: policies.device, to: policies.degraded.device)
            launch.environment.append("KERNELSUP_DEGRADED=1")
            var standIn = Self.standIn(for: group, name: group.name + "~degraded", .degraded)
            standIn.replicas = policies.degraded.replicas
            standIn.launchFingerprint = launch.fingerprint
            result.groups.append(standIn)
            result.launches[standIn.name] = launch
        }
        for index in core.kernels.indices {
            guard let policies = byName[core.kernels[index].name]?.policies else { continue }
            addStandIns(for: &core.kernels[index], policies, to: &result)
        }
        return result
    }

    private func addStandIns(
        for kernel: inout KernelConfiguration,
        _ policies: Policies,
        to result: inout StandIns
    ) {
        let home = result.groups.first { $0.name == kernel.group + "~degraded" }
        if !policies.degradedKernel.isEmpty {
            kernel.degraded = policies.degradedKernel
        } else if let home, let group = groups[kernel.group]?.policies {
            var standIn = Self.standIn(for: kernel, name: kernel.name + "~degraded", in: home.name)
            standIn.bulkhead.maxQueued = group.degraded.maxQueued
            kernel.degraded = standIn.name
            result.kernels.append(standIn)
        }
        guard !policies.backup.socket.isEmpty else { return }
        let name = policies.backup.kernel.isEmpty ? kernel.name : policies.backup.kernel
        let target = BackupTarget(socket: policies.backup.socket, kernel: name)
        var group = GroupConfiguration(
            name: kernel.name + "~backup",
            launchFingerprint: target.fingerprint
        )
        group = Self.standIn(for: group, name: group.name, .backup)
        if let home = groups[kernel.group]?.policies { group.health = home.values.health }
        // To look whether another daemon is there again costs next to nothing.
        group.recovery.maxRestarts = 10_000
        group.recovery.maxRestartDelay = .seconds(5)
        var standIn = Self.standIn(for: kernel, name: group.name, in: group.name)
        standIn.callee = name
        kernel.backup = standIn.name
        result.groups.append(group)
        result.kernels.append(standIn)
        result.backupTargets[group.name] = target
    }

    /// Starts when it is needed; what it fails at is its home's trouble, which has a ladder.
    private static func standIn(
        for home: GroupConfiguration,
        name: String,
        _ role: SupervisionKit.SlotRole
    ) -> GroupConfiguration {
        var group = home
        group.name = name
        group.role = role
        group.standbys = 0
        group.lifecycle.start = .onDemand
        group.recovery.strategy = .restartKernel
        group.recovery.escalation = []
        return group
    }

    private static func standIn(
        for home: KernelConfiguration,
        name: String,
        in group: String
    ) -> KernelConfiguration {
        var kernel = home
        kernel.name = name
        kernel.group = group
        kernel.callee = home.name
        kernel.degraded = nil
        kernel.backup = nil
        kernel.isHidden = true
        return kernel
    }

    /// Who stands in must be there and be another.
    ///
    /// What several kernels have from one place is told once, there, and also where no kernel has
    /// it.
    func checkStandIns() {
        let names = Set(kernels.map(\.manifest.name))
        var told: Set<Place> = []
        let shared = groups.sorted { $0.key < $1.key }.map(\.value.policies)
        for policies in [defaults.policies] + shared + kernels.map(\.policies) {
            let other = policies.degradedKernel
            if !other.isEmpty, !names.contains(other) {
                let message = "`degraded_kernel`: there is no kernel '\(other)'"
                report("degraded_kernel", of: policies, message, &told)
            }
            let socket = policies.backup.socket
            if socket.hasPrefix("/"), isOwn(socket: socket) {
                let message = "`backup.socket` is this daemon's own: \(socket)"
                report("backup.socket", of: policies, message, &told)
            }
        }
        for kernel in kernels where kernel.policies.degradedKernel == kernel.manifest.name {
            let message = "`degraded_kernel` of '\(kernel.manifest.name)' is the kernel itself"
            report("degraded_kernel", of: kernel.policies, message, &told)
        }
    }

    /// By whatever name.
    private func isOwn(socket: String) -> Bool {
        FileReading.canonicalPath(socket) == FileReading.canonicalPath(settings.callsPath)
    }

    private func report(
        _ key: String,
        of policies: Policies,
        _ message: String,
        _ told: inout Set<Place>
    ) {
        guard case .file(let place) = policies.origins[key], told.insert(place).inserted,
            let file = files[place.path]
        else { return }
        diagnostics.add(Diagnostic(in: file, at: place.span, message))
    }
}

extension LaunchSpecification {
    /// Only the stock worker knows what a device is; another program has the environment.
    fileprivate mutating func change(device: DeviceChoice, to other: DeviceChoice) {
        let words = device.arguments
        guard arguments.first == "--cache", arguments.count >= 2 + words.count else { return }
        arguments.replaceSubrange(2..<2 + words.count, with: other.arguments)
    }
}
