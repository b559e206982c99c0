internal import SupervisionKit

extension Configuration {
    /// With the kernels that only stand in for others, each with a worker of its own.
    var withStandIns: Configuration {
        var whole = self
        for kernel in kernels {
            for (name, role) in [(kernel.degraded, SlotRole.degraded), (kernel.backup, .backup)] {
                guard let name else { continue }
                var group = GroupConfiguration(name: name, launchFingerprint: 1)
                group.role = role
                group.lifecycle.start = .onDemand
                group.lifecycle.idleStop = .seconds(30)
                var standIn = KernelConfiguration(name: name, group: name)
                standIn.callee = kernel.name
                standIn.isHidden = true
                standIn.isIdempotent = kernel.isIdempotent
                standIn.timeout = kernel.timeout
                whole.groups.append(group)
                whole.kernels.append(standIn)
            }
        }
        return whole
    }
}
