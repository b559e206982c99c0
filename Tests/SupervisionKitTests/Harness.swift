import SupervisionKit

/// A supervisor with a made-up clock: acts, then gives the effects without log records and status
/// lines, which have tests of their own.
struct Harness {
    var supervisor: Supervisor
    var now = Instant(nanoseconds: 1_000_000_000)
    private(set) var records: [LogRecord] = []
    private(set) var notifications: [Notification] = []
    /// `act` returns probes too.
    var showsProbes = false
    private var nextClientCall: UInt64 = 100

    static let client = ClientID(index: 0, generation: 0)
    static let kernel = KernelID(index: 0)

    init(seed: UInt64 = 1, watchdogInterval: Duration? = nil) {
        supervisor = Supervisor(seed: seed, at: now, watchdogInterval: watchdogInterval)
    }

    /// One kernel in a group of its own with one ready worker.
    static func ready(
        replicas: Int = 1,
        isIdempotent: Bool = true,
        change: (inout Configuration) -> Void = { _ in }
    ) -> Harness {
        var harness = Harness()
        var configuration = Harness.configuration(replicas: replicas)
        change(&configuration)
        let effects = harness.act(.configured(configuration))
        for case .spawn(let worker) in effects {
            harness.makeReady(worker, isIdempotent: isIdempotent)
        }
        return harness
    }

    static func configuration(
        _ names: [String] = ["test/kernel"],
        replicas: Int = 1,
        fingerprint: UInt64 = 1
    ) -> Configuration {
        var configuration = Configuration()
        for name in names {
            var group = GroupConfiguration(name: name, launchFingerprint: fingerprint)
            group.replicas = replicas
            configuration.groups.append(group)
            configuration.kernels.append(KernelConfiguration(name: name, group: name))
        }
        return configuration
    }

    mutating func act(_ event: Event, after wait: Duration = .zero) -> [Effect] {
        now = now + wait
        var effects: [Effect] = []
        supervisor.handle(event, at: now, into: &effects)
        return effects.filter { effect in
            switch effect {
            case .log(let record):
                records.append(record)
                return false
            case .notify(let notification):
                notifications.append(notification)
                return false
            // Probes have tests of their own.
            case .probe: return showsProbes
            default: return true
            }
        }
    }

    mutating func makeReady(_ worker: WorkerID, isIdempotent: Bool = true, concurrency: Int = 1) {
        _ = act(.workerGreeted(worker, concurrency: concurrency))
        _ = act(.workerReady(worker, declaration(worker, isIdempotent: isIdempotent)))
    }

    /// All kernels of the worker's group.
    func declaration(
        _ worker: WorkerID,
        isIdempotent: Bool = true,
        problem: String = ""
    ) -> WorkerDeclaration {
        let group = supervisor.groupName(of: worker.slot)
        let names = supervisor.snapshot.kernels.map(\.name).filter { name in
            supervisor.groupName(ofKernel: name) == group
        }
        return WorkerDeclaration(
            device: "test device",
            kernels: names.map { .init(name: $0, isIdempotent: isIdempotent, problem: problem) }
        )
    }

    mutating func reply(
        _ worker: WorkerID,
        _ call: CallID,
        error: CallError? = nil
    ) -> [Effect] {
        act(.workerReplied(worker, call, WorkerReply(error: error)))
    }

    /// A call with an id of its own.
    mutating func call(
        _ id: UInt64? = nil,
        deadline: Duration? = nil,
        client: ClientID = Harness.client,
        kernel: KernelID = Harness.kernel,
        isIdempotent: Bool = false,
        mayRetry: Bool = true
    ) -> [Effect] {
        nextClientCall += 1
        return act(
            .callArrived(
                CallArrival(
                    caller: .client(client),
                    callerCall: id ?? nextClientCall,
                    kernel: kernel,
                    deadline: deadline.map { now + $0 } ?? .zero,
                    isIdempotent: isIdempotent,
                    mayRetry: mayRetry
                )
            )
        )
    }

    func worker(_ incarnation: UInt64, slot: Int = 0) -> WorkerID {
        WorkerID(slot: SlotID(index: slot), incarnation: Incarnation(number: incarnation))
    }

    var health: KernelHealth {
        supervisor.snapshot.kernels[0].health
    }
}

extension [Effect] {
    /// The calls handed over, with the workers that got them.
    var forwarded: [(call: CallID, worker: WorkerID)] {
        compactMap { effect in
            if case .forward(let call, let worker, _, _, _) = effect { (call, worker) } else { nil }
        }
    }

    var answers: [Answer] {
        compactMap { effect in
            if case .answer(let answer) = effect { answer } else { nil }
        }
    }

    var spawned: [WorkerID] {
        compactMap { effect in
            if case .spawn(let worker) = effect { worker } else { nil }
        }
    }

    /// The ids of the client's calls that got a worker's reply.
    var delivered: [UInt64] {
        compactMap { effect in
            if case .deliver(_, let id, _, _) = effect { id } else { nil }
        }
    }
}

extension [Effect] {
    var probes: [(number: UInt32, kernel: String)] {
        compactMap { effect in
            if case .probe(_, let number, let kernel) = effect { (number, kernel) } else { nil }
        }
    }
}
