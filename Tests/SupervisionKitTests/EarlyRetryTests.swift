import SupervisionKit
import Testing

/// What becomes of the calls of a worker that is dying, and is not dead yet.
@Suite("Calls of a dying worker")
struct EarlyRetryTests {
    private static let crash = WorkerEnd.signaled(name: "SIGSEGV", coreDumped: false)

    @Test func `a call that may run twice goes to another worker when the channel is gone`() {
        var harness = Harness.ready(replicas: 2)
        let running = harness.call(1).forwarded[0]
        let effects = harness.act(.workerChannelClosed(running.worker))
        #expect(effects.forwarded.map(\.call) == [running.call])
        let other = effects.forwarded[0].worker
        #expect(other.slot != running.worker.slot)
        #expect(harness.reply(other, running.call).delivered == [1])
        // The news of the end finds nothing to move any more.
        let end = harness.act(.workerEnded(running.worker, Self.crash))
        #expect(end.forwarded.isEmpty && end.answers.isEmpty && end.spawned.count == 1)
    }

    @Test func `a call that must not run twice waits for how its worker ended`() {
        var harness = Harness.ready(replicas: 2, isIdempotent: false)
        let running = harness.call(1).forwarded[0]
        #expect(harness.act(.workerChannelClosed(running.worker)).isEmpty)
        let answers = harness.act(.workerEnded(running.worker, Self.crash)).answers
        #expect(answers.map(\.error) == [.workerDied])
        #expect(answers[0].message.contains("was killed by SIGSEGV"))
    }

    @Test func `a call whose second worker is dying is not tried a third time`() {
        var harness = Harness.ready(replicas: 3)
        let first = harness.call(1).forwarded[0]
        let second = harness.act(.workerChannelClosed(first.worker)).forwarded[0]
        _ = harness.act(.workerEnded(first.worker, Self.crash))
        #expect(harness.act(.workerChannelClosed(second.worker)).isEmpty)
        let answers = harness.act(.workerEnded(second.worker, Self.crash)).answers
        #expect(answers.map(\.error) == [.workerDied])
        #expect(answers[0].message.contains("was killed by SIGSEGV"))
    }

    @Test func `the only worker's call waits at the front for the next one`() {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        _ = harness.call(2)
        #expect(harness.act(.workerChannelClosed(running.worker)).isEmpty)
        let next = harness.act(.workerEnded(running.worker, Self.crash)).spawned[0]
        _ = harness.act(.workerGreeted(next, concurrency: 1))
        let effects = harness.act(.workerReady(next, harness.declaration(next)))
        #expect(effects.forwarded.map(\.call) == [running.call])
    }

    @Test func `an answer behind the news of the dying counts if nobody else has the call`() {
        var harness = Harness.ready(replicas: 2, isIdempotent: false)
        let running = harness.call(1).forwarded[0]
        _ = harness.act(.workerChannelClosed(running.worker))
        #expect(harness.reply(running.worker, running.call).delivered == [1])
        // The channel itself ends then, which is no news.
        #expect(harness.act(.workerChannelClosed(running.worker)).isEmpty)
        let end = harness.act(.workerEnded(running.worker, Self.crash))
        #expect(end.answers.isEmpty && end.spawned.count == 1)
    }

    @Test func `an answer to a call that went to another worker is dropped, and no offence`() {
        var harness = Harness.ready(replicas: 2)
        let running = harness.call(1).forwarded[0]
        let other = harness.act(.workerChannelClosed(running.worker)).forwarded[0].worker
        #expect(harness.reply(running.worker, running.call).isEmpty)
        #expect(harness.reply(other, running.call).delivered == [1])
        // It comes too late for a call that has ended, too.
        #expect(harness.reply(running.worker, running.call).isEmpty)
        let end = harness.act(.workerEnded(running.worker, Self.crash))
        #expect(end.answers.isEmpty && end.spawned.count == 1)
    }

    @Test func `a worker that was told to stop keeps what it has`() throws {
        var harness = Harness.ready(replicas: 2)
        let running = harness.call(1).forwarded + harness.call(2).forwarded
        let reload = harness.act(.configured(Harness.configuration(replicas: 2, fingerprint: 2)))
        let leaving = try #require(running.first { reload.contains(.askToStop($0.worker)) })
        #expect(harness.act(.workerChannelClosed(leaving.worker)).isEmpty)
        #expect(harness.supervisor.has(leaving.call, at: leaving.worker))
    }
}
