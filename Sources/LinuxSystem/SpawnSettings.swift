internal import CLinux
internal import Glibc

/// The attributes and file actions of one posix_spawn.
struct SpawnSettings: ~Copyable {
    private var attributes = posix_spawnattr_t()
    private var actions = posix_spawn_file_actions_t()

    /// - Parameter inherited: descriptors that stay open under their own numbers.
    /// - Throws: ENOMEM.
    init(inherited: [Int32]) throws(SystemError) {
        var error = posix_spawnattr_init(&attributes)
        guard error == 0 else { throw SystemError("posix_spawnattr_init", errno: error) }
        error = posix_spawn_file_actions_init(&actions)
        guard error == 0 else {
            posix_spawnattr_destroy(&attributes)
            throw SystemError("posix_spawn_file_actions_init", errno: error)
        }
        try fill(inherited)
    }

    deinit {
        var attributes = self.attributes
        var actions = self.actions
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }

    private mutating func fill(_ inherited: [Int32]) throws(SystemError) {
        var nothing = sigset_t()
        var everything = sigset_t()
        sigemptyset(&nothing)
        sigfillset(&everything)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setsigdefault(&attributes, &everything)
        // These fail for unknown flags only.
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )
        for descriptor in inherited {
            // A descriptor "duplicated" to itself loses its close-on-exec flag, in the child only.
            let error = posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor)
            guard error == 0 else {
                throw SystemError(
                    "posix_spawn_file_actions_adddup2",
                    errno: error,
                    subject: "descriptor \(descriptor)"
                )
            }
        }
    }

    /// Starts the program; 0 or an error number, and the child's pid.
    func start(
        _ path: String,
        _ arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>?,
        _ environment: UnsafePointer<UnsafeMutablePointer<CChar>?>?,
        _ pid: inout Int32
    ) -> Int32 {
        // A list of strings always has its terminating null, so neither pointer is missing.
        guard let arguments, let environment else { return EINVAL }
        return withUnsafePointer(to: attributes) { attributes in
            withUnsafePointer(to: actions) { actions in
                posix_spawn(&pid, path, actions, attributes, arguments, environment)
            }
        }
    }
}
