/// The judgement over the whole service, in the words of monitoring plugins.
public enum HealthState: String, Codable, Hashable, Sendable, CaseIterable {
    case healthy
    case degraded
    case critical
    case unknown
}

/// The judgement over one kernel.
public enum KernelState: String, Codable, Hashable, Sendable, CaseIterable {
    case healthy
    /// Calls are served, with fewer workers or by a substitute.
    case degraded
    /// Calls are refused.
    case down
    /// Nothing was seen of it yet, which is not healthy.
    case unknown
}

/// Where a slot's worker is in its life.
public enum SlotState: String, Codable, Hashable, Sendable, CaseIterable {
    case stopped
    /// To be started when its turn comes.
    case waiting
    case starting
    case ready
    /// It fails its probes and gets no calls.
    case unready
    case stopping
    /// SIGKILL was sent; the process is still there.
    case killed
    /// SIGKILL did not end the process: it hangs in the operating system.
    case stuck
    /// Ended; the next start has a time.
    case backoff
    /// Ended too often; a single trial start has a time.
    case quarantined
    /// Ended for a reason that no restart can change.
    case failed
}

/// What a slot is there for.
public enum SlotRole: String, Codable, Hashable, Sendable, CaseIterable {
    /// It takes calls.
    case active
    /// It waits, warm, to take the place of an active slot.
    case standby
    /// It serves a kernel that its own workers can't.
    case degraded
    /// A connection to another daemon, which serves a kernel that nothing here can.
    case backup
}

/// What a worker's probes say.
public enum ProbeState: String, Codable, Hashable, Sendable, CaseIterable {
    case healthy
    /// It works, worse than it should.
    case degraded
    case unhealthy
}

/// What the daemon does next by itself, and when.
public struct NextAction: Codable, Hashable, Sendable {
    /// One word: `start`, `ready`, `stop`, `trial`, `probe`.
    public var action: String
    public var at: Timestamp
    /// Seconds from the reply to `at`.
    public var inSeconds: Double

    enum CodingKeys: String, CodingKey {
        case action
        case at
        case inSeconds = "in_s"
    }

    public init(action: String, at: Timestamp, inSeconds: Double) {
        self.action = action
        self.at = at
        self.inSeconds = inSeconds
    }
}

/// The version of the JSON forms, on top of each document.
///
/// Fields are only ever added within one.
public enum DocumentFormat {
    public static let current = 1
}
