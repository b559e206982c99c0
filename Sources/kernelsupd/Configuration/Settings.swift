internal import KernelManifest
internal import LinuxSystem

/// What belongs to the daemon as a whole and stays for its life; a reload that changes it says so.
struct Settings: Hashable {
    /// Holds both sockets.
    var runtimeDirectory = "/run/kernelsupd"
    /// Programs that workers have built.
    var cacheDirectory = "/var/cache/kernelsupd"
    /// Manifests, `*.toml`.
    var kernelsDirectory = ""
    var workerPath = ""
    var execHelperPath = ""
    /// Who may call: the owner and the socket's group.
    var socketMode: UInt32 = 0o660
    var maxClients = 256
    /// Workers of all groups that may be starting at once, 0 for no limit; a reload changes it.
    var maxStarting = 16
    /// Probes in a second to workers that are well; a reload changes it.
    var maxProbeRate = 8
    /// How long what has killed two workers is refused, zero for never; a reload changes it.
    var poisonTime = Duration.seconds(600)
    /// Whether the daemon runs before what is not real-time, where it may; a reload changes it.
    var isRealTime = true
    /// Told of alerts; a reload changes it.
    var notify = NoticeCommand()
    /// Workers get the limit that the daemon had before it raised its own.
    var workerOpenFiles = ResourceLimit(.openFiles, soft: 1024, hard: 1024)
    /// As many as the daemon's user may have.
    var processes = ResourceLimit.unlimited

    var callsPath: String { runtimeDirectory + "/calls.sock" }
    var controlPath: String { runtimeDirectory + "/control.sock" }
}

extension Settings: Configurable {
    /// Longest path of a socket, with room for the mark of its end and a temporary name.
    private static let maxPathBytes = 100

    mutating func read(_ keys: inout KeyReader) {
        keys.path("runtime_directory", &runtimeDirectory)
        keys.path("cache_directory", &cacheDirectory)
        keys.path("kernels_directory", &kernelsDirectory)
        keys.path("worker", &workerPath)
        keys.path("exec_helper", &execHelperPath)
        keys.mode("socket_mode", &socketMode)
        keys.integer("max_clients", &maxClients, in: 1...4096)
        keys.integer("max_starting", &maxStarting, in: 0...4096)
        keys.integer("max_probe_rate", &maxProbeRate, in: 1...10_000)
        keys.duration("poison_time", &poisonTime, from: .zero)
        keys.boolean("real_time", &isRealTime)
        keys.table("notify", &notify)
        let longest = Self.maxPathBytes - (callsPath.utf8.count - runtimeDirectory.utf8.count)
        keys.check(
            runtimeDirectory.utf8.count <= longest,
            "runtime_directory",
            message: "`runtime_directory` is too long for a socket's path: at most "
                + "\(longest) bytes"
        )
    }
}
