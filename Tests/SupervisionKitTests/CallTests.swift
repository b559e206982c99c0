import SupervisionKit
import Testing

@Suite("The way of a call")
struct CallTests {
    @Test func `a call goes straight to a free worker and its reply straight back`() {
        var harness = Harness.ready()
        let forwarded = harness.call(7).forwarded
        #expect(forwarded.map(\.worker) == [harness.worker(1)])
        let effects = harness.act(
            .workerReplied(harness.worker(1), forwarded[0].call, WorkerReply()),
            after: .milliseconds(3)
        )
        #expect(effects.delivered == [7])
        let totals = harness.supervisor.snapshot.totals
        #expect((totals.accepted, totals.ok, totals.failed) == (1, 1, 0))
    }

    @Test func `a call that can't be repeated is not kept while it runs`() {
        var harness = Harness.ready(isIdempotent: false)
        let effects = harness.call()
        #expect(effects.count == 1)
        #expect(effects.forwarded.count == 1)
    }

    @Test func `calls that wait are served in order`() {
        var harness = Harness.ready()
        var running = harness.call(1).forwarded[0]
        for id: UInt64 in 2...5 { #expect(harness.call(id).forwarded.isEmpty) }
        for id: UInt64 in 1...4 {
            let effects = harness.reply(running.worker, running.call)
            #expect(effects.delivered == [id])
            running = effects.forwarded[0]
        }
        #expect(harness.reply(running.worker, running.call).delivered == [5])
    }

    @Test func `the queue is bounded and the refusal says when to come back`() {
        var harness = Harness.ready { $0.kernels[0].bulkhead.maxQueued = 2 }
        for _ in 0..<3 { _ = harness.call() }
        let answers = harness.call(99).answers
        #expect(answers.map(\.error) == [.overloaded])
        #expect(answers[0].execution == .notRun)
        #expect(answers[0].retryAfter > .zero)
    }

    @Test func `a client has a bounded number of calls in flight`() {
        var harness = Harness.ready {
            $0.limits.maxCallsPerClient = 3
            $0.kernels[0].bulkhead.maxQueued = 100
        }
        for _ in 0..<3 { _ = harness.call() }
        #expect(harness.call().answers.map(\.error) == [.overloaded])
        let other = ClientID(index: 1, generation: 0)
        #expect(harness.call(client: other).answers.isEmpty)
    }

    @Test func `an id that is in flight can't be used twice by one client`() {
        var harness = Harness.ready()
        _ = harness.call(5)
        #expect(harness.call(5).answers.map(\.error) == [.malformedFrame])
        let other = ClientID(index: 1, generation: 0)
        #expect(harness.call(5, client: other).answers.isEmpty)
    }

    // R09: expired in the queue is answered at the instant of expiry and never dispatched.
    @Test func `a call whose deadline passes in the queue is answered then and never runs`() {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        _ = harness.call(2, deadline: .milliseconds(50))
        #expect(harness.supervisor.nextDeadline == harness.now + .milliseconds(50))
        let effects = harness.act(.timePassed, after: .milliseconds(50))
        #expect(effects.answers.map(\.error) == [.deadlineExceeded])
        #expect(effects.answers[0].execution == .notRun)
        let next = harness.reply(running.worker, running.call)
        #expect(next.forwarded.isEmpty)
    }

    @Test func `a deadline that has passed at arrival is refused`() {
        var harness = Harness.ready()
        let arrival = CallArrival(
            caller: .client(Harness.client),
            callerCall: 1,
            kernel: Harness.kernel,
            deadline: Instant(nanoseconds: 5)
        )
        let answers = harness.act(.callArrived(arrival)).answers
        #expect(answers.map(\.error) == [.deadlineExceeded])
    }

    @Test func `no deadline is later than the longest timeout`() {
        var harness = Harness.ready { $0.kernels[0].timeout.maxTimeout = .seconds(10) }
        let effects = harness.call(deadline: .seconds(1_000_000))
        guard case .forward(_, _, let deadline, _, _) = effects.last else {
            Issue.record("not forwarded")
            return
        }
        #expect(deadline == harness.now + .seconds(10))
    }

    @Test func `a call past its deadline is answered then and its worker is told`() {
        var harness = Harness.ready()
        let running = harness.call(1, deadline: .seconds(1)).forwarded[0]
        let effects = harness.act(.timePassed, after: .seconds(1))
        #expect(effects.answers.map(\.error) == [.deadlineExceeded])
        #expect(effects.answers[0].execution == .answerLost)
        #expect(effects.contains(.cancel(running.call, at: running.worker)))
    }

    // R12: a cancel that the worker does not acknowledge in time means hung: killed, slot freed.
    @Test func `a worker that does not acknowledge a cancel within its time is killed`() {
        var harness = Harness.ready()
        let running = harness.call(1, deadline: .seconds(1)).forwarded[0]
        _ = harness.act(.timePassed, after: .seconds(1))
        #expect(harness.act(.timePassed, after: .milliseconds(1999)).isEmpty)
        #expect(harness.act(.timePassed, after: .milliseconds(1)) == [.kill(running.worker)])
        let end = WorkerEnd.signaled(name: "SIGKILL", coreDumped: false)
        let effects = harness.act(.workerEnded(running.worker, end))
        #expect(effects == [.spawn(harness.worker(2))])
    }

    @Test func `an acknowledged cancel leaves the worker alone and its place free`() {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        let answers = harness.act(.callCancelled(.client(Harness.client), callerCall: 1)).answers
        #expect(answers.map(\.error) == [.cancelled])
        _ = harness.call(2)
        let effects = harness.reply(running.worker, running.call, error: .cancelled)
        #expect(effects.delivered.isEmpty)
        #expect(effects.forwarded.count == 1)
        #expect(harness.act(.timePassed, after: .seconds(3)).isEmpty)
    }

    @Test func `a cancelled call that waits leaves the queue and never runs`() {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        _ = harness.call(2)
        let answers = harness.act(.callCancelled(.client(Harness.client), callerCall: 2)).answers
        #expect(answers.map(\.execution) == [.notRun])
        #expect(harness.reply(running.worker, running.call).forwarded.isEmpty)
    }

    @Test func `a cancel of a call that has ended does nothing`() {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        _ = harness.reply(running.worker, running.call)
        #expect(harness.act(.callCancelled(.client(Harness.client), callerCall: 1)).isEmpty)
    }

    // Q04, K10: a client that is gone takes its calls with it.
    @Test func `a client that goes away has its waiting calls dropped and running ones cancelled`()
    {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        _ = harness.call(2)
        let effects = harness.act(.clientClosed(Harness.client))
        #expect(effects.answers.isEmpty)
        #expect(effects.contains(.cancel(running.call, at: running.worker)))
        #expect(harness.reply(running.worker, running.call).isEmpty)
        let snapshot = harness.supervisor.snapshot
        #expect((snapshot.inFlight, snapshot.queued) == (0, 0))
    }

    @Test func `a worker that answers what it doesn't have is killed`() {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        _ = harness.reply(running.worker, running.call)
        let again = harness.reply(running.worker, running.call)
        #expect(again == [.kill(running.worker)])
    }

    @Test func `bad input is answered and counted`() {
        var harness = Harness.ready()
        let effects = harness.act(
            .callRejected(.client(Harness.client), callerCall: 3, .malformedFrame, message: "no")
        )
        #expect(effects.answers.map(\.message) == ["no"])
        #expect(harness.supervisor.snapshot.badInput == [.malformedFrame: 1])
    }

    // C02: now runs backwards between two calls.
    @Test func `an instant in the past is taken as the latest seen`() {
        var harness = Harness.ready()
        harness.now = .zero
        let effects = harness.call(1, deadline: nil)
        guard case .forward(_, _, let deadline, _, _) = effects.last else {
            Issue.record("not forwarded")
            return
        }
        #expect(deadline > Instant(nanoseconds: 1_000_000_000) + .seconds(29))
    }
}
