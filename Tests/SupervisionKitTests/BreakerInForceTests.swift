import SupervisionKit
import Testing

/// Breakers at work on calls; what a breaker does by itself has tests of its own.
@Suite("Breakers in force")
struct BreakerInForceTests {
    private static func harness(
        replicas: Int = 1,
        change: (inout Configuration) -> Void = { _ in }
    ) -> Harness {
        var harness = Harness.ready(replicas: replicas) { configuration in
            configuration.kernels[0].retry.maxAttempts = 1
            configuration.kernels[0].breaker.failureThreshold = 3
            change(&configuration)
        }
        harness.showsProbes = true
        return harness
    }

    private func fail(_ harness: inout Harness, times: Int) {
        for _ in 0..<times {
            for call in harness.call().forwarded {
                _ = harness.reply(call.worker, call.call, error: .kernelFailed)
            }
        }
    }

    private func breaker(_ harness: Harness, slot: Int = 0) -> BreakerStatistics? {
        harness.supervisor.snapshot.kernels[0].breakers[slot]
    }

    /// Lets time pass, with every other probe answered well, until a probe is a trial.
    private func trial(_ harness: inout Harness) throws -> UInt32 {
        for _ in 0..<100 {
            var probes = harness.act(.timePassed, after: .seconds(1)).probes
            while let probe = probes.popLast() {
                guard probe.kernel.isEmpty else { return probe.number }
                let worker = harness.worker(1)
                probes += harness.act(.workerProbed(worker, number: probe.number, .ok)).probes
            }
        }
        throw NoTrial()
    }

    private struct NoTrial: Error {}

    @Test func `failures in a row open it, and calls are refused with a time`() {
        var harness = Self.harness()
        fail(&harness, times: 3)
        let answers = harness.call(9).answers
        #expect(answers.map(\.error) == [.circuitOpen])
        #expect(answers[0].execution == .notRun && answers[0].attempts == 0)
        #expect(answers[0].retryAfter >= .seconds(30))
        #expect(answers[0].message.contains("circuit open"))
        #expect(harness.records.contains { $0.kind == .breakerOpened })
        #expect(harness.supervisor.isConsistent)
    }

    // B20
    @Test func `a wrong argument, a cancel and a deadline say nothing about the worker`() {
        var harness = Self.harness()
        for error in [CallError.invalidArgument, .cancelled, .deadlineExceeded, .unknownKernel] {
            for _ in 0..<5 {
                for call in harness.call().forwarded {
                    _ = harness.reply(call.worker, call.call, error: error)
                }
            }
        }
        #expect(harness.call().forwarded.count == 1)
    }

    @Test func `calls that wait are refused when it opens`() {
        var harness = Self.harness()
        fail(&harness, times: 2)
        let running = harness.call(1).forwarded[0]
        #expect(harness.call(2).forwarded.isEmpty)
        let effects = harness.reply(running.worker, running.call, error: .kernelFailed)
        #expect(effects.delivered == [1])
        #expect(effects.answers.map(\.callerCall) == [2])
        #expect(effects.answers.map(\.error) == [.circuitOpen])
    }

    // Promise 3: recovery needs no traffic.
    @Test func `when the open time is over a probe tries the worker`() throws {
        var harness = Self.harness()
        fail(&harness, times: 3)
        let probe = try trial(&harness)
        // The probe is the one trial there may be.
        #expect(harness.call().answers.map(\.error) == [.circuitOpen])
        _ = harness.act(.workerProbed(harness.worker(1), number: probe, .ok))
        #expect(breaker(harness)?.state.name == "half_open")
        // The second trial is a call.
        let trial = harness.call(5).forwarded
        #expect(trial.count == 1)
        _ = harness.reply(trial[0].worker, trial[0].call)
        #expect(breaker(harness)?.state.name == "closed")
        #expect(harness.records.contains { $0.kind == .breakerClosed })
    }

    @Test func `without a call the probes at their usual times close it`() throws {
        var harness = Self.harness()
        fail(&harness, times: 3)
        for _ in 0..<2 {
            let probe = try trial(&harness)
            _ = harness.act(.workerProbed(harness.worker(1), number: probe, .ok))
        }
        #expect(breaker(harness)?.state.name == "closed")
    }

    @Test func `a probe that fails opens it again for longer`() throws {
        var harness = Self.harness()
        fail(&harness, times: 3)
        let probe = try trial(&harness)
        _ = harness.act(.workerProbed(harness.worker(1), number: probe, .failed("no")))
        #expect(breaker(harness)?.state.name == "open")
        #expect((harness.call().answers.first?.retryAfter ?? .zero) >= .seconds(60))
    }

    // B01, B02
    @Test func `a trial that is cancelled gives its place back`() throws {
        var harness = Self.harness()
        fail(&harness, times: 3)
        let probe = try trial(&harness)
        _ = harness.act(.workerProbed(harness.worker(1), number: probe, .ok))
        let trial = harness.call(7).forwarded[0]
        #expect(harness.call(8).answers.map(\.error) == [.circuitOpen])
        _ = harness.act(.callCancelled(.client(Harness.client), callerCall: 7))
        _ = harness.reply(trial.worker, trial.call, error: .cancelled)
        #expect(harness.call(9).forwarded.count == 1)
    }

    // E05
    @Test func `a restart brings the trial forward and closes nothing`() {
        var harness = Self.harness()
        fail(&harness, times: 3)
        let end = harness.act(.workerEnded(harness.worker(1), RecoveryTests.crash))
        _ = harness.act(.workerGreeted(end.spawned[0], concurrency: 1))
        let declaration = harness.declaration(end.spawned[0])
        let ready = harness.act(.workerReady(end.spawned[0], declaration))
        #expect(ready.probes.map(\.kernel) == ["test/kernel"])
        #expect(breaker(harness)?.state.name == "half_open")
    }

    @Test func `one replica's open breaker sends its calls to the other`() {
        var harness = Self.harness(replicas: 2)
        // Fails on whatever worker 1 gets, serves on the other.
        for _ in 0..<60 {
            for call in harness.call().forwarded {
                let isBad = call.worker.slot.index == 0
                _ = harness.reply(call.worker, call.call, error: isBad ? .kernelFailed : nil)
            }
        }
        #expect(breaker(harness, slot: 0)?.state.name == "open")
        #expect(breaker(harness, slot: 1)?.state.name == "closed")
        for _ in 0..<20 {
            let call = harness.call().forwarded[0]
            #expect(call.worker.slot.index == 1)
            _ = harness.reply(call.worker, call.call)
        }
    }

    @Test func `in a group the kernel that fails is refused alone`() {
        var harness = Harness()
        var configuration = Harness.configuration(["test/good"])
        configuration.kernels.append(KernelConfiguration(name: "test/bad", group: "test/good"))
        configuration.kernels[1].retry.maxAttempts = 1
        let worker = harness.act(.configured(configuration)).spawned[0]
        harness.makeReady(worker)
        for _ in 0..<5 {
            let call = harness.call(kernel: KernelID(index: 1)).forwarded[0]
            _ = harness.reply(call.worker, call.call, error: .kernelFailed)
        }
        #expect(harness.call(kernel: KernelID(index: 1)).answers.map(\.error) == [.circuitOpen])
        #expect(harness.call(kernel: KernelID(index: 0)).forwarded.count == 1)
    }

    /// A crash is evidence in the matter of the call that ran, and of no other kernel.
    @Test func `in a group a crash counts against the kernel that ran`() {
        var harness = Harness()
        var configuration = Harness.configuration(["test/good"])
        configuration.kernels.append(KernelConfiguration(name: "test/bad", group: "test/good"))
        configuration.groups[0].recovery.maxRestarts = 100
        let first = harness.act(.configured(configuration)).spawned[0]
        _ = harness.act(.workerGreeted(first, concurrency: 2))
        _ = harness.act(.workerReady(first, harness.declaration(first)))
        let bad = harness.call(1, kernel: KernelID(index: 1)).forwarded[0]
        let good = harness.call(2, kernel: KernelID(index: 0), isIdempotent: true).forwarded
        #expect(good.count == 1)
        _ = harness.act(.workerHeartbeat(first, running: bad.call, progress: 1))
        _ = harness.act(.workerEnded(first, RecoveryTests.crash))
        let kernels = harness.supervisor.snapshot.kernels
        #expect(kernels[0].breakers[0].failureCount == 0)
        #expect(kernels[1].breakers[0].failureCount == 1)
    }

    // B12
    @Test func `a person's word holds until it is taken back`() {
        var harness = Self.harness()
        let effects = harness.act(.breakerOverridden(kernel: "test/kernel", .forcedOpen))
        #expect(effects == [.keepOverride(kernel: "test/kernel", .forcedOpen)])
        #expect(harness.call().answers.map(\.error) == [.circuitOpen])
        #expect(breaker(harness)?.override == .forcedOpen)
        _ = harness.act(.configured(Harness.configuration(fingerprint: 1)))
        #expect(harness.call().answers.map(\.error) == [.circuitOpen])
        let back = harness.act(.breakerOverridden(kernel: "test/kernel", nil))
        #expect(back == [.keepOverride(kernel: "test/kernel", nil)])
        #expect(harness.call().forwarded.count == 1)
        _ = harness.act(.breakerOverridden(kernel: "no/kernel", .forcedOpen))
        #expect(harness.supervisor.isConsistent)
    }

    @Test func `forced closed passes what it would refuse`() {
        var harness = Self.harness()
        fail(&harness, times: 3)
        _ = harness.act(.breakerOverridden(kernel: "test/kernel", .forcedClosed))
        #expect(harness.call().forwarded.count == 1)
        #expect(breaker(harness)?.state.name == "open")
    }
}
