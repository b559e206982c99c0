internal import ControlProtocol
internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

/// The core's state in the words of the control protocol.
///
/// Made for one request: it is the state that acts, at the instant of the answer.
struct StatusReport: ControlProvider {
    private let snapshot: Snapshot
    private let signatures: [String: KernelSignature]
    private let pids: [SlotID: Int32]
    private let settings: Settings
    private let configurationPath: String
    private let version: String
    private let clientCount: Int
    private let now = Instant(nanoseconds: Clock.now())
    private let wallMicroseconds = Int64(Clock.wall() / 1000)

    init(daemon: isolated Daemon) {
        snapshot = daemon.core.snapshot
        signatures = daemon.signatures
        pids = daemon.workers.reduce(into: [:]) { pids, connection in
            if let connection { pids[connection.worker.slot] = connection.process.pid }
        }
        settings = daemon.settings
        configurationPath = daemon.configurationPath
        version = daemon.version
        clientCount = daemon.clients.count
    }

    // MARK: - Answers

    func status() -> Status {
        Status(
            version: version,
            pid: Int(getpid()),
            state: overall(snapshot.kernels),
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
            guard !chosen.isEmpty else {
                let names = snapshot.kernels.map(\.name)
                return .failure(
                    NoSuchComponent(
                        name: component,
                        nearest: nearestNames(to: component, among: names, atMost: 3)
                    )
                )
            }
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

    // MARK: - Parts

    /// Nothing configured is not healthy: nobody knows anything.
    private func overall(_ kernels: [Snapshot.Kernel]) -> ControlProtocol.HealthState {
        let states = Set(kernels.map(\.health.state))
        if states.contains(.down) { return .critical }
        if states.contains(.degraded) { return .degraded }
        return states == [.healthy] ? .healthy : .unknown
    }

    private func kernelStatus(_ kernel: Snapshot.Kernel) -> KernelStatus {
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
            restarts: kernel.slots.reduce(0) { $0 + $1.restarts }
        )
    }

    private func slotStatus(_ slot: Snapshot.WorkerSlot) -> SlotStatus {
        SlotStatus(
            name: slot.name,
            state: SlotState(rawValue: slot.state) ?? .stopping,
            pid: pids[slot.id].map(Int.init),
            incarnation: slot.incarnation?.number ?? 0,
            since: timestamp(slot.since),
            restarts: slot.restarts,
            lastExit: slot.lastEnd,
            device: slot.device.isEmpty ? nil : slot.device,
            runningFor: slot.runningSince.map { now.since($0).inSeconds },
            heartbeatAge: slot.heartbeatAt.map { now.since($0).inSeconds },
            progress: slot.progress
        )
    }

    private func healthComponent(_ kernel: Snapshot.Kernel) -> Health.Component {
        Health.Component(
            kernel: kernel.name,
            state: KernelState(kernel.health.state),
            reasonID: kernel.health.reason?.id,
            reason: kernel.health.reason?.rawValue,
            why: kernel.health.why.isEmpty ? nil : kernel.health.why,
            since: timestamp(kernel.health.since),
            next: kernel.health.next.flatMap(nextAction)
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
    private func timestamp(_ instant: Instant) -> Timestamp {
        let span =
            instant > now
            ? instant.since(now).saturatedNanoseconds : -now.since(instant).saturatedNanoseconds
        return Timestamp(unixMicroseconds: wallMicroseconds &+ span / 1000)
    }
}

extension KernelState {
    init(_ state: SupervisionKit.HealthState) {
        switch state {
        case .healthy: self = .healthy
        case .degraded: self = .degraded
        case .down: self = .down
        case .unknown: self = .unknown
        }
    }

    /// Worst first.
    var badness: Int {
        switch self {
        case .down: 0
        case .degraded: 1
        case .unknown: 2
        case .healthy: 3
        }
    }
}

extension Kernel.Argument {
    init(_ argument: KernelSignature.Argument) {
        self.init(
            name: argument.name,
            direction: argument.direction == .input ? .input : .output,
            type: argument.type.name,
            shape: argument.shape,
            defaultValue: argument.defaultValue,
            range: argument.range.isEmpty ? nil : argument.range,
            documentation: argument.documentation
        )
    }
}

extension Duration {
    /// For JSON.
    var inSeconds: Double { Double(saturatedNanoseconds) / 1e9 }
}
