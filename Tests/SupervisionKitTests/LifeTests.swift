import SupervisionKit
import Testing

@Suite("Start, reload and end")
struct LifeTests {
    @Test func `ready is announced when every worker is`() {
        var harness = Harness()
        let workers = harness.act(.configured(Harness.configuration(["a/a", "b/b"]))).spawned
        #expect(!harness.notifications.contains(.ready))
        harness.makeReady(workers[0])
        #expect(!harness.notifications.contains(.ready))
        var facts = harness.supervisor.snapshot
        #expect(facts.isLive && !facts.isStarted && !facts.isReady)
        harness.makeReady(workers[1])
        #expect(harness.notifications.contains(.ready))
        facts = harness.supervisor.snapshot
        #expect(facts.isLive && facts.isStarted && facts.isReady)
        _ = harness.act(.stopRequested)
        facts = harness.supervisor.snapshot
        #expect(facts.isLive && facts.isStarted && !facts.isReady)
    }

    @Test func `a worker that can't start does not keep the service from being ready`() {
        var harness = Harness()
        let workers = harness.act(.configured(Harness.configuration(["a/a", "b/b"]))).spawned
        harness.makeReady(workers[0])
        _ = harness.act(.workerEnded(workers[1], .exited(78)))
        #expect(harness.notifications.contains(.ready))
        #expect(harness.notifications.last == .status("2 kernels: 1 down, 1 healthy"))
    }

    @Test func `a first start that is failing does not count before it has failed`() {
        var harness = Harness()
        let workers = harness.act(.configured(Harness.configuration(["a/a", "b/b"]))).spawned
        harness.makeReady(workers[0])
        _ = harness.act(.workerChannelClosed(workers[1]))
        #expect(!harness.notifications.contains(.ready))
        _ = harness.act(.workerEnded(workers[1], .exited(1)))
        #expect(harness.notifications.contains(.ready))
    }

    @Test func `unknown is not healthy and an empty configuration is not either`() {
        var harness = Harness()
        _ = harness.act(.configured(Harness.configuration()))
        #expect(harness.health.state == .unknown)
        var empty = Harness()
        _ = empty.act(.configured(Configuration()))
        #expect(empty.notifications.contains(.status("no kernels configured")))
    }

    // K08: changing a policy by reload restarts nothing.
    @Test func `a reload that changes policies only restarts nothing`() {
        var harness = Harness.ready()
        var configuration = Harness.configuration()
        configuration.kernels[0].timeout.defaultTimeout = .seconds(7)
        configuration.groups[0].recovery.maxRestarts = 9
        #expect(harness.act(.configured(configuration)).isEmpty)
        guard case .forward(_, _, let deadline, _, _) = harness.call().last else {
            Issue.record("not forwarded")
            return
        }
        #expect(deadline == harness.now + .seconds(7))
    }

    @Test func `a refused reload changes nothing and shows`() {
        var harness = Harness.ready()
        #expect(harness.act(.reloadRefused(errors: ["a.toml:1:1: error: no"])).isEmpty)
        #expect(harness.supervisor.snapshot.reloadErrors == ["a.toml:1:1: error: no"])
        _ = harness.act(.configured(Harness.configuration()))
        #expect(harness.supervisor.snapshot.reloadErrors.isEmpty)
    }

    @Test func `a reload is reported from its start to its end, right or refused`() {
        var harness = Harness.ready()
        let before = harness.notifications.count
        _ = harness.act(.reloadStarted)
        _ = harness.act(.reloadRefused(errors: ["a.toml:1:1: error: no"]))
        _ = harness.act(.reloadStarted)
        _ = harness.act(.configured(Harness.configuration()))
        let expected: [Notification] = [.reloading, .ready, .reloading, .ready]
        #expect(Array(harness.notifications.dropFirst(before)) == expected)
    }

    @Test func `a changed launch replaces the worker after its call and draws on no budget`() {
        var harness = Harness.ready { $0.groups[0].recovery.maxRestarts = 0 }
        let running = harness.call(1).forwarded[0]
        var changed = Harness.configuration(fingerprint: 2)
        changed.groups[0].recovery.maxRestarts = 0
        #expect(harness.act(.configured(changed)) == [.askToStop(running.worker)])
        #expect(harness.call(2).forwarded.isEmpty)
        let reply = harness.reply(running.worker, running.call)
        #expect(reply.delivered == [1])
        #expect(reply.forwarded.isEmpty)
        let effects = harness.act(.workerEnded(running.worker, .exited(0)))
        #expect(effects.spawned == [harness.worker(2)])
        _ = harness.act(.workerGreeted(harness.worker(2), concurrency: 1))
        let declaration = harness.declaration(harness.worker(2))
        let ready = harness.act(.workerReady(harness.worker(2), declaration))
        #expect(ready.forwarded.count == 1)
    }

    @Test func `replicas are replaced one at a time`() {
        var harness = Harness.ready(replicas: 3)
        let changed = Harness.configuration(replicas: 3, fingerprint: 2)
        var effects = harness.act(.configured(changed))
        var order: [Int] = []
        for _ in 0..<3 {
            guard case .askToStop(let worker) = effects.first else {
                Issue.record("nothing is being replaced: \(effects)")
                return
            }
            #expect(effects.count == 1)
            order.append(worker.slot.index)
            let spawned = harness.act(.workerEnded(worker, .exited(0))).spawned
            #expect(spawned.count == 1)
            _ = harness.act(.workerGreeted(spawned[0], concurrency: 1))
            let declaration = harness.declaration(spawned[0])
            effects = harness.act(.workerReady(spawned[0], declaration))
        }
        #expect(effects.isEmpty)
        #expect(order.sorted() == [0, 1, 2])
    }

    /// Three replicas under a change whose new worker ends like this until its slot is at rest.
    private static func held(by end: WorkerEnd) -> Harness {
        // Without probes, which nobody here would answer.
        var configuration = Harness.configuration(replicas: 3)
        configuration.groups[0].health.interval = .seconds(86_400)
        var harness = Harness()
        for worker in harness.act(.configured(configuration)).spawned { harness.makeReady(worker) }
        configuration.groups[0].launchFingerprint = 2
        let effects = harness.act(.configured(configuration))
        #expect(effects == [.askToStop(harness.worker(1))])
        var next = harness.act(.workerEnded(harness.worker(1), .exited(0))).spawned
        for _ in 0..<100 {
            guard let worker = next.first else {
                next = harness.act(.timePassed, after: .milliseconds(100)).spawned
                continue
            }
            next = harness.act(.workerEnded(worker, end)).spawned
            let others = harness.supervisor.snapshot.kernels[0].slots.dropFirst()
            #expect(others.map(\.state) == ["ready", "ready"])
        }
        return harness
    }

    @Test(arguments: [WorkerEnd.exited(9), .exited(78)])
    func `a change whose new worker fails leaves the others as they are`(_ end: WorkerEnd) {
        var harness = Self.held(by: end)
        #expect(harness.call().forwarded.count == 1)
        let told = harness.records.filter { $0.message.contains("is held") }
        #expect(told.count == 1)
        #expect(told.first?.message.contains("2 workers of before go on") == true)
        // The one that failed is replaced at once by the next change, the others follow it.
        let mended = harness.act(.configured(Harness.configuration(replicas: 3, fingerprint: 3)))
        #expect(mended.spawned.map(\.slot.index) == [0])
        _ = harness.act(.workerGreeted(mended.spawned[0], concurrency: 1))
        let ready = harness.act(
            .workerReady(mended.spawned[0], harness.declaration(mended.spawned[0]))
        )
        #expect(ready.contains { if case .askToStop = $0 { true } else { false } })
    }

    @Test func `a change goes on when the new worker that failed is up after all`() throws {
        var harness = Self.held(by: .exited(9))
        // The trial start out of quarantine.
        var trial: WorkerID?
        for _ in 0..<4000 where trial == nil {
            trial = harness.act(.timePassed, after: .milliseconds(100)).spawned.first
        }
        let worker = try #require(trial)
        _ = harness.act(.workerGreeted(worker, concurrency: 1))
        let ready = harness.act(.workerReady(worker, harness.declaration(worker)))
        #expect(ready.contains { if case .askToStop = $0 { true } else { false } })
    }

    @Test func `a new standby that fails keeps the active worker from being replaced`() {
        var configuration = Harness.configuration()
        configuration.groups[0].standbys = 1
        var harness = Harness()
        for worker in harness.act(.configured(configuration)).spawned { harness.makeReady(worker) }
        configuration.groups[0].launchFingerprint = 2
        let first = harness.act(.configured(configuration))
        #expect(first == [.askToStop(harness.worker(2, slot: 1))])
        let next = harness.act(.workerEnded(harness.worker(2, slot: 1), .exited(0))).spawned
        #expect(harness.act(.workerEnded(next[0], .exited(78))).isEmpty)
        #expect(harness.call().forwarded.map(\.worker) == [harness.worker(1)])
    }

    @Test func `a worker that was replaced has not crashed, and the next is no restart`() {
        var harness = Harness.ready()
        _ = harness.act(.configured(Harness.configuration(fingerprint: 2)))
        _ = harness.act(.workerEnded(harness.worker(1), .exited(0)))
        let slot = harness.supervisor.snapshot.kernels[0].slots[0]
        #expect(slot.restarts == 0)
        #expect(slot.lastEnd == "was told to stop: it exited with status 0")
        let told = harness.records.last { $0.kind == .workerEnded }
        #expect(told?.level == .info)
    }

    @Test func `the end of a worker names the call that ran`() throws {
        var harness = Harness.ready(isIdempotent: false)
        _ = harness.call()
        _ = harness.act(.workerEnded(harness.worker(1), RecoveryTests.crash))
        let told = try #require(harness.records.last { $0.kind == .workerEnded })
        #expect(told.message.contains("was killed by SIGSEGV while it ran test/kernel; "))
        #expect(told.fields.contains(.init("KERNEL", "test/kernel")))
        harness.makeReady(harness.worker(2))
        _ = harness.act(.workerEnded(harness.worker(2), RecoveryTests.crash))
        let idle = try #require(harness.records.last { $0.kind == .workerBackoff })
        #expect(!idle.message.contains("while it ran"))
    }

    @Test func `a worker that speaks for kernels of others is told of, and gets none of them`() {
        var harness = Harness()
        let workers = harness.act(.configured(Harness.configuration(["a/a", "b/b"]))).spawned
        for worker in workers {
            let names = ["a/a", "b/b", "nobody/asked"]
            let all = WorkerDeclaration(
                device: "d",
                kernels: names.map { .init(name: $0, isIdempotent: true) }
            )
            _ = harness.act(.workerGreeted(worker, concurrency: 1))
            _ = harness.act(.workerReady(worker, all))
        }
        let told = harness.records.filter { $0.kind == .kernelProblem }.map(\.message)
        #expect(
            told == [
                "worker 'a/a/0' says that it serves 1 kernel of other groups: b/b; it gets no "
                    + "calls of them",
                "worker 'b/b/0' says that it serves 1 kernel of other groups: a/a; it gets no "
                    + "calls of them",
            ]
        )
        let sent = harness.call(kernel: KernelID(index: 1)).forwarded
        #expect(sent.map(\.worker) == [workers[1]])
    }

    @Test func `a kernel that is no longer configured is refused and its worker stops`() {
        var harness = Harness.ready()
        let effects = harness.act(.configured(Harness.configuration(["b/b"])))
        #expect(effects.contains(.askToStop(harness.worker(1))))
        #expect(harness.call().answers.map(\.error) == [.unknownKernel])
    }

    @Test func `a failed worker is started again when what it is started with has changed`() {
        var harness = Harness.ready()
        _ = harness.act(.workerEnded(harness.worker(1), .exited(78)))
        #expect(harness.act(.configured(Harness.configuration())).spawned.isEmpty)
        let effects = harness.act(.configured(Harness.configuration(fingerprint: 2)))
        #expect(effects.spawned == [harness.worker(2)])
    }

    @Test func `a stop lets calls end and then ends the workers and the daemon`() {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        _ = harness.call(2)
        #expect(harness.act(.stopRequested).isEmpty)
        #expect(harness.call(3).answers.map(\.error) == [.shuttingDown])
        let second = harness.reply(running.worker, running.call).forwarded[0]
        let last = harness.reply(second.worker, second.call)
        #expect(last.delivered == [2])
        #expect(last.contains(.askToStop(running.worker)))
        #expect(harness.act(.workerEnded(running.worker, .exited(0))) == [.exit])
    }

    @Test func `a stop does not wait for calls longer than its time`() {
        var harness = Harness.ready()
        _ = harness.call(1)
        _ = harness.call(2)
        _ = harness.act(.stopRequested)
        let effects = harness.act(.timePassed, after: .seconds(10))
        #expect(effects.answers.map(\.error) == [.shuttingDown, .shuttingDown])
    }

    @Test func `a second request to stop does not wait for calls at all`() {
        var harness = Harness.ready()
        _ = harness.call(1)
        _ = harness.act(.stopRequested)
        #expect(harness.act(.stopRequested).answers.map(\.error) == [.shuttingDown])
    }

    @Test func `a worker that ignores the request to stop gets SIGTERM and then SIGKILL`() {
        var harness = Harness.ready()
        let worker = harness.worker(1)
        #expect(harness.act(.stopRequested) == [.askToStop(worker)])
        #expect(harness.act(.timePassed, after: .seconds(5)) == [.terminate(worker)])
        #expect(harness.act(.timePassed, after: .seconds(2)) == [.kill(worker)])
        #expect(harness.act(.timePassed, after: .seconds(2)) == [.exit])
    }

    // S07: a stop at any moment after a start ends.
    @Test func `a worker that is still starting is ended by SIGTERM at once`() {
        var harness = Harness()
        let worker = harness.act(.configured(Harness.configuration())).spawned[0]
        #expect(harness.act(.stopRequested) == [.terminate(worker)])
        let end = WorkerEnd.signaled(name: "SIGTERM", coreDumped: false)
        #expect(harness.act(.workerEnded(worker, end)) == [.exit])
    }

    @Test func `a stop while a worker waits for its restart ends at once`() {
        var harness = Harness.ready()
        _ = harness.act(.workerEnded(harness.worker(1), .exited(1)))
        _ = harness.act(.workerEnded(harness.worker(2), .exited(1)))
        #expect(harness.act(.stopRequested) == [.exit])
    }

    // W04: the ping is sent by the core, and only in its own time.
    @Test func `the watchdog is fed by decision of the core`() {
        var harness = Harness(watchdogInterval: .seconds(5))
        _ = harness.act(.configured(Harness.configuration()))
        #expect(harness.supervisor.nextDeadline == Instant(nanoseconds: 6_000_000_000))
        _ = harness.act(.timePassed, after: .milliseconds(4999))
        #expect(!harness.notifications.contains(.watchdog))
        _ = harness.act(.timePassed, after: .milliseconds(1))
        #expect(harness.notifications.contains(.watchdog))
    }
}
