/// The core that decides: events in, effects out, and nothing else.
///
/// A pure value. The instant is given with each event and never runs backwards (an earlier one is
/// taken as the latest seen); randomness comes from the seed. The shell performs the effects in
/// order and reports what becomes of them as events, so the same core runs in the daemon and in a
/// test with a made-up clock.
public struct Supervisor: Sendable {
    var now: Instant
    var random: SplitMix64
    var limits = ClientLimits()
    var groups: [Group] = []
    var kernels: [KernelState] = []
    var slots: [Slot] = []
    var calls = CallTable()
    var clients = ClientTable()
    var directory = KernelDirectory()
    var deadlines = DeadlineHeap()
    var nextIncarnation: UInt64 = 1
    var phase = Phase.starting
    /// Frames and requests that could not be taken, by what was wrong with them.
    var badInput: [CallError: Int] = [:]
    var reloadErrors: [String] = []
    var configuredAt: Instant
    let startedAt: Instant
    var watchdogInterval: Duration?
    var lastStatus = ""
    /// Something that `status` shows has changed in this turn.
    var isStatusStale = false

    enum Phase: Hashable, Sendable {
        /// Before every eager worker has become ready or shown that it can't.
        case starting
        case serving
        /// No new calls; those accepted may end until then.
        case draining(until: Instant)
        /// Workers are being stopped.
        case stopping
        case ended
    }

    /// How long accepted calls may go on after a request to stop.
    static let drainTimeout: Duration = .seconds(10)

    /// - Parameters:
    ///   - seed: of the random numbers.
    ///   - now: the instant of the start.
    ///   - watchdogInterval: how often to report that the core decides; nil for never.
    public init(seed: UInt64, at now: Instant, watchdogInterval: Duration? = nil) {
        self.now = now
        self.startedAt = now
        self.configuredAt = now
        self.random = SplitMix64(seed: seed)
        self.watchdogInterval = watchdogInterval
        if let watchdogInterval { deadlines.set(Self.watchdogKey, to: now + watchdogInterval) }
    }

    /// When `handle(.timePassed)` is due if nothing else happens before.
    public var nextDeadline: Instant? { deadlines.earliest }

    /// The kernel with this name, if it was ever configured.
    public func kernel(named name: Span<UInt8>) -> KernelID? {
        directory.find(name)
    }

    /// Takes in one thing that happened and appends everything to do about it, in order.
    ///
    /// - Returns: what `nextDeadline` is now.
    @discardableResult
    public mutating func handle(
        _ event: Event,
        at instant: Instant,
        into effects: inout [Effect]
    ) -> Instant? {
        now = max(now, instant)
        fireDeadlines(into: &effects)
        switch event {
        case .callArrived(let arrival): arrive(arrival, into: &effects)
        case .workerReplied(let worker, let call, let error):
            replied(worker, call, error, into: &effects)
        case .callRejected(let client, let clientCall, let error, let message):
            reject(client, clientCall, error, message, into: &effects)
        case .callCancelled(let client, let clientCall):
            cancel(client, clientCall, into: &effects)
        case .clientClosed(let client): close(client, into: &effects)
        case .configured(let configuration): configure(configuration, into: &effects)
        case .reloadStarted: startReload(into: &effects)
        case .reloadRefused(let errors): refuseReload(errors, into: &effects)
        case .workerGreeted(let worker, let concurrency):
            greeted(worker, concurrency: concurrency, into: &effects)
        case .workerReady(let worker, let declaration): ready(worker, declaration, into: &effects)
        case .workerHeartbeat(let worker, _, let progress): heartbeat(worker, progress)
        case .workerMisbehaved(let worker, let what):
            kill(worker, .misbehaved(what), into: &effects)
        case .workerChannelClosed(let worker): channelClosed(worker, into: &effects)
        case .workerEnded(let worker, let end): ended(worker, end, into: &effects)
        case .stopRequested: stop(into: &effects)
        case .timePassed: break
        }
        if isStatusStale { settle(into: &effects) }
        return nextDeadline
    }

    // MARK: - Deadlines

    /// Keys of the deadline heap: fixed ones first, then calls and slots in turn.
    static let watchdogKey = 0
    static let drainKey = 1
    static func key(call index: Int) -> Int { 2 + 2 * index }
    static func key(slot index: Int) -> Int { 3 + 2 * index }

    private mutating func fireDeadlines(into effects: inout [Effect]) {
        while let key = deadlines.popDue(at: now) {
            switch key {
            case Self.watchdogKey: reportAlive(into: &effects)
            case Self.drainKey: endDrain(into: &effects)
            case let key where key.isMultiple(of: 2): expire(call: key / 2 - 1, into: &effects)
            default: passDeadline(slot: (key - 3) / 2, into: &effects)
            }
        }
    }

    /// The ping vouches for the decisions: it is sent only when the core's books agree.
    private mutating func reportAlive(into effects: inout [Effect]) {
        guard let watchdogInterval else { return }
        deadlines.set(Self.watchdogKey, to: now + watchdogInterval)
        if isConsistent { effects.append(.notify(.watchdog)) }
    }

    /// Calls queued and with workers are the calls there are; no slot holds more than it takes.
    var isConsistent: Bool {
        let queued = groups.reduce(0) { $0 + $1.queue.count }
        let running = slots.reduce(0) { $0 + $1.calls.count }
        return queued + running == calls.count
            && slots.allSatisfy { $0.calls.count <= $0.concurrency }
    }
}
