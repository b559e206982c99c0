/// Workers that serve a group's kernels, worse but surely, when its own can't: on another device.
struct DegradedProfile: Hashable, Configurable {
    var device = DeviceChoice()
    var replicas = 1
    /// Calls of each kernel that may wait for them.
    var maxQueued = 64

    /// Without a device of its own there is no profile: the same again would fail the same way.
    var isConfigured: Bool { device != DeviceChoice() }

    mutating func read(_ keys: inout KeyReader) {
        keys.table("device", &device)
        keys.integer("replicas", &replicas, in: 1...64)
        keys.integer("max_queued", &maxQueued, in: 0...1_000_000)
    }
}

/// Another daemon that serves a kernel when nothing here can.
struct BackupChoice: Hashable, Configurable {
    /// Of its calls.sock; empty for no backup.
    var socket = ""
    /// The kernel's name there; empty for the same.
    var kernel = ""

    mutating func read(_ keys: inout KeyReader) {
        keys.string("socket", &socket, atMost: 107)
        keys.check(
            socket.isEmpty || socket.hasPrefix("/"),
            "socket",
            message: "`socket` is no absolute path: \(socket)"
        )
        keys.string("kernel", &kernel, atMost: 120)
    }
}
