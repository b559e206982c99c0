/// Why something is not healthy: a closed table.
///
/// Each reason has an id that can be searched for.
public enum HealthReason: String, CaseIterable, Hashable, Sendable {
    case starting
    case restarting
    case partlyReady = "partly_ready"
    case buildFailed = "build_failed"
    case workerUnusable = "worker_unusable"
    case workerStuck = "worker_stuck"
    case restartLoop = "restart_loop"
    case stopping
    case noWorker = "no_worker"
    case circuitOpen = "circuit_open"
    case unready
    case deviceFault = "device_fault"
    case onDemand = "on_demand"
    case degradedProfile = "degraded_profile"
    case failedOver = "failed_over"

    /// `KSUP-R07`: fixed for ever, whatever the name becomes.
    public var id: String {
        switch self {
        case .starting: "KSUP-R01"
        case .restarting: "KSUP-R02"
        case .partlyReady: "KSUP-R03"
        case .buildFailed: "KSUP-R04"
        case .workerUnusable: "KSUP-R05"
        case .workerStuck: "KSUP-R06"
        case .restartLoop: "KSUP-R07"
        case .stopping: "KSUP-R08"
        case .noWorker: "KSUP-R09"
        case .circuitOpen: "KSUP-R10"
        case .unready: "KSUP-R11"
        case .deviceFault: "KSUP-R12"
        case .onDemand: "KSUP-R13"
        case .degradedProfile: "KSUP-R14"
        case .failedOver: "KSUP-R15"
        }
    }
}

/// What a kernel is good for right now.
public enum HealthState: String, CaseIterable, Hashable, Sendable {
    case healthy
    /// Calls are served, later or by fewer workers than wanted.
    case degraded
    /// Calls are refused.
    case down
    /// Nothing is known yet. Not healthy.
    case unknown
}

/// A kernel's state with its cause and what happens next.
public struct KernelHealth: Hashable, Sendable {
    public struct Next: Hashable, Sendable {
        /// "start", "ready", "stop", "trial", "probe".
        public var action: String
        /// nil when no instant is set.
        public var at: Instant?
    }

    public var state: HealthState
    public var reason: HealthReason?
    /// A sentence's worth of cause; empty when healthy.
    public var why: String
    public var since: Instant
    public var next: Next?
}
