/// The place of one worker in its group, and what the worker in it does right now.
struct Slot: Sendable {
    let name: String
    let group: Int
    var lifecycle = WorkerLifecycle()
    /// Calls that the worker takes at once, as it said when it shook hands.
    var concurrency = 1
    /// Indices in the call table of what the worker has, at most `concurrency`.
    var calls: [Int] = []
    var device = ""
    /// The process was started with another fingerprint than the group has now.
    var isOutdated = false
    var restarts = 0
    var stateSince: Instant
    var hasBeenReady = false
    /// The worker that is there has said hello.
    var isGreeted = false
    /// Of the call that runs: when the worker last said that it is alive, and how far it was.
    var heartbeat: Heartbeat?

    struct Heartbeat: Sendable {
        var at: Instant
        var progress: UInt64
    }

    var isFree: Bool { lifecycle.isReady && !isOutdated && calls.count < concurrency }
}

/// Kernels that share workers, with the calls that wait for one.
struct Group: Sendable {
    var configuration: GroupConfiguration
    var isConfigured = true
    var slots: [SlotID] = []
    var queue = CallQueue()
}

/// A kernel that is, or was, configured.
struct KernelState: Sendable {
    var configuration: KernelConfiguration
    var isConfigured = true
    var group: Int
    /// Of the worker's word and the configuration's.
    var isIdempotent = false
    /// Why it can't be called although its worker is ready; empty when it can.
    var problem = ""
    /// A worker has said what it is.
    var isDeclared = false
    var queued = 0
    var counters = CallCounters()
}

/// Calls by how they ended, since the daemon's start.
public struct CallCounters: Hashable, Sendable {
    public var accepted = 0
    public var ok = 0
    /// Ended with an error after they were accepted.
    public var failed = 0
    /// Answered with an error at the door.
    public var refused = 0
    /// Handed to a second or third worker.
    public var retried = 0

    public init() {}

    static func += (left: inout CallCounters, right: CallCounters) {
        left.accepted += right.accepted
        left.ok += right.ok
        left.failed += right.failed
        left.refused += right.refused
        left.retried += right.retried
    }
}
