/// How a worker process ended, as the operating system says.
public enum WorkerEnd: Codable, Hashable, Sendable {
    case exited(Int32)
    /// `name` is the signal's, `SIGSEGV`.
    case signaled(name: String, coreDumped: Bool)
    /// SIGKILL from the kernel, because memory ran out; only the kernel's signs say so when it is
    /// not certain, which it is where it counts the kills of each worker.
    case outOfMemory(isCertain: Bool)
    /// SIGKILL from us, in a state in which it could not have answered; the text says which:
    /// "stopped by a signal".
    case killedWhile(String)
    /// The process could not be started: stage, errno and text as the exec helper reported them.
    case notStarted(SpawnFailure)

    /// It was a connection to another daemon, which is gone; the text says why.
    case disconnected(String)

    /// Exit codes after which another start can't help: not executable, not found, protocol
    /// version, configuration.
    public static let permanentExitCodes: Set<Int32> = [64, 76, 78, 126, 127]

    /// What the exit code says of those that workers and shells agree on; nil for another end.
    var meaning: String? {
        guard case .exited(let code) = self else { return nil }
        switch code {
        case 64: return "its command line is wrong"
        case 76: return "it and the daemon have no version of the protocol in common"
        case 78: return "its configuration is wrong"
        case 126: return "its program can't be executed"
        case 127: return "its program was not found"
        default: return nil
        }
    }

    /// Another start with the same configuration would end the same way.
    public var isPermanent: Bool {
        switch self {
        case .exited(let code): WorkerEnd.permanentExitCodes.contains(code)
        case .signaled, .outOfMemory, .killedWhile, .disconnected: false
        case .notStarted(let failure): failure.isPermanent
        }
    }

    /// As `isPermanent`, with the exit codes that the worker's group declares besides.
    public func isPermanent(with policy: RecoveryPolicy) -> Bool {
        switch self {
        case .exited(let code): isPermanent || policy.permanentExitCodes.contains(code)
        case .signaled, .outOfMemory, .killedWhile, .disconnected, .notStarted: isPermanent
        }
    }

    /// How long the next start waits at least, whatever the policy says; nil where that is all.
    ///
    /// A machine that is short of memory, processes or descriptors is so for more than a moment,
    /// and a failed start takes no time: without a wait, the restarts of all workers would be spent
    /// and logged within milliseconds.
    var leastDelay: Duration? {
        switch self {
        case .notStarted: .seconds(1)
        case .exited, .signaled, .outOfMemory, .killedWhile, .disconnected: nil
        }
    }

    /// As a worker ends that was told to; one that dies otherwise meanwhile has crashed.
    var isInOrder: Bool {
        switch self {
        case .exited(let code): code == 0
        case .signaled(let name, _): name == "SIGTERM"
        case .outOfMemory, .killedWhile, .disconnected: false
        case .notStarted: true
        }
    }

    /// SIGKILL, which may be the one that we sent.
    var isOurKill: Bool {
        switch self {
        case .signaled(let name, _): name == "SIGKILL"
        case .killedWhile: true
        case .exited, .outOfMemory, .notStarted, .disconnected: false
        }
    }

    /// What the end of a worker that nobody ended says about it.
    var fault: Fault {
        switch self {
        case .outOfMemory: .outOfMemory
        case .disconnected: .connectionLost
        case .exited, .signaled, .killedWhile, .notStarted: .crashed
        }
    }

    /// "exited with status 3", "was killed by SIGSEGV".
    public var phrase: String {
        switch self {
        case .exited(let code): "exited with status \(code)"
        case .signaled(let name, false): "was killed by \(name)"
        case .signaled(let name, true): "was killed by \(name) and dumped core"
        case .outOfMemory(isCertain: true): "was killed by SIGKILL: out of memory"
        case .outOfMemory(isCertain: false): "was killed by SIGKILL, probably out of memory"
        case .killedWhile(let what): "was killed by SIGKILL while it was \(what)"
        case .notStarted(let failure): "could not be started: \(failure.text)"
        case .disconnected(let why): "was disconnected: \(why)"
        }
    }
}

/// Why a worker process could not be started.
public struct SpawnFailure: Codable, Hashable, Sendable {
    /// "execve /usr/libexec/x: ENOENT (No such file or directory)".
    public var text: String
    /// The same attempt can only fail again (no such file, no permission, not a program), in
    /// contrast to a machine that is short of memory or processes.
    public var isPermanent: Bool

    public init(text: String, isPermanent: Bool) {
        self.text = text
        self.isPermanent = isPermanent
    }
}
