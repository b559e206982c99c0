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
    /// Workers get the limit that the daemon had before it raised its own.
    var workerOpenFiles = ResourceLimit(.openFiles, soft: 1024, hard: 1024)

    var callsPath: String { runtimeDirectory + "/calls.sock" }
    var controlPath: String { runtimeDirectory + "/control.sock" }
}
