/// Everything the core needs to know: kernels, groups and policies, already validated.
public struct Configuration: Hashable, Sendable {
    public var groups: [GroupConfiguration] = []
    public var kernels: [KernelConfiguration] = []
    public var limits = ClientLimits()

    public init() {}
}

/// Kernels that share worker processes.
public struct GroupConfiguration: Hashable, Sendable {
    public var name: String
    /// Active slots.
    public var replicas = 1
    /// Stands for all that a worker process is started with.
    ///
    /// A worker started with another value is replaced; one started with the same value is left
    /// alone, whatever policies change.
    public var launchFingerprint: UInt64
    public var lifecycle = LifecyclePolicy()
    public var recovery = RecoveryPolicy()

    public init(name: String, launchFingerprint: UInt64 = 0) {
        self.name = name
        self.launchFingerprint = launchFingerprint
    }
}

public struct KernelConfiguration: Hashable, Sendable {
    /// `domain/name`.
    public var name: String
    public var group: String
    /// nil takes the worker's own word.
    public var isIdempotent: Bool?
    public var timeout = TimeoutPolicy()
    public var retry = RetryPolicy()
    public var bulkhead = BulkheadPolicy()

    public init(name: String, group: String) {
        self.name = name
        self.group = group
    }
}

/// What one client, and all together, may hold.
public struct ClientLimits: Hashable, Sendable {
    /// Calls of one client that have not ended.
    public var maxCallsPerClient = 256
    /// Calls of all clients that have not ended.
    public var maxCalls = 16_384

    public init() {}
}
