/// One kernel and the slots that serve it.
public struct KernelStatus: Codable, Hashable, Sendable {
    public var name: String
    public var group: String
    public var state: KernelState
    /// `KSUP-R07`: a page of kernelsupd.reasons(7); nil when healthy.
    @OrNull public var reasonID: String?
    /// The reason's word, `restart_loop`; nil when healthy.
    @OrNull public var reason: String?
    /// The cause in one sentence with real names and numbers; nil when healthy.
    @OrNull public var why: String?
    @OrNull public var next: NextAction?
    /// When `state` was entered.
    public var since: Timestamp
    public var slots: [SlotStatus]
    public var calls: Int
    public var failed: Int
    public var refused: Int
    public var inFlight: Int
    public var queued: Int
    public var restarts: Int
    public var resilience: ResilienceStatus

    enum CodingKeys: String, CodingKey {
        case name, group, state, reason, why, next, since, slots, calls, failed, refused, queued
        case restarts, resilience
        case reasonID = "reason_id"
        case inFlight = "in_flight"
    }

    public init(
        name: String,
        group: String,
        state: KernelState,
        reasonID: String? = nil,
        reason: String? = nil,
        why: String? = nil,
        next: NextAction? = nil,
        since: Timestamp,
        slots: [SlotStatus],
        calls: Int = 0,
        failed: Int = 0,
        refused: Int = 0,
        inFlight: Int = 0,
        queued: Int = 0,
        restarts: Int = 0,
        resilience: ResilienceStatus = ResilienceStatus()
    ) {
        self.name = name
        self.group = group
        self.state = state
        self.reasonID = reasonID
        self.reason = reason
        self.why = why
        self.next = next
        self.since = since
        self.slots = slots
        self.calls = calls
        self.failed = failed
        self.refused = refused
        self.inFlight = inFlight
        self.queued = queued
        self.restarts = restarts
        self.resilience = resilience
    }
}

/// One slot of a group's set.
public struct SlotStatus: Codable, Hashable, Sendable {
    /// `graph/pagerank/0`.
    public var name: String
    /// nil from a daemon that has active slots only.
    @OrNull public var role: SlotRole?
    public var state: SlotState
    /// Of the worker that is there now; nil when there is none.
    @OrNull public var pid: Int?
    /// Counts the workers that this slot has had; 0 before the first.
    public var incarnation: UInt64
    /// When `state` was entered.
    public var since: Timestamp
    public var restarts: Int
    /// How the last worker ended, in words: `signal SIGSEGV`, `exited with status 1`.
    @OrNull public var lastExit: String?
    /// The device that serves, in the worker's words.
    @OrNull public var device: String?
    /// Seconds for which the running call runs; nil when none does.
    @OrNull public var runningFor: Double?
    /// Seconds since the worker last said that it is alive; workers do while a call runs.
    ///
    /// nil before the first time.
    @OrNull public var heartbeatAge: Double?
    /// How far the call was then, in the kernel's own units.
    @OrNull public var progress: UInt64?
    /// What its probes say; nil before they can.
    @OrNull public var probe: ProbeState?
    /// Why it is not healthy by its probes.
    @OrNull public var probeWhy: String?
    /// What its process does that does not end; nil in any other state, and when it just has ended.
    @OrNull public var stuck: StuckProcess?

    enum CodingKeys: String, CodingKey {
        case name, role, state, pid, incarnation, since, restarts, device, progress, probe, stuck
        case probeWhy = "probe_why"
        case lastExit = "last_exit"
        case runningFor = "running_for_s"
        case heartbeatAge = "heartbeat_age_s"
    }

    public init(
        name: String,
        role: SlotRole? = .active,
        state: SlotState,
        pid: Int? = nil,
        incarnation: UInt64,
        since: Timestamp,
        restarts: Int = 0,
        lastExit: String? = nil,
        device: String? = nil,
        runningFor: Double? = nil,
        heartbeatAge: Double? = nil,
        progress: UInt64? = nil,
        probe: ProbeState? = nil,
        probeWhy: String? = nil,
        stuck: StuckProcess? = nil
    ) {
        self.name = name
        self.role = role
        self.state = state
        self.pid = pid
        self.incarnation = incarnation
        self.since = since
        self.restarts = restarts
        self.lastExit = lastExit
        self.device = device
        self.runningFor = runningFor
        self.heartbeatAge = heartbeatAge
        self.progress = progress
        self.probe = probe
        self.probeWhy = probeWhy
        self.stuck = stuck
    }
}
