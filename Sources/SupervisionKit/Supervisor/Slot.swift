/// The place of one worker in its group, and what the worker in it does right now.
struct Slot: Sendable {
    // What each call reads comes first and lies together.

    let group: Int
    /// Its number within the group.
    let replica: Int
    /// Indices in the call table of what the worker has, at most `concurrency`.
    var calls: [Int] = []
    /// Calls that the worker takes at once, as it said when it shook hands.
    var concurrency = 1
    /// The process was started with another fingerprint than the group has now.
    ///
    /// It goes on until its turn to be replaced, with the kernels that it has.
    var isOutdated = false
    /// Its worker waits, warm, to take the place of an active one.
    var isStandby = false
    var lifecycle = WorkerLifecycle()
    var probe = HealthProbe()

    let name: String
    /// Indices in `Supervisor.breakers`, one for each kernel that the group has had.
    var breakers: [Int] = []
    var device = ""
    /// Indices of the group's kernels that the worker has said it serves.
    var served: [Int] = []
    var restarts = 0
    /// The worker before was stopped in order, to be replaced or because nobody called: the next
    /// one is no restart.
    var followsOrder = false
    var stateSince: Instant
    var hasBeenReady = false
    /// The worker that is there has said hello.
    var isGreeted = false
    /// Of the call that runs: when the worker last said that it is alive, and how far it was.
    var heartbeat: Heartbeat?
    /// Index of the kernel that is taken to have brought the worker down, once it was looked for.
    var culprit: Int?
    /// The probe in flight is the trial of this breaker.
    var trial: Trial?

    struct Heartbeat: Sendable {
        var at: Instant
        var running: CallID
        var progress: UInt64
        /// When the progress was first this; nil while it has not been seen to change.
        var progressedAt: Instant?
    }

    struct Trial: Sendable {
        var number: UInt32
        /// Index in `Supervisor.breakers`.
        var breaker: Int
        var permit: CircuitBreaker.Permit
    }

    /// Its probes have failed: what it has may end, and it gets nothing new.
    @inline(__always)
    var isUnready: Bool {
        if case .unhealthy = probe.status { lifecycle.isReady } else { false }
    }

    /// Nothing happens in it by itself: what is on its way goes on in its own time.
    var isAtRest: Bool {
        calls.isEmpty && (lifecycle.isReady || !lifecycle.isWanted || isBeyondHelp)
    }

    /// Neither time nor another start helps.
    var isBeyondHelp: Bool {
        switch lifecycle.state {
        case .stuck, .failed: true
        case .stopped, .waiting, .starting, .ready, .parting, .asked, .terminated, .killed,
            .backoff, .quarantined:
            false
        }
    }

    /// Takes calls, if it has room.
    @inline(__always)
    var isServing: Bool { lifecycle.isReady && !isUnready }

    @inline(__always)
    var isFree: Bool { isServing && calls.count < concurrency }

    /// Its worker knows the kernel: one that was started before the last change may not.
    @inline(__always)
    func knows(_ kernel: Int) -> Bool { !isOutdated || served.contains(kernel) }

    /// Nothing has gone wrong before the start that is due or under way.
    var isWoken: Bool { !lifecycle.isOnTrial && (lifecycle.lastEnd == nil || followsOrder) }

    /// There is a process, or there shall be one.
    var isUsed: Bool { lifecycle.isWanted || lifecycle.incarnation != nil }
}
