/// A kernel that is, or was, configured.
struct KernelState: Sendable {
    // What each call reads comes first and lies together.

    var group: Int
    var isConfigured = true
    /// Of the worker's word and the configuration's.
    var isIdempotent = false
    /// Why it can't be called although its worker is ready; empty when it can.
    var problem = ""
    /// A worker has said what it is.
    var isDeclared = false
    var queued = 0
    /// Indices in `Supervisor.breakers`, by the slot's number in the group.
    var breakers: [Int] = []
    /// In the order of the ladder's rungs.
    var standIns: [Supervisor.StandIn] = []
    /// The one of them that was last said to serve; nil for none.
    var servedBy: Int?
    /// Of the last reply from one of them; nil when something has changed since.
    var remark: Remark?
    var counters = CallCounters()
    var budget = RetryBudget()
    var configuration: KernelConfiguration
    /// A person's word about the breakers, above the configuration's.
    var overriddenBreaker: BreakerOverride?

    /// What replies say of a stand-in: made once for all replies of a time without changes.
    struct Remark: Sendable {
        /// Index of the kernel that stands in.
        var served: Int
        var text: String
    }

    var breakerPolicy: BreakerPolicy {
        var policy = configuration.breaker
        if let overriddenBreaker { policy.override = overriddenBreaker }
        return policy
    }
}

/// The breaker of one kernel in one slot.
struct BreakerPlace: Sendable {
    var breaker: CircuitBreaker
    let kernel: Int
    let slot: Int
}

/// Calls by how they ended, since the daemon's start.
public struct CallCounters: Hashable, Sendable {
    public var accepted = 0
    public var ok = 0
    /// Ended with an error after they were accepted.
    public var failed = 0
    /// Answered with an error at the door.
    public var refused = 0
    /// Of the refused ones, those that a breaker refused.
    public var refusedByBreaker = 0
    /// Handed to a second or third worker.
    public var retried = 0
    /// Answered by a degraded profile or a backup.
    public var standIn = 0

    public init() {}

    static func += (left: inout CallCounters, right: CallCounters) {
        left.accepted += right.accepted
        left.ok += right.ok
        left.failed += right.failed
        left.refused += right.refused
        left.refusedByBreaker += right.refusedByBreaker
        left.retried += right.retried
        left.standIn += right.standIn
    }
}
