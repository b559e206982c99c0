/// A record for the log: a constant message per kind, the data in fields.
public struct LogRecord: Codable, Hashable, Sendable {
    public enum Level: Int, Codable, Comparable, Sendable {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
        case debug = 7

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    public enum Kind: String, Codable, CaseIterable, Sendable {
        case configured
        case reloadRefused = "reload_refused"
        case ready
        case draining
        case stopped
        case workerStarting = "worker_starting"
        case workerReady = "worker_ready"
        case workerEnded = "worker_ended"
        case workerKilled = "worker_killed"
        case workerStuck = "worker_stuck"
        case workerBackoff = "worker_backoff"
        case workerQuarantined = "worker_quarantined"
        case workerFailed = "worker_failed"
        case workerOutput = "worker_output"
        case workerUnready = "worker_unready"
        case kernelProblem = "kernel_problem"
        case breakerOpened = "breaker_opened"
        case breakerHalfOpen = "breaker_half_open"
        case breakerClosed = "breaker_closed"
        case breakerOverridden = "breaker_overridden"
        case deviceFault = "device_fault"
        case recovery
        case alert
        case callRetried = "call_retried"
        case callLost = "call_lost"
        case badInput = "bad_input"
        case clientClosed = "client_closed"
        case daemonFault = "daemon_fault"
    }

    public struct Field: Codable, Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var level: Level
    public var kind: Kind
    /// A whole sentence for people.
    public var message: String
    /// In the order in which they are shown.
    public var fields: [Field]

    public init(_ level: Level, _ kind: Kind, _ message: String, _ fields: [Field] = []) {
        self.level = level
        self.kind = kind
        self.message = message
        self.fields = fields
    }
}

/// "1 call", "2 calls".
func counted(_ count: Int, _ word: String) -> String {
    count == 1 ? "1 \(word)" : "\(count) \(word)s"
}
