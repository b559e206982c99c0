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
    var breakers: [BreakerPlace] = []
    var calls = CallTable()
    /// Calls that wait for their next try.
    var waitingCalls = 0
    var callers = CallerTable()
    var poison = PoisonList()
    var governor = StartGovernor(limit: 0)
    var maxProbeRate = 1
    /// Workers that are ready, which is who gets probes.
    var probedWorkers = 0
    var devices = DeviceGuard()
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
    /// Something of the whole that `status` shows has changed in this turn.
    var isStatusStale = false
    /// Groups in which something has changed in this turn.
    var staleGroups: [Int] = []
    /// Configured kernels by their health when it was last looked at, and how many of each.
    var healthStates: [HealthState?] = []
    var healthCounts: [HealthState: Int] = [:]

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
    ///   - watchdogInterval: how often to report that the core decides, at least 1 ms; nil, or
    ///     what is no time, for never.
    public init(seed: UInt64, at now: Instant, watchdogInterval: Duration? = nil) {
        self.now = now
        self.startedAt = now
        self.configuredAt = now
        self.random = SplitMix64(seed: seed)
        if let watchdogInterval, watchdogInterval > .zero {
            let interval = max(watchdogInterval, .milliseconds(1))
            self.watchdogInterval = interval
            deadlines.set(Self.watchdogKey, to: now + interval)
        }
    }

    /// When `handle(.timePassed)` is due if nothing else happens before.
    public var nextDeadline: Instant? { deadlines.earliest }

    /// The kernel with this name, if it was ever configured.
    public func kernel(named name: Span<UInt8>) -> KernelID? {
        directory.find(name).flatMap { kernels[$0.index].configuration.isHidden ? nil : $0 }
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
        let lastTurn = now
        now = max(now, instant)
        if let earliest = deadlines.earliest, now.since(earliest) >= Self.lateness {
            forgive(now.since(lastTurn))
        }
        fireDeadlines(into: &effects)
        switch event {
        case .callArrived(let arrival): arrive(arrival, into: &effects)
        case .workerReplied(let worker, let call, let reply):
            replied(worker, call, reply, into: &effects)
        case .callRejected(let caller, let callerCall, let error, let message):
            reject(caller, callerCall, error, message, into: &effects)
        case .callCancelled(let caller, let callerCall):
            cancel(caller, callerCall, into: &effects)
        case .clientClosed(let client): close(.client(client), into: &effects)
        case .configured(let configuration): configure(configuration, into: &effects)
        case .reloadStarted: startReload(into: &effects)
        case .reloadRefused(let errors): refuseReload(errors, into: &effects)
        case .workerGreeted(let worker, let concurrency):
            greeted(worker, concurrency: concurrency, into: &effects)
        case .workerReady(let worker, let declaration): ready(worker, declaration, into: &effects)
        case .workerHeartbeat(let worker, let running, let progress):
            heartbeat(worker, running, progress)
        case .workerProbed(let worker, let number, let result):
            probed(worker, number: number, result, into: &effects)
        case .breakerOverridden(let kernel, let word): override(kernel, word, into: &effects)
        case .alertAcknowledged(let group): acknowledge(group, into: &effects)
        case .workerMisbehaved(let worker, let what):
            kill(worker, .misbehaved(what), into: &effects)
        case .workerChannelClosed(let worker): channelClosed(worker, into: &effects)
        case .workerEnded(let worker, let end): ended(worker, end, into: &effects)
        case .stopRequested: stop(into: &effects)
        case .timePassed: break
        }
        guard !isStatusStale, staleGroups.isEmpty else {
            settle(into: &effects)
            return nextDeadline
        }
        return nextDeadline
    }

    // MARK: - Deadlines

    /// What a key of the deadline heap stands for; the index is counted in its own table.
    enum DeadlineKind: Int {
        /// Of the whole: 0 the watchdog, 1 the drain.
        case whole
        case call
        case slot
        case probe
        case breaker
        /// A start that was put off for its device.
        case start
        /// Of a group that is started on demand: whether anybody uses it.
        case idle
        /// Of a group whose workers are back: whether its calls come home.
        case home

        static let count = 8
    }

    static let watchdogKey = key(.whole, 0)
    static let drainKey = key(.whole, 1)

    static func key(_ kind: DeadlineKind, _ index: Int) -> Int {
        DeadlineKind.count * index + kind.rawValue
    }

    private mutating func fireDeadlines(into effects: inout [Effect]) {
        while let key = deadlines.popDue(at: now) {
            let index = key / DeadlineKind.count
            switch DeadlineKind(rawValue: key % DeadlineKind.count) {
            case .whole where index == 0: reportAlive(into: &effects)
            case .whole: endDrain(into: &effects)
            case .call: passDeadline(call: index, into: &effects)
            case .slot: passDeadline(slot: index, into: &effects)
            case .probe: passDeadline(probeOf: index, into: &effects)
            case .breaker: passDeadline(breaker: index, into: &effects)
            case .start: startNow(index, into: &effects)
            case .idle: passDeadline(idleOf: index, into: &effects)
            case .home: descendLadder(of: index, into: &effects)
            case nil: break
            }
        }
    }

    /// A turn that comes this much too late says that the loop was held up or the machine was
    /// asleep, and nothing about workers.
    static let lateness: Duration = .seconds(1)

    /// Gives workers the time back in which nobody looked: all since the last turn.
    ///
    /// What they owe (a probe's answer, the acknowledgement of a cancel, a start, a stop) is due
    /// that much later. Callers' deadlines stand.
    private mutating func forgive(_ lateness: Duration) {
        for index in slots.indices where slots[index].lifecycle.incarnation != nil {
            slots[index].lifecycle.forgive(lateness)
            deadlines.set(Self.key(.slot, index), to: slots[index].lifecycle.deadline)
            slots[index].probe.forgive(at: now)
            deadlines.set(Self.key(.probe, index), to: slots[index].probe.deadline)
            for call in slots[index].calls {
                guard case .cancelling = calls[call].phase else { continue }
                let key = Self.key(.call, call)
                deadlines.set(key, to: deadlines.deadline(of: key).map { $0 + lateness })
            }
        }
    }

    /// The ping vouches for the decisions: it is sent only when the core's books agree.
    private mutating func reportAlive(into effects: inout [Effect]) {
        guard let watchdogInterval else { return }
        deadlines.set(Self.watchdogKey, to: now + watchdogInterval)
        if isConsistent { effects.append(.notify(.watchdog)) }
    }

    /// Calls queued, waiting and with workers are the calls there are; no slot holds more than it
    /// takes; every trial of a breaker is some attempt's.
    public var isConsistent: Bool {
        let queued = groups.reduce(0) { $0 + $1.queue.count }
        let running = slots.reduce(0) { $0 + $1.calls.count }
        return queued + waitingCalls + running == calls.count
            && slots.allSatisfy { $0.calls.count <= $0.concurrency } && areTrialsHeld
    }
}
