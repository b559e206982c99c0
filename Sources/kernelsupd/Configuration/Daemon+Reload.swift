internal import KernelManifest
internal import LinuxSystem
internal import SupervisionKit

/// SIGHUP: the files are read anew, and take effect as a whole or not at all.
extension Daemon {
    func reload() {
        apply(.reloadStarted)
        var reader = ConfigurationReader(
            path: configurationPath,
            runtimeDirectory: settings.runtimeDirectory,
            openFiles: settings.workerOpenFiles,
            processes: settings.processes
        )
        do {
            // As long as there are files: nobody else on the machine should wait for that.
            let loaded = try RealTimeScheduling.yielding { () throws(ConfigurationErrors) in
                try reader.read()
            }
            warnAboutFixed(loaded.settings)
            settings.workerPath = loaded.settings.workerPath
            settings.execHelperPath = loaded.settings.execHelperPath
            settings.cacheDirectory = loaded.settings.cacheDirectory
            settings.notify = loaded.settings.notify
            settings.isRealTime = loaded.settings.isRealTime
            applyScheduling()
            launches = loaded.launches
            backupTargets = loaded.backupTargets
            forgetSignatures(notIn: loaded)
            apply(.configured(loaded.core))
            renewOutputPolicies(loaded.outputPolicies)
            origins = loaded.origins
            histories = histories.filter { launches[$0.key] != nil }
            repeatOverrides()
        } catch {
            apply(.reloadRefused(errors: error.diagnostics.map(\.firstLine)))
        }
    }

    /// A manifest's word stands at once; a worker's word stands until its kernel is gone.
    private func forgetSignatures(notIn loaded: LoadedConfiguration) {
        let names = Set(loaded.core.kernels.map(\.name))
        signatures = signatures.filter { names.contains($0.key) }
        signatures.merge(loaded.signatures) { _, new in new }
    }

    /// Sockets are bound once; what would move them needs a restart, and that is said.
    private func warnAboutFixed(_ new: Settings) {
        guard new.socketMode != settings.socketMode || new.maxClients != settings.maxClients else {
            return
        }
        let message = "socket_mode and max_clients take effect when the daemon is restarted"
        log.write(LogRecord(.warning, .configured, message))
    }
}
