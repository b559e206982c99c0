import CAllocations
import SupervisionKit

/// A supervisor with 1,000 workers and 10,000 calls in flight: how long one event takes.
enum SupervisorFigures {
    static let workerCount = 1000
    static let callCount = 10_000

    private struct Bench {
        var supervisor: Supervisor
        var now = Instant(nanoseconds: 1_000_000_000)
        var effects: [Effect] = []

        /// The call that the last event sent to a worker.
        var sent: (call: CallID, worker: WorkerID)? {
            for index in effects.indices {
                if case .forward(let call, let worker, _, _, _) = effects[index] {
                    return (call, worker)
                }
            }
            return nil
        }

        mutating func handle(_ event: Event) {
            effects.removeAll(keepingCapacity: true)
            supervisor.handle(event, at: now, into: &effects)
        }
    }

    static func measure(into table: inout FigureTable) {
        let empty = allocated_bytes()
        var bench = Bench(supervisor: Supervisor(seed: 1, at: Instant(nanoseconds: 1_000_000_000)))
        start(&bench)
        let idle = allocated_bytes()
        table.add(
            "core: memory per idle worker, kernel and group with it",
            Double(idle - empty) / Double(workerCount),
            "bytes",
            asked: "≤ 4096"
        )
        // Ten calls at each worker, which takes eleven: one place is left for what is measured.
        for call in 0..<callCount { arrive(UInt64(call), call % workerCount, &bench) }
        table.add(
            "core: memory per call in flight",
            Double(allocated_bytes() - idle) / Double(callCount),
            "bytes",
            asked: "≤ 512"
        )
        measureEvents(&bench, into: &table)
        precondition(bench.supervisor.isConsistent)
    }

    /// Each worker serves a kernel of its own.
    private static func start(_ bench: inout Bench) {
        var configuration = Configuration()
        configuration.maxStarting = 0
        configuration.limits.maxCallsPerClient = callCount * 2
        configuration.limits.maxCalls = callCount * 2
        for index in 0..<workerCount {
            let name = "bench/kernel-\(index)"
            configuration.groups.append(GroupConfiguration(name: name))
            configuration.kernels.append(KernelConfiguration(name: name, group: name))
        }
        bench.handle(.configured(configuration))
        let spawned = bench.effects.compactMap { effect in
            if case .spawn(let worker) = effect { worker } else { nil }
        }
        for worker in spawned {
            let name = bench.supervisor.groupName(of: worker.slot)
            bench.handle(.workerGreeted(worker, concurrency: 11))
            bench.handle(
                .workerReady(
                    worker,
                    WorkerDeclaration(
                        device: "bench",
                        kernels: [.init(name: name, isIdempotent: true)]
                    )
                )
            )
        }
    }

    private static func arrive(_ id: UInt64, _ kernel: Int, _ bench: inout Bench) {
        bench.handle(
            .callArrived(
                CallArrival(
                    caller: .client(ClientID(index: 0, generation: 0)),
                    callerCall: id,
                    kernel: KernelID(index: kernel)
                )
            )
        )
    }

    private static func measureEvents(_ bench: inout Bench, into table: inout FigureTable) {
        let count = 200_000
        var next = UInt64(callCount)
        let before = allocation_count()
        let pair = nanoseconds(count: count) { index in
            bench.now = bench.now + .nanoseconds(1000)
            next += 1
            arrive(next, (index &* 7919) % workerCount, &bench)
            guard let sent = bench.sent else { return }
            bench.handle(.workerReplied(sent.worker, sent.call, WorkerReply()))
        }
        let allocations = Double(allocation_count() - before) / Double(7 * count)
        table.add("core: one event of a call, of two", pair / 2, "ns", asked: "≤ 300")
        table.add("core: allocations per call", allocations, "", asked: "0")
        let deadline = nanoseconds(count: 1_000_000) { _ in use(bench.supervisor.nextDeadline) }
        table.add("core: nextDeadline", deadline, "ns", asked: "O(1)")
    }
}
