import SupervisionKit
import Testing

/// Retries of real calls; when and how often is tested where the policy is.
@Suite("Retries in force")
struct RetryInForceTests {
    @Test func `a device error is tried again at the other replica at once`() {
        var harness = Harness.ready(replicas: 2)
        let first = harness.call(1).forwarded[0]
        let effects = harness.reply(first.worker, first.call, error: .deviceFailed)
        #expect(effects.delivered == [])
        #expect(effects.forwarded.count == 1)
        #expect(effects.forwarded.first?.worker.slot != first.worker.slot)
        let second = effects.forwarded[0]
        #expect(harness.reply(second.worker, second.call).delivered == [1])
    }

    // Nobody else waits for it.
    @Test func `at the same worker it is tried again after a wait`() {
        var harness = Harness.ready { $0.kernels[0].retry.backoff = .fixed }
        let first = harness.call(1).forwarded[0]
        let effects = harness.reply(first.worker, first.call, error: .deviceFailed)
        #expect(effects.delivered == [] && effects.forwarded.isEmpty)
        let other = harness.call(2).forwarded
        #expect(other.count == 1)
        #expect(harness.act(.timePassed, after: .milliseconds(99)).forwarded.isEmpty)
        _ = harness.reply(other[0].worker, other[0].call)
        #expect(harness.act(.timePassed, after: .milliseconds(1)).forwarded.count == 1)
    }

    @Test func `a hint of the worker's is a floor`() {
        var harness = Harness.ready { $0.kernels[0].retry.backoff = .fixed }
        let first = harness.call(1).forwarded[0]
        let reply = WorkerReply(error: .deviceFailed, retryAfter: .seconds(3))
        _ = harness.act(.workerReplied(first.worker, first.call, reply))
        #expect(harness.act(.timePassed, after: .milliseconds(2999)).forwarded.isEmpty)
        #expect(harness.act(.timePassed, after: .milliseconds(1)).forwarded.count == 1)
    }

    // R03: the cause, at once, where a wait would end past the deadline.
    @Test func `a wait that would end past the deadline is not begun`() {
        var harness = Harness.ready { $0.kernels[0].retry.backoff = .fixed }
        let first = harness.call(1, deadline: .milliseconds(50)).forwarded[0]
        #expect(harness.reply(first.worker, first.call, error: .deviceFailed).delivered == [1])
    }

    @Test func `a kernel's own failure is no reason to try again`() {
        var harness = Harness.ready(replicas: 2)
        let first = harness.call(1).forwarded[0]
        #expect(harness.reply(first.worker, first.call, error: .kernelFailed).delivered == [1])
    }

    // R08
    @Test func `what is not idempotent and has run is not tried again`() {
        var harness = Harness.ready(replicas: 2, isIdempotent: false)
        let first = harness.call(1).forwarded[0]
        #expect(harness.reply(first.worker, first.call, error: .deviceFailed).delivered == [1])
    }

    // R06
    @Test func `a cancel and a deadline end the wait`() {
        for ending in ["cancel", "deadline", "close"] {
            var harness = Harness.ready { $0.kernels[0].retry.initial = .seconds(5) }
            let first = harness.call(1, deadline: .seconds(7)).forwarded[0]
            let reply = WorkerReply(error: .deviceFailed, retryAfter: .seconds(6))
            _ = harness.act(.workerReplied(first.worker, first.call, reply))
            let effects =
                switch ending {
                case "cancel": harness.act(.callCancelled(.client(Harness.client), callerCall: 1))
                case "deadline": harness.act(.timePassed, after: .seconds(7))
                default: harness.act(.clientClosed(Harness.client))
                }
            if ending == "cancel" { #expect(effects.answers.map(\.error) == [.cancelled]) }
            #expect(harness.supervisor.isConsistent)
            #expect(harness.supervisor.snapshot.inFlight == 0 || ending == "deadline")
        }
    }

    // R04: retries are a share of what is called, and not a multiple.
    @Test func `the budget bounds retries when all calls fail`() {
        var harness = Harness.ready(replicas: 2) { configuration in
            configuration.kernels[0].breaker.override = .forcedClosed
        }
        var attempts = 0
        for id in 1...100 {
            var running = harness.call(UInt64(id)).forwarded
            while let call = running.popLast() {
                attempts += 1
                running += harness.reply(call.worker, call.call, error: .deviceFailed).forwarded
            }
        }
        // 20 % of the first attempts, and ten seconds of one a second.
        #expect(attempts == 100 + 20 + 10)
        #expect(harness.supervisor.snapshot.kernels[0].retriesLeft == 0)
    }

    @Test func `a retry that never began is given back to the budget`() {
        var harness = Harness.ready { $0.kernels[0].retry.initial = .seconds(5) }
        let before = harness.supervisor.snapshot.kernels[0].retriesLeft
        let first = harness.call(1).forwarded[0]
        let reply = WorkerReply(error: .deviceFailed, retryAfter: .seconds(6))
        _ = harness.act(.workerReplied(first.worker, first.call, reply))
        #expect(harness.supervisor.snapshot.kernels[0].retriesLeft == before - 1)
        _ = harness.act(.callCancelled(.client(Harness.client), callerCall: 1))
        #expect(harness.supervisor.snapshot.kernels[0].retriesLeft == before)
    }

    // Q02: a call that kills workers is not tried a third time, and its like are refused.
    @Test func `a call that killed two workers is poison`() {
        var harness = Harness.ready(replicas: 3) { $0.kernels[0].retry.maxAttempts = 10 }
        func arrival(_ id: UInt64) -> Event {
            .callArrived(
                CallArrival(
                    caller: .client(Harness.client),
                    callerCall: id,
                    kernel: Harness.kernel,
                    isIdempotent: true,
                    key: 77
                )
            )
        }
        let first = harness.act(arrival(1)).forwarded[0]
        let second = harness.act(.workerEnded(first.worker, RecoveryTests.crash)).forwarded[0]
        let effects = harness.act(.workerEnded(second.worker, RecoveryTests.crash))
        #expect(effects.forwarded.isEmpty)
        #expect(effects.answers.map(\.error) == [.workerDied])
        let refused = harness.act(arrival(2)).answers
        #expect(refused.map(\.error) == [.poisoned])
        #expect((refused.first?.retryAfter ?? .zero) > .zero)
    }

    // Q02: each of the calls has cost one worker only.
    @Test func `calls that must not be repeated are poison after two workers too`() throws {
        var harness = Harness.ready(replicas: 5) { $0.kernels[0].retry.maxAttempts = 10 }
        func arrival(_ id: UInt64, key: UInt64 = 77) -> Event {
            .callArrived(
                CallArrival(
                    caller: .client(Harness.client),
                    callerCall: id,
                    kernel: Harness.kernel,
                    key: key
                )
            )
        }
        let first = try #require(harness.act(arrival(1)).forwarded.first)
        _ = harness.act(.workerEnded(first.worker, RecoveryTests.crash))
        // An answer in between: this content does not kill whoever takes it.
        let second = try #require(harness.act(arrival(2)).forwarded.first)
        _ = harness.act(.workerReplied(second.worker, second.call, WorkerReply()))
        let third = try #require(harness.act(arrival(3)).forwarded.first)
        _ = harness.act(.workerEnded(third.worker, RecoveryTests.crash))
        let fourth = try #require(harness.act(arrival(4)).forwarded.first)
        _ = harness.act(.workerEnded(fourth.worker, RecoveryTests.crash))
        #expect(harness.act(arrival(5)).answers.map(\.error) == [.poisoned])
        #expect(harness.act(arrival(6, key: 78)).answers == [])
    }

    @Test func `what is refused as poison is so for the configured time, and not without one`() {
        var configuration = Harness.configuration(replicas: 3)
        configuration.poisonTime = .seconds(20)
        var harness = Harness()
        for worker in harness.act(.configured(configuration)).spawned { harness.makeReady(worker) }
        let deadly = CallArrival(
            caller: .client(Harness.client),
            callerCall: 1,
            kernel: Harness.kernel,
            isIdempotent: true,
            key: 77
        )
        let first = harness.act(.callArrived(deadly)).forwarded[0]
        let second = harness.act(.workerEnded(first.worker, RecoveryTests.crash)).forwarded[0]
        _ = harness.act(.workerEnded(second.worker, RecoveryTests.crash))
        #expect(harness.act(.callArrived(deadly)).answers.first?.retryAfter == .seconds(20))
        configuration.poisonTime = .zero
        _ = harness.act(.configured(configuration))
        #expect(harness.act(.callArrived(deadly)).forwarded.count == 1)
    }

    @Test func `a worker that crashes while it drains has crashed`() {
        var harness = Harness.ready(replicas: 3) { $0.kernels[0].retry.maxAttempts = 10 }
        let first = harness.call(1).forwarded[0]
        let second = harness.act(.workerEnded(first.worker, RecoveryTests.crash)).forwarded[0]
        var configuration = Harness.configuration(replicas: 3, fingerprint: 2)
        configuration.kernels[0].retry.maxAttempts = 10
        _ = harness.act(.configured(configuration))
        let effects = harness.act(.workerEnded(second.worker, RecoveryTests.crash))
        #expect(effects.answers.map(\.error) == [.workerDied])
    }

    @Test func `a call of a kernel that has gone fails after its group has grown`() {
        var harness = Harness()
        var configuration = Harness.configuration(["test/a"])
        configuration.kernels.append(KernelConfiguration(name: "test/b", group: "test/a"))
        harness.makeReady(harness.act(.configured(configuration)).spawned[0])
        let running = harness.call(1, kernel: KernelID(index: 1), isIdempotent: true).forwarded[0]
        configuration.kernels.removeLast()
        _ = harness.act(.configured(configuration))
        configuration.groups[0].replicas = 3
        _ = harness.act(.configured(configuration))
        _ = harness.reply(running.worker, running.call, error: .deviceFailed)
        #expect(harness.supervisor.isConsistent)
    }

    @Test func `a call whose kernel has moved is tried again in the new group at once`() {
        var harness = Harness()
        var configuration = Harness.configuration(["test/a", "test/b"])
        configuration.kernels.append(KernelConfiguration(name: "test/c", group: "test/a"))
        for worker in harness.act(.configured(configuration)).spawned { harness.makeReady(worker) }
        let running = harness.call(1, kernel: KernelID(index: 2), isIdempotent: true).forwarded[0]
        configuration.kernels[2].group = "test/b"
        configuration.groups[1].launchFingerprint = 2
        _ = harness.act(.configured(configuration))
        let former = harness.worker(2, slot: 1)
        harness.makeReady(harness.act(.workerEnded(former, .exited(0))).spawned[0])
        let effects = harness.act(.workerEnded(running.worker, RecoveryTests.crash))
        #expect(effects.forwarded.map(\.worker.slot) == [SlotID(index: 1)])
    }
}
