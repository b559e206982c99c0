internal import KernelManifest
internal import LinuxSystem
internal import SupervisionKit

/// Whether the daemon can have as many open files and processes as the configuration needs.
///
/// Found out when it is read: a daemon that runs out of them at night could start no worker and
/// hear no client.
extension ConfigurationReader {
    /// The channel, the process, its lifeline, two outputs, the report of the start, and what a
    /// former worker has left that still has to end.
    private static let descriptorsPerWorker = 7
    /// Sockets, the log, the loop, and the pipes and memory of what is on its way.
    private static let ownDescriptors = 128

    private func workerCount(_ core: Configuration) -> Int {
        core.groups.reduce(0) { $0 + $1.replicas + $1.standbys }
    }

    /// Each worker is one process at the least, beside what else the user runs.
    func checkProcesses(for core: Configuration) {
        let workers = workerCount(core)
        guard UInt64(workers) > settings.processes else { return }
        diagnostics.add(
            Diagnostic(
                path: path,
                span: .start,
                message: "this needs \(workers) processes, one for each worker, the hard limit of "
                    + "this user is \(settings.processes)",
                note: "set LimitNPROC=\(2 * workers) in the unit or `ulimit -u \(2 * workers)` "
                    + "before the start, or have fewer replicas, standbys or kernels"
            )
        )
    }

    func checkDescriptors(for core: Configuration) {
        let workers = workerCount(core)
        let own = Self.ownDescriptors + Daemon.maxControls
        let needed = workers * Self.descriptorsPerWorker + settings.maxClients + own
        let limit = settings.workerOpenFiles.hard
        guard UInt64(needed) > limit else { return }
        let parts =
            "\(Self.descriptorsPerWorker) for each of \(workers) workers, "
            + "\(settings.maxClients) for `max_clients` and \(own) for the daemon itself"
        diagnostics.add(
            Diagnostic(
                path: path,
                span: .start,
                message: "this needs \(needed) open files, the hard limit is \(limit): \(parts)",
                note: "set LimitNOFILE=\(needed) in the unit or `ulimit -n \(needed)` before the "
                    + "start, or have fewer replicas, standbys, kernels or `max_clients`"
            )
        )
    }
}
