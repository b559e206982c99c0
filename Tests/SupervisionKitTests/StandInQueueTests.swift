import SupervisionKit
import Testing

/// Calls that wait where others stand in: they go on as soon as they can be served elsewhere, and
/// are told why their own kernel can't serve them when nobody can.
@Suite("Calls that wait for stand-ins")
struct StandInQueueTests {
    private static let lost = WorkerEnd.disconnected("it closed the connection")
    private static let refused = WorkerEnd.notStarted(
        SpawnFailure(text: "connect /backup: ECONNREFUSED", isPermanent: false)
    )

    /// The kernel's own worker is quarantined for four seconds, and its backup has a call.
    private static func callAtBackup(
        deadline: Duration = .seconds(14)
    ) throws -> (Harness, backup: WorkerID, call: CallID) {
        var harness = StandInTests.harness(degraded: false) { configuration in
            configuration.groups[0].recovery.retryQuarantined = .seconds(4)
            configuration.groups[1].recovery.maxRestarts = 3
        }
        let backup = try StandInTests.away(&harness)
        let sent = try #require(harness.call(1, deadline: deadline).forwarded.first)
        #expect(sent.worker == backup)
        return (harness, backup, sent.call)
    }

    @Test func `a call whose backup is gone is served at home when home is ready`() throws {
        var (harness, backup, call) = try Self.callAtBackup()
        let again = harness.act(.workerEnded(backup, Self.lost), after: .seconds(2))
        #expect(again.answers.isEmpty)
        // The socket is still there and nobody listens any more.
        let connection = try #require(again.spawned.first)
        #expect(harness.act(.workerEnded(connection, Self.refused)).answers.isEmpty)
        let trial = harness.act(.timePassed, after: .seconds(2)).spawned
        let home = try #require(trial.first { $0.slot.index == 0 })
        let ready = StandInTests.makeReady(home, &harness)
        #expect(ready.forwarded.map(\.worker) == [home])
        #expect(ready.forwarded.map(\.call) == [call])
        #expect(harness.reply(home, call).delivered == [1])
        let kernel = harness.supervisor.snapshot.kernels[0]
        #expect(kernel.counters.retried == 1)
        #expect(kernel.queued == 0)
        let record = harness.records.first { $0.kind == .callRetried }
        #expect(record?.fields.first?.value == "test/kernel")
    }

    @Test func `it is answered as a call at home would be when the backup stays away`() throws {
        var (harness, backup, _) = try Self.callAtBackup(deadline: .seconds(200))
        var effects = harness.act(.workerEnded(backup, Self.lost))
        for _ in 0..<4 {
            #expect(effects.answers.isEmpty)
            for worker in effects.spawned where worker.slot.index == 0 {
                _ = harness.act(.workerEnded(worker, StandInTests.crash))
            }
            while effects.spawned.allSatisfy({ $0.slot.index == 0 }) {
                let wait = try #require(harness.supervisor.nextDeadline).since(harness.now)
                effects = harness.act(.timePassed, after: wait)
            }
            let connection = try #require(effects.spawned.first { $0.slot.index == 1 })
            effects = harness.act(.workerEnded(connection, Self.refused))
            if !effects.answers.isEmpty { break }
        }
        let answer = try #require(effects.answers.first)
        #expect(answer.error == .unavailable)
        #expect(
            answer.message
                == "test/kernel is refused: its worker may not be restarted (max_restarts = 0)"
        )
        #expect(answer.attempts == 1)
        #expect(harness.health.state == .down)
    }

    @Test func `a backup that was never reached holds no call up`() throws {
        var harness = StandInTests.harness(degraded: false) { configuration in
            configuration.groups[0].lifecycle.start = .onDemand
            configuration.groups[1].recovery.maxRestarts = 3
        }
        let home = try #require(harness.call(1, deadline: .seconds(20)).spawned.first)
        let ended = harness.act(.workerEnded(home, StandInTests.crash))
        #expect(ended.answers.isEmpty)
        let connection = try #require(ended.spawned.first)
        let answers = harness.act(.workerEnded(connection, Self.refused)).answers
        let answer = try #require(answers.first)
        #expect(answer.error == .unavailable)
        #expect(
            answer.message
                == "test/kernel is refused: its worker may not be restarted (max_restarts = 0)"
        )
        #expect(answer.retryAfter == .seconds(300))
    }

    @Test func `a call that comes home from another kernel has its own name again`() throws {
        var harness = StandInTests.harness(degraded: false, backup: false) { configuration in
            configuration.kernels[0].degraded = "test/simple"
            configuration.groups.append(GroupConfiguration(name: "test/simple"))
            configuration.groups[1].recovery.maxRestarts = 3
            configuration.kernels.append(
                KernelConfiguration(name: "test/simple", group: "test/simple")
            )
            configuration.groups[0].recovery.retryQuarantined = .seconds(4)
        }
        _ = harness.act(.workerEnded(harness.worker(1), StandInTests.crash))
        let sent = try #require(harness.call(1, deadline: .seconds(20)).forwarded.first)
        #expect(sent.worker == harness.worker(2, slot: 1))
        let next = try #require(harness.act(.workerEnded(sent.worker, Self.lost)).spawned.first)
        let trial = harness.act(.timePassed, after: .seconds(4)).spawned
        let home = try #require(trial.first { $0.slot.index == 0 })
        _ = harness.act(.workerGreeted(home, concurrency: 1))
        let effects = harness.act(.workerReady(home, harness.declaration(home)))
        #expect(effects.forwarded.map(\.worker) == [home])
        #expect(effects.contains(.rename(sent.call, "test/kernel")))
        #expect(next.slot == sent.worker.slot)
    }

    // Nothing but the state of home changes in that turn.
    @Test func `a call behind others at the stand-in goes home when its breaker closes`() throws {
        var harness = StandInTests.harness(backup: false)
        _ = harness.act(.breakerOverridden(kernel: "test/kernel", .forcedOpen))
        _ = harness.call(1)
        let profile = harness.worker(2, slot: 1)
        #expect(StandInTests.makeReady(profile, &harness).forwarded.map(\.worker) == [profile])
        #expect(harness.call(2).forwarded.isEmpty)
        let closed = harness.act(.breakerOverridden(kernel: "test/kernel", nil))
        #expect(closed.forwarded.map(\.worker) == [harness.worker(1)])
    }

    @Test func `a stand-in that fails its probes lets waiting calls go`() throws {
        var harness = StandInTests.harness(degraded: false) { configuration in
            configuration.groups[1].health.failureThreshold = 1
            configuration.groups[0].recovery.retryQuarantined = .seconds(300)
        }
        harness.showsProbes = true
        let backup = try StandInTests.away(&harness)
        let running = try #require(harness.call(1).forwarded.first)
        #expect(harness.call(2).answers.isEmpty)
        var probes: [(number: UInt32, kernel: String)] = []
        while probes.isEmpty {
            let wait = try #require(harness.supervisor.nextDeadline).since(harness.now)
            probes = harness.act(.timePassed, after: wait).probes
        }
        let failed = ProbeResult.failed("down there")
        let effects = harness.act(.workerProbed(backup, number: probes[0].number, failed))
        #expect(effects.answers.map(\.callerCall) == [2])
        #expect(effects.answers.map(\.error) == [.unavailable])
        #expect(harness.health.state == .down)
        #expect(harness.reply(backup, running.call).delivered == [1])
    }

    @Test func `calls come home when the worker that was missing is no longer wanted`() throws {
        var reduced = Configuration()
        var harness = StandInTests.harness(backup: false) { configuration in
            configuration.groups[0].recovery.retryQuarantined = .seconds(4)
            reduced = configuration
            configuration.groups[0].replicas = 2
        }
        for worker in [harness.worker(1), harness.worker(2, slot: 1)] {
            for standIn in harness.act(.workerEnded(worker, StandInTests.crash)).spawned {
                _ = StandInTests.makeReady(standIn, &harness)
            }
        }
        #expect(harness.health.reason == .degradedProfile)
        let trials = harness.act(.timePassed, after: .seconds(4)).spawned
        try #require(trials.count == 2)
        _ = StandInTests.makeReady(trials[0], &harness)
        #expect(harness.act(.configured(reduced)).contains(.terminate(trials[1])))
        let end = WorkerEnd.signaled(name: "SIGTERM", coreDumped: false)
        _ = harness.act(.workerEnded(trials[1], end))
        _ = harness.act(.timePassed, after: .seconds(10))
        #expect(harness.health.state == .healthy)
    }

    @Test func `calls come home at once when the stand-in goes while home is watched`() throws {
        var harness = StandInTests.harness(backup: false) { configuration in
            configuration.groups[0].recovery.retryQuarantined = .seconds(4)
        }
        let standIn = try StandInTests.away(&harness)
        let home = try #require(harness.act(.timePassed, after: .seconds(4)).spawned.first)
        _ = StandInTests.makeReady(home, &harness)
        #expect(harness.health.reason == .degradedProfile)
        _ = harness.act(.workerEnded(standIn, StandInTests.crash))
        #expect(harness.health.state == .healthy)
        #expect(harness.supervisor.snapshot.kernels[0].recovery == "")
    }
}
