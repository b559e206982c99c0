import SupervisionKit
import Testing

@Suite("Started on demand")
struct OnDemandTests {
    private static func harness(
        replicas: Int = 1,
        idleStop: Duration = .seconds(60)
    ) -> Harness {
        var harness = Harness()
        let effects = harness.act(.configured(configuration(replicas, idleStop)))
        #expect(effects.spawned.isEmpty)
        return harness
    }

    private static func configuration(_ replicas: Int, _ idleStop: Duration) -> Configuration {
        var configuration = Harness.configuration(replicas: replicas)
        configuration.groups[0].lifecycle.start = .onDemand
        configuration.groups[0].lifecycle.idleStop = idleStop
        return configuration
    }

    /// Serves one call, so that the worker runs and is idle.
    private static func awake(idleStop: Duration = .seconds(60)) -> Harness {
        var harness = harness(idleStop: idleStop)
        let worker = harness.call(1).spawned[0]
        _ = harness.act(.workerGreeted(worker, concurrency: 1))
        let sent = harness.act(.workerReady(worker, harness.declaration(worker))).forwarded[0]
        _ = harness.reply(sent.worker, sent.call)
        return harness
    }

    @Test func `nothing runs before the first call, and the daemon is ready all the same`() {
        let harness = Self.harness()
        #expect(harness.notifications.contains(.ready))
        #expect(harness.health.state == .healthy)
        #expect(harness.health.reason == .onDemand)
    }

    @Test func `a kernel that fell asleep is healthy since then, not since the start`() {
        var harness = Self.awake()
        _ = harness.act(.timePassed, after: .seconds(60))
        _ = harness.act(.workerEnded(harness.worker(1), .exited(0)), after: .seconds(1))
        let stopped = harness.now
        _ = harness.act(.timePassed, after: .seconds(100))
        #expect(harness.health.reason == .onDemand)
        #expect(harness.health.since == stopped)
    }

    @Test func `the first call starts the workers and waits for one`() {
        var harness = Self.harness(replicas: 2)
        let effects = harness.call(1)
        #expect(effects.answers.isEmpty)
        #expect(effects.spawned.map(\.slot.index) == [0, 1])
        // The second call starts nothing more.
        #expect(harness.call(2).spawned.isEmpty)
        let worker = effects.spawned[1]
        _ = harness.act(.workerGreeted(worker, concurrency: 1))
        let ready = harness.act(.workerReady(worker, harness.declaration(worker)))
        #expect(ready.forwarded.map(\.worker) == [worker])
    }

    @Test func `one call may wait for the worker that it starts even where no call may wait`() {
        var harness = Harness()
        var configuration = Self.configuration(1, .seconds(60))
        configuration.kernels[0].bulkhead.maxQueued = 0
        _ = harness.act(.configured(configuration))
        #expect(harness.call(1).spawned.count == 1)
        #expect(harness.call(2).answers.map(\.error) == [.overloaded])
    }

    @Test func `a call that waits for its worker is answered at its deadline`() {
        var harness = Self.harness()
        _ = harness.call(1, deadline: .seconds(1))
        let effects = harness.act(.timePassed, after: .seconds(1))
        #expect(effects.answers.map(\.error) == [.deadlineExceeded])
    }

    @Test func `the worker stops when nobody has called for idle_stop, and starts again`() {
        var harness = Self.awake()
        #expect(harness.act(.timePassed, after: .milliseconds(59_999)).isEmpty)
        let stopped = harness.act(.timePassed, after: .milliseconds(1))
        #expect(stopped == [.askToStop(harness.worker(1))])
        #expect(harness.act(.workerEnded(harness.worker(1), .exited(0))).spawned.isEmpty)
        #expect(harness.health.reason == .onDemand)
        #expect(harness.call(2).spawned == [harness.worker(2)])
        // To wake is not to restart, and to die is.
        #expect(harness.health.state == .healthy && harness.health.reason == .onDemand)
        #expect(harness.supervisor.snapshot.kernels[0].slots.map(\.restarts) == [0])
        _ = harness.act(.workerEnded(harness.worker(2), RecoveryTests.crash))
        #expect(harness.supervisor.snapshot.kernels[0].slots.map(\.restarts) == [1])
    }

    @Test func `a call while the worker stops gets the next one`() {
        var harness = Self.awake()
        _ = harness.act(.timePassed, after: .seconds(60))
        #expect(harness.call(2).answers.isEmpty)
        let next = harness.act(.workerEnded(harness.worker(1), .exited(0))).spawned
        #expect(next == [harness.worker(2)])
    }

    @Test func `a call in between puts the stop off`() {
        var harness = Self.awake()
        _ = harness.act(.timePassed, after: .seconds(40))
        let sent = harness.call(2).forwarded[0]
        _ = harness.reply(sent.worker, sent.call)
        #expect(harness.act(.timePassed, after: .seconds(59)).isEmpty)
        #expect(harness.act(.timePassed, after: .seconds(1)) == [.askToStop(harness.worker(1))])
    }

    @Test func `a call that runs for longer than idle_stop keeps its worker`() {
        var harness = Self.awake(idleStop: .seconds(1))
        let sent = harness.call(2, deadline: .seconds(100)).forwarded[0]
        for _ in 0..<20 { #expect(harness.act(.timePassed, after: .seconds(1)).isEmpty) }
        #expect(harness.reply(sent.worker, sent.call).delivered == [2])
    }

    // E01: a kernel that nobody's call can start does not start over and over.
    @Test func `a start that fails draws on the restart budget, and calls do not refill it`() {
        var harness = Self.harness(idleStop: .seconds(1))
        var worker = harness.call(1, deadline: .seconds(300)).spawned[0]
        var starts = 1
        while true {
            var effects = harness.act(.workerEnded(worker, .exited(1)))
            for _ in 0..<100 where effects.spawned.isEmpty {
                _ = harness.call(deadline: .seconds(300))
                effects = harness.act(.timePassed, after: .milliseconds(500))
            }
            guard let next = effects.spawned.first else { break }
            worker = next
            starts += 1
        }
        // The first start and max_restarts more.
        #expect(starts == 4)
        #expect(harness.health.reason == .restartLoop)
        #expect(harness.call().answers.map(\.error) == [.unavailable])
    }

    @Test func `a reload to eager starts the workers`() {
        var harness = Self.harness()
        let effects = harness.act(.configured(Harness.configuration()))
        #expect(effects.spawned == [harness.worker(1)])
    }

    @Test func `a reload to on_demand lets the workers go when they are idle`() {
        var harness = Harness.ready()
        let reload = harness.act(.configured(Self.configuration(1, .seconds(5))))
        #expect(reload.isEmpty)
        #expect(harness.act(.timePassed, after: .seconds(5)) == [.askToStop(harness.worker(1))])
    }
}
