/// Why a worker cannot serve: its message goes to stderr, its exit code to the daemon.
public struct StartFailure: Error, Hashable, Sendable {
    /// One of `WorkerExit`; 78 is permanent: the daemon does not start the worker again.
    public var exitCode: Int32
    public var message: String

    public init(exitCode: Int32, message: String) {
        self.exitCode = exitCode
        self.message = message
    }

    /// There is no device that the configuration allows.
    public static func noDevice(_ message: String) -> StartFailure {
        StartFailure(exitCode: WorkerExit.noDevice, message: message)
    }

    /// The configuration, a manifest or a signature is wrong; starting again cannot help.
    public static func configuration(_ message: String) -> StartFailure {
        StartFailure(exitCode: WorkerExit.configuration, message: message)
    }

    /// Anything else; starting again may help.
    public static func internalError(_ message: String) -> StartFailure {
        StartFailure(exitCode: WorkerExit.internalError, message: message)
    }
}

/// The exit codes of a worker; docs/PROTOCOL.md repeats them.
public enum WorkerExit {
    public static let orderly: Int32 = 0
    /// Called wrongly, by hand for instance: there is no channel.
    public static let usage: Int32 = 64
    public static let noDevice: Int32 = 69
    public static let internalError: Int32 = 70
    /// The daemon's frames are not what the protocol says, or the daemon refused the worker.
    public static let protocolViolation: Int32 = 76
    public static let configuration: Int32 = 78
}

/// What the daemon told the worker about itself.
public struct WelcomeInfo: Hashable, Sendable {
    /// The slot's name, `graph/pagerank/0`.
    public var worker: String
    public var incarnation: UInt64
    public var heartbeat: Duration

    public init(worker: String, incarnation: UInt64, heartbeat: Duration) {
        self.worker = worker
        self.incarnation = incarnation
        self.heartbeat = heartbeat
    }
}
