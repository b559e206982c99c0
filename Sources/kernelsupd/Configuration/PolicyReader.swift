internal import KernelManifest
internal import SupervisionKit

/// The policies that can be set for all kernels, for a group, and for one kernel.
struct Policies {
    var timeout = TimeoutPolicy()
    var retry = RetryPolicy()
    var bulkhead = BulkheadPolicy()
    var recovery = RecoveryPolicy()
    var lifecycle = LifecyclePolicy()
    var device = DeviceChoice()
}

/// Which OpenCL device a worker takes.
struct DeviceChoice: Hashable {
    /// Part of the platform's name, whatever the case; empty for any.
    var platform = ""
    /// Part of the device's name.
    var name = ""
    var type = "any"
    /// Among those that match.
    var index = 0

    static let types = ["any", "cpu", "gpu", "accelerator"]

    /// For the worker's command line.
    var arguments: [String] {
        var words: [String] = []
        if !platform.isEmpty { words += ["--platform", platform] }
        if !name.isEmpty { words += ["--device", name] }
        if type != "any" { words += ["--device-type", type] }
        if index > 0 { words += ["--device-index", "\(index)"] }
        return words
    }
}

extension Policies {
    /// Longest span that a key takes: beyond a year it is a slip.
    private static let longest = Duration.seconds(366 * 86_400)

    /// Reads what belongs to one kernel: timeout, retry, bulkhead.
    mutating func readKernelPart(_ reader: TableReader) {
        if let table = reader.table("timeout") { timeout.read(table) }
        if let table = reader.table("retry") {
            retry.maxAttempts = table.integer("max_attempts", in: 1...100) ?? retry.maxAttempts
        }
        if let table = reader.table("bulkhead") {
            bulkhead.maxQueued =
                table.integer("max_queued", in: 0...10_000) ?? bulkhead.maxQueued
        }
    }

    /// Reads what belongs to the workers of a group: recovery, lifecycle, device.
    mutating func readGroupPart(_ reader: TableReader) {
        if let table = reader.table("recovery") { recovery.read(table) }
        if let table = reader.table("lifecycle") { lifecycle.read(table) }
        if let table = reader.table("device") { device.read(table) }
    }

    /// A key that can only be set where the group is.
    static let groupKeys = ["recovery", "lifecycle", "device", "replicas", "environment"]

    static func span(
        _ table: TableReader,
        _ key: String,
        from least: Duration,
        _ value: Duration
    ) -> Duration {
        table.duration(key, in: least...longest) ?? value
    }
}

extension TimeoutPolicy {
    mutating func read(_ table: TableReader) {
        let least = Duration.milliseconds(1)
        defaultTimeout = Policies.span(table, "default_timeout", from: least, defaultTimeout)
        maxTimeout = Policies.span(table, "max_timeout", from: least, maxTimeout)
        cancelTimeout = Policies.span(table, "cancel_timeout", from: least, cancelTimeout)
        guard defaultTimeout > maxTimeout else { return }
        table.error(
            at: table.span,
            "default_timeout (\(defaultTimeout.inWords)) is longer than "
                + "max_timeout (\(maxTimeout.inWords))"
        )
    }
}

extension RecoveryPolicy {
    mutating func read(_ table: TableReader) {
        maxRestarts = table.integer("max_restarts", in: 0...10_000) ?? maxRestarts
        window = Policies.span(table, "window", from: .seconds(1), window)
        restartDelay = Policies.span(table, "restart_delay", from: .zero, restartDelay)
        let least = Duration.milliseconds(1)
        initialBackoff = Policies.span(table, "initial_backoff", from: least, initialBackoff)
        maxRestartDelay = Policies.span(table, "max_restart_delay", from: least, maxRestartDelay)
        stableAfter = Policies.span(table, "stable_after", from: least, stableAfter)
        retryQuarantined = Policies.span(
            table,
            "retry_quarantined",
            from: .seconds(1),
            retryQuarantined
        )
        maxQuarantine = Policies.span(table, "max_quarantine", from: .seconds(1), maxQuarantine)
        if retryQuarantined > maxQuarantine {
            table.error(
                at: table.span,
                "retry_quarantined (\(retryQuarantined.inWords)) is longer than "
                    + "max_quarantine (\(maxQuarantine.inWords))"
            )
        }
    }
}

extension LifecyclePolicy {
    mutating func read(_ table: TableReader) {
        let least = Duration.milliseconds(1)
        startTimeout = Policies.span(table, "start_timeout", from: least, startTimeout)
        stopTimeout = Policies.span(table, "stop_timeout", from: least, stopTimeout)
        killTimeout = Policies.span(table, "kill_timeout", from: least, killTimeout)
    }
}

extension DeviceChoice {
    mutating func read(_ table: TableReader) {
        platform = table.string("platform", atMost: 256) ?? platform
        name = table.string("name", atMost: 256) ?? name
        type = table.enumeration("type", among: DeviceChoice.types) ?? type
        index = table.integer("index", in: 0...255) ?? index
    }
}
