/// Everything the core needs to know: kernels, groups and policies, already validated.
public struct Configuration: Codable, Hashable, Sendable {
    public var groups: [GroupConfiguration] = []
    public var kernels: [KernelConfiguration] = []
    public var limits = ClientLimits()
    /// Workers of all groups that may be starting at once; 0 for no limit.
    public var maxStarting = 16
    /// Probes in a second to workers that are well, at least 1: of more workers, each is asked less
    /// often than its interval says.
    public var maxProbeRate = 8
    /// How long calls whose content has killed two workers are refused; zero or less for never.
    public var poisonTime: Duration = .seconds(600)

    public init() {}
}

/// Kernels that share worker processes.
public struct GroupConfiguration: Codable, Hashable, Sendable {
    public var name: String
    /// Active slots.
    public var replicas = 1
    /// Slots beside them whose workers are warm and take no calls until they are promoted.
    public var standbys = 0
    /// Stands for all that a worker process is started with.
    ///
    /// A worker started with another value is replaced; one started with the same value is left
    /// alone, whatever policies change.
    public var launchFingerprint: UInt64
    public var lifecycle = LifecyclePolicy()
    public var recovery = RecoveryPolicy()
    public var health = HealthPolicy()
    /// Share of the replicas that breakers may take out of the routing while others still serve,
    /// 0 to 1.
    public var maxEjected = 0.5
    /// What its workers are there for, as it is shown.
    public var role = SlotRole.active

    public init(name: String, launchFingerprint: UInt64 = 0) {
        self.name = name
        self.launchFingerprint = launchFingerprint
    }

    /// Active slots and standbys; without an active slot there is nobody to stand by for.
    public var slotCount: Int { replicas > 0 ? replicas + standbys : 0 }
}

public struct KernelConfiguration: Codable, Hashable, Sendable {
    /// `domain/name`.
    public var name: String
    public var group: String
    /// nil takes the worker's own word.
    public var isIdempotent: Bool?
    public var timeout = TimeoutPolicy()
    public var retry = RetryPolicy()
    public var bulkhead = BulkheadPolicy()
    public var breaker = BreakerPolicy()
    /// The name by which its workers know it; nil for its own.
    public var callee: String?
    /// The kernel that serves its calls on the ladder's rung `degrade`.
    public var degraded: String?
    /// The kernel that serves its calls on the ladder's rung `failover`.
    public var backup: String?
    /// It only stands in for another: it is not listed, and no call names it.
    public var isHidden = false

    public init(name: String, group: String) {
        self.name = name
        self.group = group
    }
}

/// What one client, and all together, may hold.
public struct ClientLimits: Codable, Hashable, Sendable {
    /// Calls of one client that have not ended.
    public var maxCallsPerClient = 256
    /// Calls of all clients that have not ended.
    public var maxCalls = 16_384

    public init() {}
}
