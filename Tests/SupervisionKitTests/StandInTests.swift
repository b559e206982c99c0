import SupervisionKit
import Testing

/// Degraded profiles and backups: who serves when a kernel's own workers can't.
@Suite("Stand-ins")
struct StandInTests {
    static let crash = RecoveryTests.crash
    private static let failbackAfter = Duration.seconds(10)

    /// `test/kernel` in slot 0 with one restart, its degraded profile in slot 1 and its backup in
    /// slot 2.
    static func harness(
        degraded: Bool = true,
        backup: Bool = true,
        change: (inout Configuration) -> Void = { _ in }
    ) -> Harness {
        var configuration = Harness.configuration()
        configuration.groups[0].recovery.maxRestarts = 0
        configuration.kernels[0].isIdempotent = true
        if degraded {
            configuration.kernels[0].degraded = "test/kernel~degraded"
            add("test/kernel~degraded", .degraded, to: &configuration)
        }
        if backup {
            configuration.kernels[0].backup = "test/kernel~backup"
            add("test/kernel~backup", .backup, to: &configuration)
        }
        change(&configuration)
        var harness = Harness()
        for worker in harness.act(.configured(configuration)).spawned {
            harness.makeReady(worker)
        }
        return harness
    }

    private static func add(_ name: String, _ role: SlotRole, to configuration: inout Configuration)
    {
        var group = GroupConfiguration(name: name, launchFingerprint: 1)
        group.role = role
        group.lifecycle.start = .onDemand
        group.recovery.maxRestarts = 0
        configuration.groups.append(group)
        var kernel = KernelConfiguration(name: name, group: name)
        kernel.callee = "test/kernel"
        kernel.isHidden = true
        configuration.kernels.append(kernel)
    }

    static func declaration() -> WorkerDeclaration {
        WorkerDeclaration(
            device: "other device",
            kernels: [.init(name: "test/kernel", isIdempotent: true)]
        )
    }

    static func makeReady(_ worker: WorkerID, _ harness: inout Harness) -> [Effect] {
        _ = harness.act(.workerGreeted(worker, concurrency: 1))
        return harness.act(.workerReady(worker, declaration()))
    }

    /// The kernel's own worker has crashed too often, and the stand-in in `slot` is ready.
    static func away(
        _ harness: inout Harness,
        slot: Int = 1
    ) throws -> WorkerID {
        let spawned = harness.act(.workerEnded(harness.worker(1), crash)).spawned
        let standIn = try #require(spawned.first { $0.slot.index == slot })
        _ = makeReady(standIn, &harness)
        return standIn
    }

    @Test func `a stand-in is neither listed nor called by name, and sleeps`() {
        let harness = Self.harness()
        #expect(harness.supervisor.kernelNames == ["test/kernel"])
        #expect(
            harness.supervisor.snapshot.kernels[0].slots.map(\.role) == [
                .active, .degraded, .backup,
            ]
        )
        #expect(
            harness.supervisor.snapshot.kernels[0].slots.map(\.state) == [
                "ready", "stopped", "stopped",
            ]
        )
        let name = Array("test/kernel~degraded".utf8)
        #expect(harness.supervisor.kernel(named: name.span) == nil)
    }

    @Test func `calls go to the degraded profile when the restarts are spent`() throws {
        var harness = Self.harness()
        let standIn = try Self.away(&harness)
        let effects = harness.call(1)
        let sent = try #require(effects.forwarded.first)
        #expect(sent.worker == standIn)
        #expect(effects.contains(.rename(sent.call, "test/kernel")))
        let reply = harness.reply(sent.worker, sent.call)
        #expect(reply.delivered == [1])
        #expect(
            reply.contains { effect in
                guard case .mark(let text) = effect else { return false }
                return text.hasPrefix("served by the degraded profile of test/kernel: worker ")
            }
        )
        #expect(harness.health.state == .degraded)
        #expect(harness.health.reason == .degradedProfile)
        #expect(harness.supervisor.snapshot.kernels[0].counters.standIn == 1)
        #expect(harness.supervisor.snapshot.kernels[0].counters.ok == 1)
    }

    // The text is kept between replies.
    @Test func `the reason in a reply is that of its time`() throws {
        var harness = Self.harness(backup: false) {
            $0.groups[0].recovery.maxRestarts = 1
            $0.groups[0].recovery.retryQuarantined = .seconds(1)
        }
        func reason(_ harness: inout Harness) throws -> String {
            let sent = try #require(harness.call().forwarded.first)
            let reply = harness.reply(sent.worker, sent.call)
            for case .mark(let text) in reply { return text }
            return ""
        }
        // One restart, which is slow to be ready, and dies too.
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        let second = harness.worker(2)
        let spawned = harness.act(.workerEnded(second, Self.crash)).spawned
        _ = Self.makeReady(try #require(spawned.first { $0.slot.index == 1 }), &harness)
        let prefix = "served by the degraded profile of test/kernel: "
        let quarantined = prefix + "worker 'test/kernel/0' was killed by SIGSEGV and restarted "
        for _ in 0..<3 {
            #expect(try reason(&harness).hasPrefix(quarantined + "too often"))
        }
        // The trial start out of it.
        let trial = try #require(harness.act(.timePassed, after: .seconds(1)).spawned.first)
        for _ in 0..<3 {
            #expect(try reason(&harness).hasSuffix("; restarting"))
        }
        harness.makeReady(trial)
        for _ in 0..<3 {
            #expect(try reason(&harness) == prefix + "its own workers are coming back")
        }
        _ = harness.act(.workerEnded(trial, .exited(1)))
        #expect(try reason(&harness).contains("exited with status 1"))
    }

    @Test func `the call of the dead worker and those behind it go to the stand-in`() throws {
        var harness = Self.harness()
        _ = harness.call(1)
        #expect(harness.call(2).answers.isEmpty)
        let ended = harness.act(.workerEnded(harness.worker(1), Self.crash))
        #expect(ended.answers.isEmpty)
        let standIn = try #require(ended.spawned.first)
        let first = try #require(Self.makeReady(standIn, &harness).forwarded.first)
        #expect(first.worker == standIn)
        let second = harness.reply(first.worker, first.call)
        #expect(second.delivered == [1])
        #expect(second.forwarded.map(\.worker) == [standIn])
    }

    @Test func `a stand-in that fails too hands on to the backup, and then to the operator`() throws
    {
        var harness = Self.harness()
        let degraded = try Self.away(&harness)
        let backup = try #require(harness.act(.workerEnded(degraded, Self.crash)).spawned.first)
        #expect(backup.slot.index == 2)
        _ = Self.makeReady(backup, &harness)
        #expect(harness.call(1).forwarded.map(\.worker) == [backup])
        #expect(harness.health.reason == .failedOver)
        _ = harness.act(.workerEnded(backup, Self.crash))
        #expect(harness.health.state == .down)
        #expect(harness.call(2).answers.map(\.error) == [.unavailable])
        let kernel = harness.supervisor.snapshot.kernels[0]
        #expect(kernel.alert == .raised)
        // Both are configured, and neither serves.
        #expect(
            kernel.recovery.contains(
                "degrade: the profile can't serve now, failover: the backup can't serve now"
            )
        )
    }

    // The rung is left again, with hysteresis.
    @Test func `calls come home when the worker has been ready for failback_after`() throws {
        var harness = Self.harness()
        let standIn = try Self.away(&harness)
        let trial = harness.act(.timePassed, after: .seconds(300)).spawned
        let home = try #require(trial.first { $0.slot.index == 0 })
        _ = Self.makeReady(home, &harness)
        let early = try #require(harness.call(1).forwarded.first)
        #expect(early.worker == standIn)
        _ = harness.reply(early.worker, early.call)
        _ = harness.act(.timePassed, after: Self.failbackAfter)
        #expect(harness.health.state == .healthy)
        #expect(harness.call(2).forwarded.map(\.worker) == [home])
    }

    @Test func `a worker that fails on its way home starts the wait anew`() throws {
        var harness = Self.harness { $0.groups[0].recovery.maxRestarts = 1 }
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        let spawned = harness.act(.workerEnded(harness.worker(2), Self.crash)).spawned
        let standIn = try #require(spawned.first { $0.slot.index == 1 })
        _ = Self.makeReady(standIn, &harness)
        let trial = harness.act(.timePassed, after: .seconds(300)).spawned
        let home = try #require(trial.first { $0.slot.index == 0 })
        _ = Self.makeReady(home, &harness)
        _ = harness.act(.timePassed, after: .seconds(9))
        let again = harness.act(.workerEnded(home, Self.crash)).spawned
        for worker in again { _ = Self.makeReady(worker, &harness) }
        _ = harness.act(.timePassed, after: .seconds(9))
        #expect(harness.call(1).forwarded.map(\.worker) == [standIn])
    }

    @Test func `a kernel whose breaker is open is served by its stand-in`() throws {
        var harness = Self.harness()
        let opened = harness.act(.breakerOverridden(kernel: "test/kernel", .forcedOpen))
        let standIn = try #require(opened.spawned.first)
        #expect(harness.call(1).answers.isEmpty)
        #expect(standIn.slot.index == 1)
        #expect(Self.makeReady(standIn, &harness).forwarded.map(\.worker) == [standIn])
        #expect(harness.health.reason == .degradedProfile)
        _ = harness.act(.breakerOverridden(kernel: "test/kernel", nil))
        #expect(harness.call(2).forwarded.map(\.worker) == [harness.worker(1)])
    }

    // Two daemons that are each other's backup must not send a call to and fro.
    @Test func `a call that comes from another daemon goes to no backup`() {
        var harness = Self.harness(degraded: false)
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        let effects = harness.act(
            .callArrived(
                CallArrival(
                    caller: .client(Harness.client),
                    callerCall: 1,
                    kernel: Harness.kernel,
                    isFromDaemon: true
                )
            )
        )
        #expect(effects.answers.map(\.error) == [.unavailable])
    }

    @Test func `a ladder without the rung goes to no stand-in`() {
        var harness = Self.harness { $0.groups[0].recovery.escalation = [.notifyOperator] }
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        #expect(harness.call(1).answers.map(\.error) == [.unavailable])
    }

    @Test func `another kernel may stand in, and its workers get it by their own name`() throws {
        var harness = Self.harness(degraded: false, backup: false) { configuration in
            configuration.kernels[0].degraded = "test/simple"
            configuration.groups.append(GroupConfiguration(name: "test/simple"))
            configuration.kernels.append(
                KernelConfiguration(name: "test/simple", group: "test/simple")
            )
        }
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        let effects = harness.call(1)
        let sent = try #require(effects.forwarded.first)
        #expect(sent.worker == harness.worker(2, slot: 1))
        #expect(effects.contains(.rename(sent.call, "test/simple")))
        #expect(harness.supervisor.snapshot.kernels[1].counters.accepted == 0)
    }
}
