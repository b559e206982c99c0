import SupervisionKit
import Testing

/// Who is said to serve a kernel is who would get its next call.
@Suite("Health with stand-ins")
struct StandInHealthTests {
    private static let refused = WorkerEnd.notStarted(
        SpawnFailure(text: "connect /nowhere: ENOENT", isPermanent: false)
    )

    /// A kernel that its worker could not build, and the first worker of its stand-in.
    private static func broken(
        degraded: Bool = false,
        change: (inout Configuration) -> Void = { _ in }
    ) throws -> (Harness, standIn: WorkerID) {
        var harness = StandInTests.harness(degraded: degraded, backup: !degraded) { configuration in
            configuration.groups[0].lifecycle.start = .onDemand
            change(&configuration)
        }
        let home = try #require(harness.call(100).spawned.first)
        _ = harness.act(.workerGreeted(home, concurrency: 1))
        let declaration = harness.declaration(home, problem: "error: expected ';'")
        let effects = harness.act(.workerReady(home, declaration))
        let standIn = try #require(effects.spawned.first)
        return (harness, standIn)
    }

    @Test func `a backup is asked before anybody says that it serves`() throws {
        var (harness, backup) = try Self.broken()
        #expect(harness.health.state == .unknown)
        #expect(harness.health.reason == .starting)
        #expect(
            harness.health.why.hasPrefix("calls wait for the backup of test/kernel: worker ")
        )
        _ = StandInTests.makeReady(backup, &harness)
        #expect(harness.health.state == .degraded)
        #expect(harness.health.reason == .failedOver)
    }

    @Test func `what is wrong at home is told at once when the backup can't be reached`() throws {
        var (harness, backup) = try Self.broken()
        let answers = harness.act(.workerEnded(backup, Self.refused)).answers
        #expect(answers.map(\.error) == [.buildFailed])
        #expect(answers.map(\.message) == ["test/kernel can't be called: error: expected ';'"])
        #expect(harness.health.state == .down)
        #expect(harness.health.reason == .buildFailed)
        #expect(
            harness.health.why
                == "error: expected ';'; its backup can't serve: worker 'test/kernel~backup/0' "
                + "could not be started: connect /nowhere: ENOENT and may not be restarted "
                + "(max_restarts = 0)"
        )
        #expect(harness.call(2).answers.map(\.error) == [.buildFailed])
    }

    // Nobody calls: the backup is asked all the same.
    @Test func `an open breaker has the stand-in asked`() throws {
        var harness = StandInTests.harness(degraded: false)
        let opened = harness.act(.breakerOverridden(kernel: "test/kernel", .forcedOpen))
        let backup = try #require(opened.spawned.first)
        #expect(harness.health.state == .unknown)
        _ = harness.act(.workerEnded(backup, Self.refused))
        #expect(harness.health.state == .down)
        #expect(harness.health.reason == .circuitOpen)
        let answer = try #require(harness.call(1).answers.first)
        #expect(answer.error == .circuitOpen)
        #expect(answer.message.hasPrefix("test/kernel refused the call"))
        let woken = harness.records.first { $0.message.contains("start:") }
        #expect(
            woken?.message
                == "workers of 'test/kernel~backup' start: test/kernel can't be served at home"
        )
    }

    @Test func `a profile that can't be called either is not named to callers`() throws {
        var (harness, profile) = try Self.broken(degraded: true)
        _ = harness.act(.workerGreeted(profile, concurrency: 1))
        let declaration = WorkerDeclaration(
            device: "other device",
            kernels: [.init(name: "test/kernel", isIdempotent: true, problem: "it is wrong")]
        )
        let answers = harness.act(.workerReady(profile, declaration)).answers
        #expect(answers.map(\.message) == ["test/kernel can't be called: error: expected ';'"])
        #expect(harness.health.state == .down)
        #expect(harness.health.why.hasSuffix("; its degraded profile can't serve: it is wrong"))
    }

    @Test func `a stand-in that is needed is not stopped because nobody calls`() throws {
        var (harness, profile) = try Self.broken(degraded: true) { configuration in
            configuration.groups[1].lifecycle.idleStop = .seconds(60)
        }
        let sent = try #require(StandInTests.makeReady(profile, &harness).forwarded.first)
        _ = harness.reply(profile, sent.call)
        for _ in 0..<20 { #expect(harness.act(.timePassed, after: .seconds(10)).isEmpty) }
        #expect(harness.health.reason == .degradedProfile)
        #expect(harness.call(2).forwarded.map(\.worker) == [profile])
    }

    // Its log record says so, and the operator has been told once.
    @Test func `a stand-in that can't be started is not tried again while it is missed`() throws {
        var (harness, backup) = try Self.broken { configuration in
            configuration.groups[1].lifecycle.idleStop = .seconds(60)
        }
        let own = SpawnFailure(text: "it is this daemon's own socket", isPermanent: true)
        _ = harness.act(.workerEnded(backup, .notStarted(own)))
        for _ in 0..<20 { #expect(harness.act(.timePassed, after: .seconds(10)).spawned.isEmpty) }
        #expect(harness.health.reason == .buildFailed)
        #expect(harness.health.why.contains("it is this daemon's own socket"))
        let alerts = harness.records.filter {
            $0.kind == .alert && $0.message.contains("test/kernel~backup")
        }
        #expect(alerts.count == 1)
        let failed = try #require(harness.records.last { $0.kind == .workerFailed })
        #expect(failed.message.hasSuffix("until its configuration or files are changed"))
    }

    @Test func `a stand-in that restarts is waited for, and nobody says that it serves`() throws {
        var (harness, profile) = try Self.broken(degraded: true) { configuration in
            configuration.groups[1].recovery.maxRestarts = 3
        }
        let sent = try #require(StandInTests.makeReady(profile, &harness).forwarded.first)
        _ = harness.reply(profile, sent.call)
        let next = harness.act(.workerEnded(profile, StandInTests.crash)).spawned
        try #require(next.map(\.slot) == [profile.slot])
        #expect(harness.health.state == .degraded)
        #expect(harness.health.reason == .restarting)
        #expect(harness.call(2).answers.isEmpty)
        #expect(StandInTests.makeReady(next[0], &harness).forwarded.map(\.worker) == next)
    }

    /// What was told about who serves.
    private static func told(_ harness: Harness) -> [String] {
        harness.records.filter { $0.kind == .recovery && $0.level == .notice }.map(\.message)
    }

    @Test func `who serves now is told once, and when nobody does`() throws {
        var (harness, backup) = try Self.broken()
        #expect(Self.told(harness).isEmpty)
        _ = StandInTests.makeReady(backup, &harness)
        #expect(Self.told(harness) == ["calls of test/kernel are served by its backup"])
        _ = harness.act(.workerEnded(backup, .disconnected("it closed the connection")))
        #expect(
            Self.told(harness).dropFirst()
                == ["calls of test/kernel are not served by another any more"]
        )
    }

    @Test func `that calls have come home is told`() throws {
        var harness = StandInTests.harness(degraded: false)
        let opened = harness.act(.breakerOverridden(kernel: "test/kernel", .forcedOpen))
        _ = StandInTests.makeReady(try #require(opened.spawned.first), &harness)
        _ = harness.act(.breakerOverridden(kernel: "test/kernel", nil))
        #expect(
            Self.told(harness) == [
                "calls of test/kernel are served by its backup",
                "calls of test/kernel go to its own workers again",
            ]
        )
    }

    // There is no process to kill, and no heartbeat to miss.
    @Test func `a backup that hangs is disconnected`() throws {
        var (harness, backup) = try Self.broken()
        _ = StandInTests.makeReady(backup, &harness)
        let client = CallerID.client(Harness.client)
        _ = harness.act(.callCancelled(client, callerCall: 100), after: .seconds(3))
        let effects = harness.act(.timePassed, after: .seconds(2))
        #expect(effects.contains(.kill(backup)))
        let record = try #require(harness.records.last { $0.kind == .workerKilled })
        let said = "worker 'test/kernel~backup/0' did not acknowledge a cancel and was disconnected"
        #expect(record.message == said)
        _ = harness.act(.workerEnded(backup, .disconnected("this daemon has ended the connection")))
        let end = try #require(harness.supervisor.snapshot.standIns[0].slots[0].lastEnd)
        #expect(said.hasSuffix(end))
    }

    @Test func `a stand-in's own state can be looked at, and when it is tried again`() throws {
        var (harness, backup) = try Self.broken { $0.groups[1].recovery.maxRestarts = 3 }
        _ = harness.act(.workerEnded(backup, Self.refused))
        let snapshot = harness.supervisor.snapshot
        let standIn = try #require(snapshot.standIns.first)
        #expect(standIn.name == "test/kernel~backup")
        #expect(standIn.health.why.hasSuffix("could not be started: connect /nowhere: ENOENT"))
        let shown = try #require(snapshot.kernels[0].standIns.first)
        #expect(shown.word == "backup")
        #expect(!shown.canServe)
        #expect(shown.next?.at == harness.now + .seconds(1))
    }
}
