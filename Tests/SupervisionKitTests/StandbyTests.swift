import SupervisionKit
import Testing

@Suite("Standbys")
struct StandbyTests {
    private static let crash = RecoveryTests.crash

    /// Slot 0 is active, slot 1 a warm standby.
    private static func pair(change: (inout Configuration) -> Void = { _ in }) -> Harness {
        Harness.ready { configuration in
            configuration.groups[0].standbys = 1
            change(&configuration)
        }
    }

    private static func slots(_ harness: Harness) -> [Snapshot.WorkerSlot] {
        harness.supervisor.snapshot.kernels[0].slots
    }

    private static func standbys(_ harness: Harness) -> [String] {
        slots(harness).filter { $0.role == .standby }.map(\.name)
    }

    @Test func `a standby is started with the others and gets no calls`() {
        var harness = Self.pair()
        #expect(Self.slots(harness).map(\.state) == ["ready", "ready"])
        #expect(Self.standbys(harness) == ["test/kernel/1"])
        #expect(harness.call(1).forwarded.map(\.worker.slot.index) == [0])
        // The second one waits for the active slot.
        #expect(harness.call(2).forwarded.isEmpty)
    }

    @Test func `the standby gets the dead worker's call in the turn in which the death is seen`() {
        var harness = Self.pair()
        let running = harness.call(1).forwarded[0]
        let effects = harness.act(.workerEnded(running.worker, Self.crash))
        #expect(effects.forwarded.map(\.call) == [running.call])
        #expect(effects.forwarded.map(\.worker.slot.index) == [1])
        // The slot is refilled behind it, and its next worker is the standby.
        #expect(effects.spawned.map(\.slot.index) == [0])
        #expect(Self.standbys(harness) == ["test/kernel/0"])
    }

    @Test func `calls that wait go to the standby when the active worker is killed`() {
        var harness = Self.pair()
        let running = harness.call(1).forwarded[0]
        _ = harness.call(2)
        let effects = harness.act(.workerMisbehaved(running.worker, "it sent nonsense"))
        #expect(effects.contains(.kill(running.worker)))
        let ended = harness.act(
            .workerEnded(running.worker, .signaled(name: "SIGKILL", coreDumped: false))
        )
        #expect(Set(ended.forwarded.map(\.worker.slot.index)) == [1])
    }

    @Test func `a group with a standby is healthy while one of its workers starts again`() {
        var harness = Self.pair()
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        #expect(harness.health.state == .healthy)
        harness.makeReady(harness.worker(3))
        #expect(harness.health.state == .healthy)
        #expect(Self.standbys(harness) == ["test/kernel/0"])
    }

    @Test func `a standby that can't be started leaves the group degraded, and says so`() {
        var harness = Self.pair()
        _ = harness.act(.workerEnded(harness.worker(2, slot: 1), .exited(127)))
        #expect(harness.health.state == .degraded)
        #expect(harness.health.why.hasPrefix("calls are served, a standby is missing: "))
    }

    @Test func `without a ready standby a dead worker is waited for as ever`() {
        var harness = Self.pair()
        _ = harness.act(.workerEnded(harness.worker(2, slot: 1), Self.crash))
        let running = harness.call(1).forwarded[0]
        let effects = harness.act(.workerEnded(running.worker, Self.crash))
        #expect(effects.forwarded.isEmpty)
        // Whichever is ready first serves, whatever its part was.
        _ = harness.act(.workerGreeted(harness.worker(3, slot: 1), concurrency: 1))
        let ready = harness.act(
            .workerReady(
                harness.worker(3, slot: 1),
                harness.declaration(harness.worker(3, slot: 1))
            )
        )
        #expect(ready.forwarded.map(\.worker.slot.index) == [1])
        #expect(Self.standbys(harness) == ["test/kernel/0"])
    }

    // D07, K08: what is replaced by a reload never leaves the kernel without a worker.
    @Test func `a reload replaces the standby first and then the active worker behind it`() {
        var harness = Self.pair()
        var configuration = Harness.configuration(fingerprint: 2)
        configuration.groups[0].standbys = 1
        let first = harness.act(.configured(configuration))
        #expect(first == [.askToStop(harness.worker(2, slot: 1))])
        // The active one goes on meanwhile.
        let call = harness.call(1).forwarded
        #expect(call.map(\.worker.slot.index) == [0])
        _ = harness.reply(call[0].worker, call[0].call)
        _ = harness.act(.workerEnded(harness.worker(2, slot: 1), .exited(0)))
        _ = harness.act(.workerGreeted(harness.worker(3, slot: 1), concurrency: 1))
        let second = harness.act(
            .workerReady(
                harness.worker(3, slot: 1),
                harness.declaration(harness.worker(3, slot: 1))
            )
        )
        #expect(second == [.askToStop(harness.worker(1))])
        #expect(Self.standbys(harness) == ["test/kernel/0"])
        #expect(harness.call(2).forwarded.map(\.worker.slot.index) == [1])
    }

    @Test func `a reload gives and takes standbys without touching what serves`() {
        var harness = Self.pair()
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        harness.makeReady(harness.worker(3))
        // Slot 1 serves and slot 0 is the standby; without standbys slot 0 has to serve.
        let fewer = harness.act(.configured(Harness.configuration()))
        #expect(fewer == [.askToStop(harness.worker(2, slot: 1))])
        #expect(Self.standbys(harness) == [])
        #expect(harness.call(1).forwarded.map(\.worker.slot.index) == [0])
    }

    @Test func `no standby takes a place while the daemon stops its workers`() {
        var harness = Self.pair()
        _ = harness.act(.stopRequested)
        _ = harness.act(.workerEnded(harness.worker(1), .exited(0)))
        #expect(!harness.records.contains { $0.message.contains("takes the place of") })
        #expect(Self.standbys(harness) == ["test/kernel/1"])
    }
}
