internal import ControlProtocol
internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

/// The core's state in the words of the control protocol.
///
/// Made for one request: it is the state that acts, at the instant of the answer.
struct StatusReport: ControlProvider {
    var snapshot: Snapshot
    private let signatures: [String: KernelSignature]
    private let pids: [SlotID: Int32]
    private let settings: Settings
    let configurationPath: String
    private let version: String
    private let clientCount: Int
    let outputs: [SlotOutput?]
    let histories: [String: EventHistory]
    let origins: ValueOrigins
    let now = Instant(nanoseconds: Clock.now())
    private let wallMicroseconds = Int64(Clock.wall() / 1000)
    let mayChange: Bool
    /// Performs an event, and returns what the core says after it.
    private let change: (Event) -> Snapshot

    init(daemon: isolated Daemon, mayChange: Bool, change: @escaping (Event) -> Snapshot) {
        self.mayChange = mayChange
        self.change = change
        snapshot = daemon.core.snapshot
        signatures = daemon.signatures
        pids = daemon.workers.reduce(into: [:]) { pids, connection in
            if let connection { pids[connection.worker.slot] = connection.process.pid }
        }
        settings = daemon.settings
        configurationPath = daemon.configurationPath
        version = daemon.version
        clientCount = daemon.clients.count
        outputs = daemon.outputs
        histories = daemon.histories
        origins = daemon.origins
    }

    // MARK: - Answers

    func status() -> Status {
        Status(
            version: version,
            pid: Int(getpid()),
            state: overall(snapshot.kernels),
            isLive: snapshot.isLive,
            isStarted: snapshot.isStarted,
            isReady: snapshot.isReady,
            isDraining: snapshot.isDraining,
            startedAt: timestamp(snapshot.startedAt),
            uptime: now.since(snapshot.startedAt).inSeconds,
            configuration: Status.Configuration(
                path: configurationPath,
                loadedAt: timestamp(snapshot.configuredAt),
                state: snapshot.reloadErrors.isEmpty ? .inForce : .reloadRefused,
                errors: snapshot.reloadErrors
            ),
            kernels: snapshot.kernels.map(kernelStatus).sorted { $0.name < $1.name },
            clients: clientCount,
            calls: Status.Calls(
                accepted: snapshot.totals.accepted,
                ok: snapshot.totals.ok,
                failed: snapshot.totals.failed,
                refused: snapshot.totals.refused,
                retried: snapshot.totals.retried,
                inFlight: snapshot.inFlight,
                queued: snapshot.queued
            ),
            badInput: Dictionary(
                uniqueKeysWithValues: snapshot.badInput.map { ($0.key.name, $0.value) }
            ),
            sockets: Status.Sockets(calls: settings.callsPath, control: settings.controlPath)
        )
    }

    func health(component: String?) -> Result<Health, NoSuchComponent> {
        var chosen = snapshot.kernels
        if let component {
            chosen = snapshot.kernels.filter { $0.name == component || $0.group == component }
            if chosen.isEmpty { chosen = kernels(onDevice: component) }
            guard !chosen.isEmpty else { return .failure(missing(component)) }
        }
        var totals = Health.Totals()
        for kernel in chosen {
            switch kernel.health.state {
            case .healthy: totals.healthy += 1
            case .degraded: totals.degraded += 1
            case .down: totals.down += 1
            case .unknown: totals.unknown += 1
            }
        }
        let shown = chosen.filter { component != nil || $0.health.state != .healthy }
        return .success(
            Health(
                status: overall(chosen),
                components: shown.map(healthComponent).sorted {
                    ($0.state.badness, $0.kernel) < ($1.state.badness, $1.kernel)
                },
                totals: totals
            )
        )
    }

    /// Kernels with a worker on a device whose name begins so, in any case.
    private func kernels(onDevice name: String) -> [Snapshot.Kernel] {
        let name = name.lowercased()
        guard !name.isEmpty else { return [] }
        return snapshot.kernels.filter { kernel in
            kernel.slots.contains { $0.device.lowercased().hasPrefix(name) }
        }
    }

    func kernels() -> [Kernel] {
        snapshot.kernels.map { kernel in
            let signature = signatures[kernel.name]
            return Kernel(
                name: kernel.name,
                summary: signature?.summary ?? "",
                group: kernel.group,
                isIdempotent: kernel.isIdempotent,
                problem: kernel.problem.isEmpty ? nil : kernel.problem,
                arguments: signature?.arguments.map(Kernel.Argument.init) ?? [],
                state: KernelState(kernel.health.state)
            )
        }.sorted { $0.name < $1.name }
    }

    // MARK: - Changes

    func setBreaker(
        kernel name: String,
        to override: BreakerStatus.Override?
    ) -> Result<KernelStatus, NoSuchComponent> {
        guard snapshot.kernels.contains(where: { $0.name == name }) else {
            return .failure(missing(name))
        }
        let word = override.map(BreakerOverride.init)
        let after = changed(by: .breakerOverridden(kernel: name, word))
        guard let kernel = after.snapshot.kernels.first(where: { $0.name == name }) else {
            return .failure(missing(name))
        }
        return .success(after.kernelStatus(kernel))
    }

    func acknowledge(component: String) -> Result<Acknowledgement, NoSuchComponent> {
        let names = { (kernel: Snapshot.Kernel) in
            kernel.name == component || kernel.group == component
        }
        guard let before = snapshot.kernels.first(where: names) else {
            return .failure(missing(component))
        }
        let group = before.group
        let after = changed(by: .alertAcknowledged(group: group)).snapshot.kernels
            .first { $0.group == group }
        return .success(
            Acknowledgement(
                group: group,
                acknowledged: before.alert == .raised,
                alert: AlertState(after?.alert ?? .none),
                recovery: before.recovery.isEmpty ? nil : before.recovery
            )
        )
    }

    private func changed(by event: Event) -> StatusReport {
        var after = self
        after.snapshot = change(event)
        return after
    }

    func missing(_ name: String, besides others: [String] = []) -> NoSuchComponent {
        let names = snapshot.kernels.map(\.name) + others
        return NoSuchComponent(name: name, nearest: nearestNames(to: name, among: names, atMost: 3))
    }

    // MARK: - Parts

    /// Nothing configured is not healthy: nobody knows anything.
    private func overall(_ kernels: [Snapshot.Kernel]) -> ControlProtocol.HealthState {
        let states = Set(kernels.map(\.health.state))
        if states.contains(.down) { return .critical }
        if states.contains(.degraded) { return .degraded }
        return states == [.healthy] ? .healthy : .unknown
    }

    func kernelStatus(_ kernel: Snapshot.Kernel) -> KernelStatus {
        KernelStatus(
            name: kernel.name,
            group: kernel.group,
            state: KernelState(kernel.health.state),
            reasonID: kernel.health.reason?.id,
            reason: kernel.health.reason?.rawValue,
            why: kernel.health.why.isEmpty ? nil : kernel.health.why,
            next: kernel.health.next.flatMap(nextAction),
            since: timestamp(kernel.health.since),
            slots: kernel.slots.map(slotStatus),
            calls: kernel.counters.accepted,
            failed: kernel.counters.failed,
            refused: kernel.counters.refused,
            inFlight: kernel.inFlight,
            queued: kernel.queued,
            restarts: kernel.slots.reduce(0) { $0 + $1.restarts },
            resilience: resilience(of: kernel)
        )
    }

    private func slotStatus(_ slot: Snapshot.WorkerSlot) -> SlotStatus {
        SlotStatus(
            name: slot.name,
            role: ControlProtocol.SlotRole(slot.role),
            state: SlotState(rawValue: slot.state) ?? .stopping,
            pid: pids[slot.id].map(Int.init),
            incarnation: slot.incarnation?.number ?? 0,
            since: timestamp(slot.since),
            restarts: slot.restarts,
            lastExit: slot.lastEnd,
            device: slot.device.isEmpty ? nil : slot.device,
            runningFor: slot.runningSince.map { now.since($0).inSeconds },
            heartbeatAge: slot.heartbeatAt.map { now.since($0).inSeconds },
            progress: slot.progress,
            probe: ProbeState(slot.probes),
            probeWhy: slot.probes.why,
            stuck: slot.state == "stuck" ? pids[slot.id].flatMap(stuckProcess) : nil
        )
    }

    /// Looked at now: a process that hangs in one place and then in another is news.
    private func stuckProcess(_ pid: Int32) -> StuckProcess? {
        ProcessSituation(of: pid).map { situation in
            StuckProcess(
                program: situation.name,
                state: situation.state,
                waitChannel: situation.waitChannel.isEmpty ? nil : situation.waitChannel
            )
        }
    }

    private func healthComponent(_ kernel: Snapshot.Kernel) -> Health.Component {
        Health.Component(
            kernel: kernel.name,
            state: KernelState(kernel.health.state),
            reasonID: kernel.health.reason?.id,
            reason: kernel.health.reason?.rawValue,
            why: kernel.health.why.isEmpty ? nil : kernel.health.why,
            since: timestamp(kernel.health.since),
            next: kernel.health.next.flatMap(nextAction),
            resilience: resilience(of: kernel)
        )
    }

    private func resilience(of kernel: Snapshot.Kernel) -> ResilienceStatus {
        ResilienceStatus(
            breakers: zip(kernel.slots, kernel.breakers).map { slot, breaker in
                BreakerStatus(
                    slot: slot.name,
                    state: BreakerStatus.State(breaker.state),
                    since: timestamp(breaker.since),
                    override: BreakerStatus.Override(breaker.override),
                    calls: breaker.callCount,
                    failures: breaker.failureCount,
                    slow: breaker.slow,
                    successRate: breaker.successRate,
                    consecutiveFailures: breaker.consecutiveFaults,
                    trials: breaker.trialsInFlight,
                    wouldHaveRefused: breaker.wouldHaveRefused,
                    openings: breaker.openings,
                    retryAfter: breaker.retryAfter?.inSeconds
                )
            },
            refusedByBreaker: kernel.counters.refusedByBreaker,
            retriesLeft: kernel.retriesLeft,
            recovery: kernel.recovery.isEmpty ? nil : kernel.recovery,
            alert: AlertState(kernel.alert)
        )
    }

    /// Only an action with a set time is promised.
    private func nextAction(_ next: KernelHealth.Next) -> NextAction? {
        guard let at = next.at else { return nil }
        return NextAction(
            action: next.action,
            at: timestamp(at),
            inSeconds: at.since(now).inSeconds
        )
    }

    /// Wall-clock time for people, from the boot clock's distance to now.
    func timestamp(_ instant: Instant) -> Timestamp {
        let span =
            instant > now
            ? instant.since(now).saturatedNanoseconds : -now.since(instant).saturatedNanoseconds
        return Timestamp(unixMicroseconds: wallMicroseconds &+ span / 1000)
    }
}
