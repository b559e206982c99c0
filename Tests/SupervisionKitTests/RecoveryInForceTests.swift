import SupervisionKit
import Testing

/// Starts, devices and the ladder at work on slots; each has tests of its own where it stands.
@Suite("Recovery in force")
struct RecoveryInForceTests {
    private static let crash = RecoveryTests.crash

    /// Kernels in groups of their own, none of them started.
    private static func configuration(_ count: Int, maxStarting: Int) -> Configuration {
        var configuration = Harness.configuration((0..<count).map { "test/\($0)" })
        configuration.maxStarting = maxStarting
        return configuration
    }

    // A hundred starts at once make each other late.
    @Test func `no more workers start at once than max_starting`() {
        var harness = Harness()
        var starting = harness.act(.configured(Self.configuration(10, maxStarting: 3))).spawned
        #expect(starting.count == 3)
        var started = starting.count
        while let worker = starting.popLast() {
            _ = harness.act(.workerGreeted(worker, concurrency: 1))
            let next = harness.act(.workerReady(worker, harness.declaration(worker))).spawned
            #expect(next.count <= 1)
            started += next.count
            starting += next
        }
        #expect(started == 10)
        #expect(harness.notifications.contains(.ready))
    }

    @Test func `a start that fails makes room for another`() {
        var harness = Harness()
        let starting = harness.act(.configured(Self.configuration(3, maxStarting: 1))).spawned
        #expect(starting.count == 1)
        let next = harness.act(.workerEnded(starting[0], .exited(78))).spawned
        #expect(next.count == 1)
        #expect(next.first?.slot != starting[0].slot)
    }

    @Test func `a slot that waits for its turn is shown, and its calls wait with it`() {
        var harness = Harness()
        let configuration = Self.configuration(2, maxStarting: 1)
        let first = harness.act(.configured(configuration)).spawned[0]
        let waiting = harness.supervisor.snapshot.kernels[1].slots[0]
        #expect(waiting.state == "waiting" && waiting.incarnation == nil)
        #expect(harness.call(1, kernel: KernelID(index: 1)).answers.isEmpty)
        _ = harness.act(.workerGreeted(first, concurrency: 1))
        let effects = harness.act(.workerReady(first, harness.declaration(first)))
        let second = effects.spawned[0]
        _ = harness.act(.workerGreeted(second, concurrency: 1))
        let ready = harness.act(.workerReady(second, harness.declaration(second)))
        #expect(ready.forwarded.count == 1)
    }

    /// The test's workers all say "test device".
    private static func fleet(_ count: Int) -> Harness {
        var harness = Harness()
        for worker in harness.act(.configured(configuration(count, maxStarting: 0))).spawned {
            harness.makeReady(worker)
        }
        return harness
    }

    enum Way: CaseIterable {
        case crash, hang, probes, misbehaviour, lostChannel
    }

    /// The worker is lost in this way; all that the supervisor asks for is done.
    private func lose(_ worker: WorkerID, _ way: Way, _ harness: inout Harness) -> [Effect] {
        switch way {
        case .crash: return harness.act(.workerEnded(worker, Self.crash))
        case .hang:
            _ = harness.call(1)
            _ = harness.act(.callCancelled(.client(Harness.client), callerCall: 1))
            #expect(harness.act(.timePassed, after: .seconds(2)).contains(.kill(worker)))
        case .probes:
            var killed = false
            for _ in 0..<200 where !killed {
                killed = harness.act(.timePassed, after: .seconds(1)).contains(.kill(worker))
            }
            #expect(killed)
        case .misbehaviour:
            #expect(harness.act(.workerMisbehaved(worker, "lies")).contains(.kill(worker)))
        case .lostChannel:
            _ = harness.act(.workerChannelClosed(worker))
            #expect(
                harness.act(.timePassed, after: WorkerLifecycle.partingTime).contains(.kill(worker))
            )
        }
        return harness.act(.workerEnded(worker, .signaled(name: "SIGKILL", coreDumped: false)))
    }

    // D07: the same wish through every path meets the same delay and the same readiness.
    @Test(arguments: Way.allCases)
    func `however a worker is lost, the next ones come after the same delays`(_ way: Way) {
        var harness = Harness.ready(isIdempotent: false) {
            $0.groups[0].recovery.window = .seconds(3600)
            $0.kernels[0].breaker.override = .forcedClosed
        }
        var next = lose(harness.worker(1), way, &harness).spawned
        #expect(next == [harness.worker(2)], "the first restart is at once")
        harness.makeReady(next[0], isIdempotent: false)
        #expect(lose(next[0], way, &harness).spawned.isEmpty)
        #expect(harness.act(.timePassed, after: .milliseconds(99)).spawned.isEmpty)
        next = harness.act(.timePassed, after: .milliseconds(1)).spawned
        #expect(next == [harness.worker(3)], "the second after the first backoff")
        harness.makeReady(next[0], isIdempotent: false)
        #expect(harness.health.state == .healthy)
    }

    // E04: a mass death of one device's workers starts one first.
    @Test func `when several workers of a device die at once, one is tried first`() {
        var harness = Self.fleet(6)
        var spawned: [WorkerID] = []
        for slot in 0..<6 {
            let worker = harness.worker(UInt64(slot + 1), slot: slot)
            spawned += harness.act(.workerEnded(worker, Self.crash)).spawned
        }
        // Two are restarted before it is a mass death; then the canary alone.
        #expect(spawned.count < 6)
        #expect(harness.records.contains { $0.kind == .deviceFault })
        #expect(harness.supervisor.snapshot.kernels.contains { $0.health.reason == .deviceFault })
        for worker in spawned { harness.makeReady(worker) }
        for _ in 0..<100 {
            for worker in harness.act(.timePassed, after: .milliseconds(200)).spawned {
                spawned.append(worker)
                harness.makeReady(worker)
            }
        }
        #expect(Set(spawned.map(\.slot)).count == 6)
        #expect(harness.supervisor.snapshot.kernels.allSatisfy { $0.health.state == .healthy })
    }

    @Test func `workers that end in order say nothing about their device`() {
        var harness = Self.fleet(4)
        var configuration = Self.configuration(4, maxStarting: 0)
        for index in 0..<4 { configuration.groups[index].launchFingerprint = 9 }
        _ = harness.act(.configured(configuration))
        var spawned = 0
        for slot in 0..<4 {
            let worker = harness.worker(UInt64(slot + 1), slot: slot)
            spawned += harness.act(.workerEnded(worker, .exited(0))).spawned.count
        }
        #expect(spawned == 4)
    }

    /// Crashes the worker until it is in quarantine.
    private func quarantine(_ harness: inout Harness) {
        var spawned = [harness.worker(1)]
        for _ in 0..<20 {
            while let worker = spawned.popLast() {
                harness.makeReady(worker)
                spawned += harness.act(.workerEnded(worker, Self.crash)).spawned
            }
            guard harness.supervisor.snapshot.kernels[0].slots[0].state == "backoff" else { return }
            spawned = harness.act(.timePassed, after: .seconds(1)).spawned
        }
    }

    // E01, promise 5: a storm ends in an event that a person sees.
    @Test func `restarts that are spent lead to an alert, which stays until somebody takes note`() {
        var harness = Harness.ready()
        quarantine(&harness)
        let kernel = harness.supervisor.snapshot.kernels[0]
        #expect(kernel.slots[0].state == "quarantined")
        #expect(kernel.alert == .raised)
        #expect(kernel.recovery.contains("notify_operator"))
        #expect(harness.records.filter { $0.kind == .alert }.count == 1)

        // A trial start that works ends the quarantine, and not the alert.
        let trial = harness.act(.timePassed, after: .seconds(400)).spawned
        #expect(trial.count == 1)
        harness.makeReady(trial[0])
        #expect(harness.health.state == .healthy)
        #expect(harness.supervisor.snapshot.kernels[0].alert == .raised)
        _ = harness.act(.alertAcknowledged(group: "test/kernel"))
        #expect(harness.supervisor.snapshot.kernels[0].alert == .none)
    }

    @Test func `an acknowledgement of nothing, or of what there isn't, changes nothing`() {
        var harness = Harness.ready()
        #expect(harness.act(.alertAcknowledged(group: "test/kernel")).isEmpty)
        #expect(harness.act(.alertAcknowledged(group: "no/group")).isEmpty)
    }

    @Test func `a failed trial start waits twice as long`() {
        var harness = Harness.ready()
        quarantine(&harness)
        let trial = harness.act(.timePassed, after: .seconds(300)).spawned
        #expect(trial.count == 1)
        _ = harness.act(.workerEnded(trial[0], Self.crash))
        #expect(harness.act(.timePassed, after: .seconds(599)).spawned.isEmpty)
        #expect(harness.act(.timePassed, after: .seconds(1)).spawned.count == 1)
    }

    // Refused at the door, with the time after which it is worth asking.
    @Test func `a call that could not be reached before its deadline is refused at the door`() {
        var harness = Harness.ready()
        // The worker takes a second for a call.
        for _ in 0..<20 {
            let call = harness.call().forwarded[0]
            _ = harness.act(.timePassed, after: .seconds(1))
            _ = harness.reply(call.worker, call.call)
        }
        for id in 1...6 { _ = harness.call(UInt64(id), deadline: .seconds(60)) }
        let answers = harness.call(7, deadline: .seconds(3)).answers
        #expect(answers.map(\.error) == [.overloaded])
        #expect((answers.first?.retryAfter ?? .zero) > .seconds(1))
        #expect(harness.call(8, deadline: .seconds(60)).answers.isEmpty)
    }

    @Test func `a worker that may not be restarted is not said to have restarted too often`() {
        var harness = Harness.ready { $0.groups[0].recovery.maxRestarts = 0 }
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        #expect(harness.health.why.hasSuffix(" and may not be restarted (max_restarts = 0)"))
        let text = harness.records.map(\.message).joined(separator: "\n")
        #expect(text.contains("it may not be restarted (max_restarts = 0) and is quarantined"))
        #expect(!text.contains("too often"))
        let refused = harness.call(1).answers.first?.message ?? ""
        #expect(
            refused.contains("its worker may not be restarted (max_restarts = 0)"),
            "\(refused)"
        )
    }

    @Test(arguments: [
        (Int32(76), ": it and the daemon have no version of the protocol in common"),
        (127, ": its program was not found"), (3, "exited with status 3"),
    ])
    func `an end for good says what its exit code means`(code: Int32, meaning: String) {
        var harness = Harness.ready { $0.groups[0].recovery.permanentExitCodes = [3] }
        _ = harness.act(.workerEnded(harness.worker(1), .exited(code)))
        #expect(harness.health.reason == .workerUnusable)
        #expect(harness.health.why.hasSuffix(meaning))
        let slot = harness.supervisor.snapshot.kernels[0].slots[0]
        #expect(slot.isEndPermanentByPolicy == (code == 3))
    }
}
