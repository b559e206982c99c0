import SupervisionKit
import Testing

@Suite("When a worker dies")
struct RecoveryTests {
    static let crash = WorkerEnd.signaled(name: "SIGSEGV", coreDumped: false)

    // Q01: each call of a dead worker is answered or tried again in the same turn.
    @Test func `an idempotent call is tried again on the next incarnation`() {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        let effects = harness.act(.workerEnded(running.worker, Self.crash))
        #expect(effects == [.spawn(harness.worker(2))])
        _ = harness.act(.workerGreeted(harness.worker(2), concurrency: 1))
        let declaration = harness.declaration(harness.worker(2))
        let again = harness.act(.workerReady(harness.worker(2), declaration))
        #expect(again.forwarded.map(\.worker) == [harness.worker(2)])
        let end = harness.reply(harness.worker(2), again.forwarded[0].call)
        #expect(end.delivered == [1])
        guard case .deliver(_, _, let attempts, _) = end.first else { return }
        #expect(attempts == 2)
    }

    @Test func `a call that is not idempotent gets an error at once that names the signal`() {
        var harness = Harness.ready(isIdempotent: false)
        let running = harness.call(1).forwarded[0]
        let answers = harness.act(.workerEnded(running.worker, Self.crash)).answers
        #expect(answers.map(\.error) == [.workerDied])
        #expect(answers[0].execution == .answerLost)
        #expect(answers[0].message.contains("was killed by SIGSEGV"))
        #expect(answers[0].worker == "test/kernel/0")
        #expect(answers[0].incarnation == Incarnation(number: 1))
    }

    @Test func `the caller's own word makes a call idempotent`() {
        var harness = Harness.ready(isIdempotent: false)
        let running = harness.call(1, isIdempotent: true).forwarded[0]
        #expect(harness.act(.workerEnded(running.worker, Self.crash)).answers.isEmpty)
    }

    @Test func `a caller that retries by itself gets one attempt`() {
        var harness = Harness.ready()
        let running = harness.call(1, mayRetry: false).forwarded[0]
        let answers = harness.act(.workerEnded(running.worker, Self.crash)).answers
        #expect(answers.map(\.error) == [.workerDied])
    }

    // R08: a call that never started is tried even when it is not idempotent.
    @Test func `a call that waits is not touched by the death of the worker before it`() {
        var harness = Harness.ready(isIdempotent: false)
        let running = harness.call(1).forwarded[0]
        _ = harness.call(2)
        let effects = harness.act(.workerEnded(running.worker, Self.crash))
        #expect(effects.answers.map(\.callerCall) == [1])
        _ = harness.act(.workerGreeted(harness.worker(2), concurrency: 1))
        let declaration = harness.declaration(harness.worker(2), isIdempotent: false)
        let ready = harness.act(.workerReady(harness.worker(2), declaration))
        #expect(ready.forwarded.count == 1)
    }

    // Q02: a call that kills each worker that takes it.
    @Test func `a call that two workers died with is not tried a third time`() {
        var harness = Harness.ready()
        _ = harness.call(1)
        #expect(harness.act(.workerEnded(harness.worker(1), Self.crash)).answers.isEmpty)
        harness.makeReady(harness.worker(2))
        let answers = harness.act(.workerEnded(harness.worker(2), Self.crash)).answers
        #expect(answers.map(\.error) == [.workerDied])
        #expect(answers[0].attempts == 2)
        #expect(answers[0].message.contains("not tried a third time"))
    }

    @Test func `a call is answered at its deadline although its worker is still away`() {
        var harness = Harness.ready()
        _ = harness.call(1, deadline: .seconds(1))
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        let answers = harness.act(.timePassed, after: .seconds(1)).answers
        #expect(answers.map(\.error) == [.deadlineExceeded])
        #expect(answers[0].execution == .answerLost)
    }

    @Test func `with a second replica the call goes there in the same turn`() {
        var harness = Harness.ready(replicas: 2)
        let running = harness.call(1).forwarded[0]
        let effects = harness.act(.workerEnded(running.worker, Self.crash))
        #expect(effects.forwarded.count == 1)
        #expect(effects.forwarded[0].worker != running.worker)
    }

    @Test func `the first restart is at once and the next ones wait longer and longer`() {
        var harness = Harness.ready { $0.groups[0].recovery.maxRestarts = 10 }
        var waits: [Duration] = []
        for incarnation: UInt64 in 1...5 {
            let died = harness.now
            var effects = harness.act(.workerEnded(harness.worker(incarnation), Self.crash))
            if effects.spawned.isEmpty, let next = harness.supervisor.nextDeadline {
                effects = harness.act(.timePassed, after: next.since(harness.now))
            }
            #expect(effects.spawned == [harness.worker(incarnation + 1)])
            waits.append(harness.now.since(died))
            harness.makeReady(harness.worker(incarnation + 1))
        }
        #expect(
            waits == [
                .zero, .milliseconds(100), .milliseconds(200), .milliseconds(400),
                .milliseconds(800),
            ]
        )
    }

    // E01: starts in any window ≤ budget + 1, then an event that a person sees.
    @Test func `too many restarts end in quarantine and a later trial start ends the quarantine`() {
        var harness = Harness.ready()
        var starts = 1
        var incarnation: UInt64 = 1
        while harness.health.reason != .restartLoop {
            var effects = harness.act(.workerEnded(harness.worker(incarnation), Self.crash))
            if effects.spawned.isEmpty, harness.health.reason != .restartLoop {
                effects = harness.act(.timePassed, after: .seconds(1))
            }
            starts += effects.spawned.count
            incarnation += UInt64(effects.spawned.count)
        }
        #expect(starts == 4)
        #expect(harness.records.contains { $0.kind == .workerQuarantined && $0.level == .error })
        let refused = harness.call(1).answers
        #expect(refused.map(\.error) == [.unavailable])
        #expect(refused[0].retryAfter == .seconds(300))
        let trial = harness.act(.timePassed, after: .seconds(300))
        #expect(trial.spawned.count == 1)
        harness.makeReady(trial.spawned[0])
        #expect(harness.health.state == .healthy)
        #expect(harness.call(2).forwarded.count == 1)
    }

    // How long a start may take at most says nothing about when to come again.
    @Test func `calls during a trial start are told to come again soon`() throws {
        var harness = Harness.ready { $0.groups[0].recovery.maxRestarts = 0 }
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        let trial = harness.act(.timePassed, after: .seconds(300))
        let refused = try #require(harness.call(1).answers.first)
        #expect(refused.error == .unavailable)
        #expect(refused.retryAfter == .seconds(1))
        harness.makeReady(try #require(trial.spawned.first))
        #expect(harness.call(2).forwarded.count == 1)
    }

    @Test func `a trial start that fails doubles the quarantine`() {
        var harness = Harness.ready { $0.groups[0].recovery.maxRestarts = 0 }
        var waits: [Duration] = []
        var worker = harness.worker(1)
        for _ in 0..<6 {
            _ = harness.act(.workerEnded(worker, Self.crash))
            guard let next = harness.supervisor.nextDeadline else { break }
            waits.append(next.since(harness.now))
            worker = harness.act(.timePassed, after: next.since(harness.now)).spawned[0]
        }
        let expected: [Duration] = [300, 600, 1200, 2400, 3600, 3600].map { .seconds($0) }
        #expect(waits == expected)
    }

    // E01: a crash once a month is restarted at once.
    @Test func `a worker that was stable is restarted at once however often it died before`() {
        var harness = Harness.ready()
        for incarnation: UInt64 in 1...20 {
            let died = WorkerEnd.exited(1)
            let effects = harness.act(
                .workerEnded(harness.worker(incarnation), died),
                after: .seconds(30 * 86_400)
            )
            #expect(effects.spawned == [harness.worker(incarnation + 1)])
            harness.makeReady(harness.worker(incarnation + 1))
        }
    }

    // E06, S06: a permanent failure is not treated as a crash.
    @Test(arguments: [
        WorkerEnd.exited(78), .exited(127), .exited(126), .exited(76), .exited(64),
        .notStarted(.init(text: "execve /x: ENOENT", isPermanent: true)),
    ])
    func `a permanent end is not followed by a restart`(_ end: WorkerEnd) {
        var harness = Harness.ready()
        _ = harness.call(1)
        let effects = harness.act(.workerEnded(harness.worker(1), end))
        #expect(effects.spawned.isEmpty)
        #expect(effects.answers.map(\.error) == [.unavailable])
        #expect(harness.health.state == .down)
        #expect(harness.health.reason == .workerUnusable)
        #expect(harness.act(.timePassed, after: .seconds(86_400)).spawned.isEmpty)
    }

    // A machine that is short of something is so for all workers at once: the restarts of none may
    // be spent within milliseconds, and the log not flooded.
    @Test func `a start that could work later is tried again after a second at the least`() {
        var harness = Harness.ready()
        let failure = SpawnFailure(text: "fork: EAGAIN", isPermanent: false)
        let effects = harness.act(.workerEnded(harness.worker(1), .notStarted(failure)))
        #expect(effects.spawned == [])
        #expect(harness.act(.timePassed, after: .milliseconds(999)).spawned == [])
        #expect(
            harness.act(.timePassed, after: .milliseconds(1)).spawned == [harness.worker(2)]
        )
    }

    @Test func `a worker that is not ready in time is killed`() {
        var harness = Harness()
        let worker = harness.act(.configured(Harness.configuration())).spawned[0]
        #expect(harness.act(.timePassed, after: .seconds(30)) == [.kill(worker)])
    }

    // D04: a process in uninterruptible sleep.
    @Test func `a process that SIGKILL does not end is stuck and its calls are answered`() {
        var harness = Harness.ready(isIdempotent: false)
        let running = harness.call(1, deadline: .seconds(60)).forwarded[0]
        _ = harness.act(.workerMisbehaved(running.worker, "test"))
        let effects = harness.act(.timePassed, after: .seconds(2))
        #expect(effects.answers.map(\.error) == [.workerHung])
        #expect(harness.health.reason == .workerStuck)
        _ = harness.act(.workerEnded(running.worker, Self.crash))
        #expect(harness.health.reason == .restarting)
    }

    @Test func `what a former incarnation still says changes nothing`() {
        var harness = Harness.ready()
        _ = harness.act(.workerEnded(harness.worker(1), Self.crash))
        harness.makeReady(harness.worker(2))
        let call = harness.call(1).forwarded[0].call
        for event: Event in [
            .workerEnded(harness.worker(1), Self.crash), .workerChannelClosed(harness.worker(1)),
            .workerReplied(harness.worker(1), call, WorkerReply()),
            .workerMisbehaved(harness.worker(1), "late"),
            .workerGreeted(harness.worker(1), concurrency: 9),
        ] {
            #expect(harness.act(event).isEmpty)
        }
        #expect(harness.health.state == .healthy)
    }

    @Test func `a worker that closes its channel and lives on is killed after a moment`() {
        var harness = Harness.ready(isIdempotent: false)
        let running = harness.call(1).forwarded[0]
        #expect(harness.act(.workerChannelClosed(running.worker)).isEmpty)
        #expect(
            harness.act(.timePassed, after: WorkerLifecycle.partingTime) == [.kill(running.worker)]
        )
        let end = WorkerEnd.signaled(name: "SIGKILL", coreDumped: false)
        let answers = harness.act(.workerEnded(running.worker, end)).answers
        #expect(answers[0].message.contains("closed its channel and was killed"))
    }

    @Test func `a worker that is ready without a hello or says hello twice is killed`() {
        var silent = Harness()
        let first = silent.act(.configured(Harness.configuration())).spawned[0]
        #expect(silent.act(.workerReady(first, silent.declaration(first))) == [.kill(first)])
        var loud = Harness()
        let second = loud.act(.configured(Harness.configuration())).spawned[0]
        #expect(loud.act(.workerGreeted(second, concurrency: 1)) == [.welcome(second)])
        #expect(loud.act(.workerGreeted(second, concurrency: 1)) == [.kill(second)])
    }

    @Test func `a frame kept for a call is released exactly once whatever becomes of the call`() {
        for mayRepeat in [false, true] {
            for ending in 0..<4 {
                var harness = Harness.ready(isIdempotent: mayRepeat)
                let first = harness.call(1).forwarded[0]
                var effects = harness.call(2)
                effects += harness.reply(first.worker, first.call)
                let second = effects.forwarded[0]
                switch ending {
                case 0: effects += harness.reply(second.worker, second.call)
                case 1:
                    effects += harness.act(
                        .callCancelled(.client(Harness.client), callerCall: 2)
                    )
                case 2: effects += harness.act(.clientClosed(Harness.client))
                default:
                    effects += harness.act(.workerEnded(second.worker, Self.crash))
                    harness.makeReady(harness.worker(2))
                    effects += harness.act(.workerEnded(harness.worker(2), Self.crash))
                }
                let kept = effects.filter { $0 == .keep(second.call) }.count
                let released = effects.filter { $0 == .release(second.call) }.count
                #expect((kept, released) == (1, 1))
            }
        }
    }

    @Test func `a channel closed by death does not hide how the worker died`() {
        var harness = Harness.ready(isIdempotent: false)
        let running = harness.call(1).forwarded[0]
        #expect(harness.act(.workerChannelClosed(running.worker)).isEmpty)
        let answers = harness.act(.workerEnded(running.worker, Self.crash)).answers
        #expect(answers[0].message.contains("was killed by SIGSEGV"))
    }

    @Test func `a kernel whose program does not build is refused with the log`() {
        var harness = Harness()
        let worker = harness.act(.configured(Harness.configuration())).spawned[0]
        _ = harness.call(1)
        _ = harness.act(.workerGreeted(worker, concurrency: 1))
        let declaration = harness.declaration(worker, problem: "error: no sigma2")
        let waiting = harness.act(.workerReady(worker, declaration)).answers
        #expect(waiting.map(\.error) == [.buildFailed])
        let answers = harness.call(2).answers
        #expect(answers.map(\.error) == [.buildFailed])
        #expect(answers[0].message.contains("no sigma2"))
        #expect(harness.health.reason == .buildFailed)
    }
}
