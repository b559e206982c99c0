import SupervisionKit
import Testing

/// Probes of workers that are ready; the machine itself has tests of its own.
@Suite("Probes in force")
struct ProbeInForceTests {
    private static func harness(replicas: Int = 1) -> Harness {
        var harness = Harness.ready(replicas: replicas)
        harness.showsProbes = true
        return harness
    }

    /// The next probe that comes when time passes in steps of a second.
    private func nextProbe(_ harness: inout Harness) -> (number: UInt32, worker: WorkerID)? {
        for _ in 0..<30 {
            for effect in harness.act(.timePassed, after: .seconds(1)) {
                if case .probe(let worker, let number, _) = effect { return (number, worker) }
            }
        }
        return nil
    }

    private func slot(_ harness: Harness, _ index: Int = 0) -> Snapshot.WorkerSlot {
        harness.supervisor.snapshot.kernels[0].slots[index]
    }

    @Test func `a worker that answers is healthy, and one not asked yet is unknown`() throws {
        var harness = Self.harness()
        #expect(slot(harness).probes == .unknown)
        let probe = try #require(nextProbe(&harness))
        _ = harness.act(.workerProbed(probe.worker, number: probe.number, .ok))
        #expect(slot(harness).probes == .healthy)
    }

    @Test func `three probes that fail take a worker out, and one that is good brings it back`()
        throws
    {
        var harness = Self.harness()
        for _ in 0..<3 {
            let probe = try #require(nextProbe(&harness))
            _ = harness.act(.workerProbed(probe.worker, number: probe.number, .failed("wrong sum")))
        }
        #expect(slot(harness).state == "unready")
        #expect(harness.records.contains { $0.kind == .workerUnready })
        #expect(harness.health.reason == .unready)
        // It waits for a worker that can.
        #expect(harness.call(1).forwarded.isEmpty)
        let probe = try #require(nextProbe(&harness))
        let effects = harness.act(.workerProbed(probe.worker, number: probe.number, .ok))
        #expect(effects.forwarded.count == 1)
        #expect(slot(harness).state == "ready")
    }

    @Test func `the time of a state is that of the probe which brought it`() throws {
        var harness = Self.harness()
        while slot(harness).state != "unready" {
            let probe = try #require(nextProbe(&harness))
            _ = harness.act(.workerProbed(probe.worker, number: probe.number, .failed("x")))
        }
        #expect(slot(harness).since == harness.now)
        #expect(harness.health.since == harness.now)
        let probe = try #require(nextProbe(&harness))
        _ = harness.act(.workerProbed(probe.worker, number: probe.number, .ok))
        #expect(harness.health.state == .healthy && harness.health.since == harness.now)
    }

    // W02: a probe without an answer is the daemon's to end.
    @Test func `a worker that answers no probe is killed in the end`() throws {
        var harness = Self.harness()
        var killed: [WorkerID] = []
        for _ in 0..<200 where killed.isEmpty {
            for case .kill(let worker) in harness.act(.timePassed, after: .seconds(1)) {
                killed.append(worker)
            }
        }
        #expect(killed == [harness.worker(1)])
    }

    // W01: load is no fault.
    @Test func `a worker that is busy stays healthy however long it is so`() throws {
        var harness = Self.harness()
        for _ in 0..<20 {
            let probe = try #require(nextProbe(&harness))
            _ = harness.act(.workerProbed(probe.worker, number: probe.number, .busy))
        }
        #expect(slot(harness).state == "ready")
    }

    // W01: a worker with one thread is silent while it computes.
    @Test func `a worker that has a call is not killed for silence`() {
        var harness = Harness.ready { $0.kernels[0].timeout.defaultTimeout = .seconds(300) }
        let running = harness.call(1).forwarded[0]
        for _ in 0..<290 {
            let effects = harness.act(.timePassed, after: .seconds(1))
            #expect(!effects.contains(.kill(running.worker)))
        }
        #expect(slot(harness).state == "ready")
        #expect(harness.reply(running.worker, running.call).delivered == [1])
    }

    @Test func `an answer to another probe, of another worker, or twice says nothing`() throws {
        var harness = Self.harness()
        let probe = try #require(nextProbe(&harness))
        let before = slot(harness).probes
        _ = harness.act(.workerProbed(probe.worker, number: probe.number &+ 9, .failed("x")))
        _ = harness.act(.workerProbed(harness.worker(9), number: probe.number, .failed("x")))
        #expect(slot(harness).probes == before)
        _ = harness.act(.workerProbed(probe.worker, number: probe.number, .ok))
        _ = harness.act(.workerProbed(probe.worker, number: probe.number, .failed("x")))
        #expect(slot(harness).probes == .healthy)
    }

    @Test func `workers of one kind are not all asked at once`() {
        var harness = Self.harness(replicas: 16)
        var instants: [Instant] = []
        for _ in 0..<1000 {
            for case .probe(let worker, let number, _) in harness.act(
                .timePassed,
                after: .milliseconds(10)
            ) {
                instants.append(harness.now)
                _ = harness.act(.workerProbed(worker, number: number, .ok))
            }
        }
        #expect(instants.count >= 16)
        #expect(Set(instants).count > 8)
    }

    /// When each worker is asked in this many seconds; all answer as `answer` says.
    private func probes(
        _ harness: inout Harness,
        seconds: Int,
        answer: (WorkerID) -> ProbeResult = { _ in .ok }
    ) -> [WorkerID: [Instant]] {
        var instants: [WorkerID: [Instant]] = [:]
        for _ in 0..<seconds * 10 {
            let effects = harness.act(.timePassed, after: .milliseconds(100))
            for case .probe(let worker, let number, _) in effects {
                instants[worker, default: []].append(harness.now)
                _ = harness.act(.workerProbed(worker, number: number, answer(worker)))
            }
        }
        return instants
    }

    private static func shared(_ replicas: Int, rate: Int) -> Harness {
        var harness = Harness.ready(replicas: replicas) {
            $0.maxStarting = 0
            $0.maxProbeRate = rate
        }
        harness.showsProbes = true
        return harness
    }

    @Test func `workers that are well share the highest rate of probes`() {
        var harness = Self.shared(40, rate: 1)
        _ = probes(&harness, seconds: 200)
        let later = probes(&harness, seconds: 1000)
        let count = later.values.reduce(0) { $0 + $1.count }
        #expect((800...1200).contains(count), "\(count)")
        // Nobody is left out, and they are not asked in bursts.
        #expect(later.count == 40 && later.values.allSatisfy { $0.count >= 15 })
        let bursts = Dictionary(grouping: later.values.joined()) { $0.nanoseconds / 10_000_000_000 }
        #expect(bursts.values.allSatisfy { $0.count <= 30 })
    }

    @Test func `a worker that does not answer well is asked at its interval`() {
        var harness = Self.shared(40, rate: 1)
        let ill = harness.worker(1)
        _ = probes(&harness, seconds: 200)
        var answers = 0
        let later = probes(&harness, seconds: 200) { worker in
            guard worker == ill else { return .ok }
            answers += 1
            return answers % 2 == 0 ? .ok : .failed("wrong sum")
        }
        // One long wait at most is left from before.
        #expect((later[ill]?.count ?? 0) >= 12)
        #expect(later.values.count { $0.count >= 12 } == 1)
    }

    @Test func `as many as can be asked at their interval are asked at it`() {
        var harness = Self.shared(10, rate: 1)
        _ = probes(&harness, seconds: 100)
        for instants in probes(&harness, seconds: 400).values {
            #expect((35...45).contains(instants.count))
        }
    }

    @Test func `workers that end leave their share to the others`() {
        var harness = Self.shared(40, rate: 1)
        _ = probes(&harness, seconds: 200)
        var fewer = Harness.configuration(replicas: 10)
        fewer.maxProbeRate = 1
        _ = harness.act(.configured(fewer))
        for slot in 10..<40 {
            let worker = harness.worker(UInt64(slot + 1), slot: slot)
            _ = harness.act(.workerEnded(worker, .exited(0)))
        }
        _ = probes(&harness, seconds: 100)
        let later = probes(&harness, seconds: 400)
        #expect(later.count == 10 && later.values.allSatisfy { (35...45).contains($0.count) })
    }

    @Test func `the log says when there are more workers than can be asked at their interval`() {
        let many = Self.shared(200, rate: 10)
        let line =
            "200 workers share 10 probes a second (max_probe_rate): "
            + "one that is well is asked about every 20 s"
        #expect(many.records.contains { $0.message == line })
        let few = Self.shared(100, rate: 10)
        #expect(!few.records.contains { $0.message.contains("max_probe_rate") })
    }

    // C03: nobody is killed for what the daemon itself has slept through.
    @Test func `a machine that was suspended finds its workers alive`() throws {
        var harness = Self.harness()
        _ = try #require(nextProbe(&harness))
        let effects = harness.act(.timePassed, after: .seconds(3600))
        #expect(!effects.contains { if case .kill = $0 { true } else { false } })
        #expect(slot(harness).state == "ready")
    }

    @Test func `a start that was slept through has its time left`() {
        var harness = Harness()
        let worker = harness.act(.configured(Harness.configuration())).spawned[0]
        let late = harness.act(.timePassed, after: .seconds(600))
        #expect(!late.contains(.kill(worker)))
        let due = harness.act(.timePassed, after: .milliseconds(30_000))
        #expect(due.contains(.kill(worker)))
    }

    @Test func `a cancel that was slept through may still be acknowledged`() {
        var harness = Harness.ready()
        let running = harness.call(1).forwarded[0]
        _ = harness.act(.callCancelled(.client(Harness.client), callerCall: 1))
        let late = harness.act(.timePassed, after: .seconds(60))
        #expect(!late.contains(.kill(running.worker)))
        _ = harness.reply(running.worker, running.call, error: .cancelled)
        #expect(harness.call(2).forwarded.count == 1)
    }
}
