internal import Glibc
internal import KernelManifest
internal import LinuxSystem

/// What a worker process may do and use, whatever its program.
struct ProcessSettings: Hashable, Configurable {
    /// How eagerly the kernel kills the worker when memory runs out.
    ///
    /// A number of its own and not one relative to the daemon's, so that a daemon that is protected
    /// doesn't protect its workers.
    var oomScoreAdjust = 300
    /// Bytes of memory, nil for no limit: of the worker with all that it starts where it has a
    /// control group, else of the data of each of its processes.
    var memory: UInt64?
    /// Descriptors; 0 for the limit that the daemon was started with.
    var openFiles = 0
    /// Bytes of a core dump; nil for the limit that the daemon was started with.
    var coreSize: UInt64?
    var umask: UInt32 = 0o077
    var workingDirectory = "/"
    /// Empty for the daemon's own.
    var user = ""
    /// What `user` stood for when the files were read.
    private(set) var identity: UserIdentity?

    mutating func read(_ keys: inout KeyReader) {
        keys.integer("oom_score_adjust", &oomScoreAdjust, in: -1000...1000)
        keys.bytesOrFalse("memory", &memory, from: 1 << 20)
        keys.integer("open_files", &openFiles, in: 0...1_048_576)
        keys.bytesOrFalse("core_size", &coreSize, from: 0)
        keys.mode("umask", &umask)
        keys.path("working_directory", &workingDirectory)
        if let problem = Self.problem(ofDirectory: workingDirectory) {
            keys.check(
                false,
                "working_directory",
                message: "no worker can start in `working_directory`: \(problem)"
            )
        }
        if keys.string("user", &user, atMost: 256) { identify(&keys) }
    }

    private mutating func identify(_ keys: inout KeyReader) {
        identity = nil
        guard !user.isEmpty else { return }
        do {
            identity = try UserIdentity.ofUser(named: user)
            let name = user
            keys.check(
                identity != nil,
                "user",
                message: "there is no user '\(name)' on this machine"
            )
        } catch {
            keys.check(false, "user", message: "the user can't be looked up: \(error)")
        }
    }

    private static func problem(ofDirectory path: String) -> SystemError? {
        do {
            _ = try FileDescriptor.openFile(path, flags: O_RDONLY | O_DIRECTORY | O_NONBLOCK)
            return nil
        } catch {
            // Another user than the one who checks may be allowed to enter it.
            return error.errno == EACCES ? nil : error
        }
    }

    /// Every value as text, for comparison with the one that a worker was started with.
    var fingerprintParts: [String] {
        [
            "\(oomScoreAdjust)", "\(memory ?? .max)", "\(openFiles)", "\(coreSize ?? .max)",
            "\(umask)", workingDirectory, user, identity.map { "\($0)" } ?? "",
        ]
    }
}
