import SupervisionKit
import Testing

/// Events in no order, for things that never were, twice, from the past, under policies that no
/// file would be let through with: never a trap, and the books agree after each.
@Suite("Wild events")
struct WildEventTests {
    private struct Wild {
        var random: SplitMix64
        var now = Instant(nanoseconds: 1_000_000_000)
        var calls: [CallID] = []
        var workers: [WorkerID] = []

        mutating func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: values.indices, using: &random)]
        }

        mutating func chance(_ parts: Int) -> Bool {
            Int.random(in: 0..<parts, using: &random) == 0
        }

        var duration: Duration {
            mutating get {
                pick([
                    .zero, .nanoseconds(1), .milliseconds(1), .seconds(1), .seconds(30),
                    .seconds(-5), .seconds(1_000_000_000_000_000_000), .seconds(Int64.min / 2),
                ])
            }
        }

        var number: Int { mutating get { pick([0, 1, 2, 5, -1, .max, .min]) } }

        var rate: Double {
            mutating get { pick([0, 0.5, 1, -1, 7, .infinity, -.infinity, .nan]) }
        }

        var slot: Int { mutating get { pick([0, 1, 2, 3, 9]) } }

        var worker: WorkerID {
            mutating get {
                if !workers.isEmpty, !chance(4) { return pick(workers) }
                let number = pick([0, 1, 2, 3, UInt64.max])
                return WorkerID(
                    slot: SlotID(index: slot),
                    incarnation: Incarnation(number: number)
                )
            }
        }

        var call: CallID {
            mutating get {
                if !calls.isEmpty, !chance(4) { return pick(calls) }
                return CallID(rawValue: pick([0, 1, 2, 1 << 32, 1 << 33, .max, 0xFFFF_FFFF]))
            }
        }

        var caller: CallerID {
            mutating get {
                if chance(4) { return .worker(worker) }
                return .client(ClientID(index: pick([0, 1, 2]), generation: pick([0, 1, .max])))
            }
        }

        var kernel: KernelID { mutating get { KernelID(index: pick([0, 1, 2, 3, 50])) } }

        var instant: Instant {
            mutating get { pick([.zero, now, .distantFuture, now + duration]) }
        }

        var error: CallError? { mutating get { chance(2) ? nil : pick(CallError.allCases) } }

        var end: WorkerEnd {
            mutating get {
                pick([
                    .exited(0), .exited(1), .exited(78), .exited(.min),
                    .signaled(name: "SIGSEGV", coreDumped: false),
                    .signaled(name: "", coreDumped: true), .outOfMemory(isCertain: true),
                    .outOfMemory(isCertain: false),
                ])
            }
        }
    }

    private func configuration(_ wild: inout Wild) -> Configuration {
        var configuration = Configuration()
        configuration.maxStarting = wild.number
        configuration.limits.maxCalls = wild.pick([0, 3, 1000, -1])
        configuration.limits.maxCallsPerClient = wild.pick([0, 3, 1000, -1])
        for group in 0..<wild.pick([0, 1, 2, 3]) {
            configuration.groups.append(self.group("g/\(group)", &wild))
            for kernel in 0..<wild.pick([1, 2]) {
                let name = "g/\(group)k\(kernel)"
                configuration.kernels.append(self.kernel(name, in: "g/\(group)", &wild))
            }
        }
        return configuration
    }

    private func group(_ name: String, _ wild: inout Wild) -> GroupConfiguration {
        var group = GroupConfiguration(name: name, launchFingerprint: wild.pick([1, 2]))
        group.replicas = wild.pick([1, 2, 3])
        group.maxEjected = wild.rate
        group.lifecycle.startTimeout = wild.duration
        group.lifecycle.stopTimeout = wild.duration
        group.lifecycle.killTimeout = wild.duration
        group.health.interval = wild.duration
        group.health.timeout = wild.duration
        group.health.failureThreshold = wild.number
        group.health.successThreshold = wild.number
        group.recovery.maxRestarts = wild.number
        group.recovery.window = wild.duration
        group.recovery.restartDelay = wild.duration
        group.recovery.initialBackoff = wild.duration
        group.recovery.maxRestartDelay = wild.duration
        group.recovery.stableAfter = wild.duration
        group.recovery.retryQuarantined = wild.duration
        group.recovery.maxQuarantine = wild.duration
        group.recovery.escalation = [wild.pick(RecoveryStrategy.allCases), .restartKernel]
        return group
    }

    private func kernel(
        _ name: String,
        in group: String,
        _ wild: inout Wild
    ) -> KernelConfiguration {
        var kernel = KernelConfiguration(name: name, group: group)
        kernel.isIdempotent = wild.pick([nil, true, false])
        kernel.timeout.defaultTimeout = wild.duration
        kernel.timeout.maxTimeout = wild.duration
        kernel.timeout.cancelTimeout = wild.duration
        kernel.timeout.includeQueueTime = wild.chance(2)
        kernel.bulkhead.maxQueued = wild.number
        kernel.retry.maxAttempts = wild.number
        kernel.retry.initial = wild.duration
        kernel.retry.max = wild.duration
        kernel.retry.multiplier = wild.rate
        kernel.retry.backoff = wild.pick(Backoff.allCases)
        kernel.retry.budgetRatio = wild.rate
        kernel.retry.budgetPerSecond = wild.rate
        kernel.breaker.failureThreshold = wild.number
        kernel.breaker.successThreshold = wild.number
        kernel.breaker.timeout = wild.duration
        kernel.breaker.maxTimeout = wild.duration
        kernel.breaker.window = wild.duration
        kernel.breaker.failureRate = wild.rate
        kernel.breaker.minimumCalls = wild.number
        kernel.breaker.slowCallDuration = wild.duration
        kernel.breaker.slowRate = wild.rate
        kernel.breaker.halfOpenMax = wild.number
        kernel.breaker.override = wild.pick(BreakerOverride.allCases)
        return kernel
    }

    private func event(_ wild: inout Wild) -> Event {
        switch Int.random(in: 0..<22, using: &wild.random) {
        case 0: .configured(configuration(&wild))
        case 1...6:
            .callArrived(
                CallArrival(
                    caller: wild.caller,
                    callerCall: wild.pick([0, 1, 2, 3, 4, .max]),
                    kernel: wild.kernel,
                    deadline: wild.instant,
                    attempt: wild.pick([0, 1, 7, .max]),
                    isIdempotent: wild.chance(2),
                    mayRetry: wild.chance(2),
                    key: wild.pick([0, 1, .max]),
                    parent: wild.chance(2) ? nil : wild.call
                )
            )
        case 7: .callCancelled(wild.caller, callerCall: wild.pick([0, 1, 2, 3]))
        case 8: .clientClosed(ClientID(index: wild.pick([0, 1, 2, 9]), generation: 0))
        case 9: .workerGreeted(wild.worker, concurrency: wild.number)
        case 10, 11: .workerReady(wild.worker, declaration(&wild))
        case 12: .workerHeartbeat(wild.worker, running: wild.call, progress: .max)
        case 13, 14:
            .workerReplied(
                wild.worker,
                wild.call,
                WorkerReply(error: wild.error, execution: .ran, retryAfter: wild.duration)
            )
        case 15:
            .workerProbed(
                wild.worker,
                number: wild.pick([0, 1, 2, .max]),
                wild.pick([.ok, .busy, .failed(""), .degraded("x")])
            )
        case 16: .workerMisbehaved(wild.worker, "")
        case 17: .workerChannelClosed(wild.worker)
        case 18: .workerEnded(wild.worker, wild.end)
        case 19: .breakerOverridden(kernel: "g/0k0", wild.pick([nil, .forcedOpen, .observe]))
        case 20: .alertAcknowledged(group: wild.pick(["g/0", "", "no/such"]))
        default: .timePassed
        }
    }

    private func declaration(_ wild: inout Wild) -> WorkerDeclaration {
        let names = ["g/0k0", "g/0k1", "g/1k0", "g/2k0", "no/such", ""]
        return WorkerDeclaration(
            device: wild.pick(["", "d"]),
            kernels: names.map { name in
                let problem = wild.chance(8) ? "broken" : ""
                return .init(name: name, isIdempotent: wild.chance(2), problem: problem)
            }
        )
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `no event traps, and the books agree after each`(seed: UInt64) {
        for round in 0..<60 {
            var wild = Wild(random: SplitMix64(seed: seed &* 1000 &+ UInt64(round)))
            var supervisor = Supervisor(seed: seed, at: wild.now, watchdogInterval: wild.duration)
            var effects: [Effect] = []
            for step in 0..<200 {
                let event =
                    step == 0 ? .configured(configuration(&wild)) : self.event(&wild)
                // Time mostly goes on, sometimes stands still, jumps, or is an old one.
                let at = wild.chance(10) ? wild.instant : wild.now
                if !wild.chance(3) { wild.now = wild.now + .milliseconds(wild.pick([0, 1, 900])) }
                effects.removeAll(keepingCapacity: true)
                supervisor.handle(event, at: at == .distantFuture ? wild.now : at, into: &effects)
                for effect in effects {
                    switch effect {
                    case .spawn(let worker): wild.workers.append(worker)
                    case .forward(let call, _, _, _, _): wild.calls.append(call)
                    default: break
                    }
                }
                if !supervisor.isConsistent {
                    Issue.record("seed \(seed), round \(round), step \(step): \(event)")
                    return
                }
            }
            _ = supervisor.snapshot
        }
    }
}
