import SupervisionKit
import Testing

/// What is said of a worker that does not acknowledge a cancel.
@Suite("Hangs told apart")
struct HangTests {
    private static let sigkill = WorkerEnd.signaled(name: "SIGKILL", coreDumped: false)

    /// A call with 10 s to its deadline, heartbeats at these seconds with this progress, and a
    /// worker that is killed 2 s after the cancel: what its caller is told in the end.
    private func verdict(
        _ heartbeats: [(second: Int, progress: UInt64)],
        deadline: Duration = .seconds(10),
        end: WorkerEnd = sigkill
    ) throws -> String {
        var harness = Harness.ready(isIdempotent: false)
        let running = harness.call(1, deadline: deadline).forwarded[0]
        let beats = heartbeats.map { second, progress in
            let event = Event.workerHeartbeat(
                running.worker,
                running: running.call,
                progress: progress
            )
            return (at: Duration.seconds(second), event: event)
        }
        let killed = deadline + .seconds(2)
        var effects: [Effect] = []
        var passed = Duration.zero
        // In small steps: who looks late gives all that waits more time.
        while passed < killed {
            passed += .milliseconds(100)
            effects = harness.act(.timePassed, after: .milliseconds(100))
            for beat in beats where beat.at == passed { _ = harness.act(beat.event) }
        }
        #expect(effects.contains(.kill(running.worker)))
        _ = harness.act(.workerEnded(running.worker, end))
        return try #require(harness.supervisor.snapshot.kernels[0].slots[0].lastEnd)
    }

    @Test func `a worker whose progress goes on after the cancel is busy`() throws {
        let beats = (1...11).map { (second: $0, progress: UInt64($0)) }
        #expect(
            try verdict(beats)
                == "did not acknowledge a cancel (it went on computing) and was killed"
        )
    }

    @Test func `a worker whose heartbeats go on without progress hangs in the call`() throws {
        let beats = (1...11).map { (second: $0, progress: UInt64(min($0, 10))) }
        #expect(
            try verdict(beats)
                == "did not acknowledge a cancel (it hangs in its kernel or the driver: "
                + "heartbeats went on, progress didn't) and was killed"
        )
    }

    // A short deadline: all heartbeats come after the cancel.
    @Test func `a first heartbeat is no progress`() throws {
        let beats = (1...2).map { (second: $0, progress: UInt64(7)) }
        #expect(
            try verdict(beats, deadline: .milliseconds(300)).contains("it hangs in its kernel")
        )
        let moving = (1...2).map { (second: $0, progress: UInt64($0)) }
        #expect(
            try verdict(moving, deadline: .milliseconds(300)).contains("it went on computing")
        )
    }

    @Test(arguments: [0, 9])
    func `a worker without heartbeats hangs as a whole`(_ last: Int) throws {
        let beats = last == 0 ? [] : (1...last).map { (second: $0, progress: UInt64($0)) }
        #expect(
            try verdict(beats)
                == "did not acknowledge a cancel (the whole process hangs: "
                + "its heartbeats had stopped) and was killed"
        )
    }

    @Test func `nothing is said of a worker that has had no time for a heartbeat`() throws {
        #expect(
            try verdict([], deadline: .milliseconds(100))
                == "did not acknowledge a cancel and was killed"
        )
    }

    @Test func `what was seen of the process says more than its heartbeats`() throws {
        #expect(
            try verdict([], end: .killedWhile("stopped by a signal"))
                == "did not acknowledge a cancel (it was stopped by a signal) and was killed"
        )
    }

    @Test func `a worker that closed its channel because it died is said to have died`() throws {
        for (end, phrase) in [
            (WorkerEnd.signaled(name: "SIGSEGV", coreDumped: true), "was killed by SIGSEGV"),
            (.exited(3), "exited with status 3"), (.outOfMemory(isCertain: true), "out of memory"),
            (Self.sigkill, "closed its channel and was killed"),
        ] {
            var harness = Harness.ready()
            let worker = harness.worker(1)
            _ = harness.act(.workerChannelClosed(worker))
            let effects = harness.act(.timePassed, after: WorkerLifecycle.partingTime)
            #expect(effects.contains(.kill(worker)))
            _ = harness.act(.workerEnded(worker, end))
            let last = harness.supervisor.snapshot.kernels[0].slots[0].lastEnd
            #expect(try #require(last).contains(phrase))
        }
    }
}
