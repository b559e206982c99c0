internal import SupervisionKit
internal import SupervisionSimulator
internal import Testing

/// What seeds showed once, as the shortest plan that shows it: it stays what it is when the drawing
/// of plans changes.
@Suite("Plans that once failed")
struct FoundPlansTests {
    /// Groups of one worker each in a world in which nothing goes wrong by itself.
    private func scenario(_ kernels: [String]) -> Scenario {
        var configuration = Configuration()
        for kernel in kernels {
            let group = String(kernel.prefix { $0 != "/" })
            if !configuration.groups.contains(where: { $0.name == group }) {
                configuration.groups.append(GroupConfiguration(name: group, launchFingerprint: 1))
            }
            configuration.kernels.append(KernelConfiguration(name: kernel, group: group))
        }
        var weather = Weather()
        weather.badStarts = 0
        weather.stubbornProcesses = 0
        weather.deafClients = 0
        weather.fullChannels = 0
        return Scenario(configuration: configuration, weather: weather)
    }

    private func call(_ kernel: UInt32, _ work: Work, timeout: Duration = .seconds(60)) -> Step.Call
    {
        var call = Step.Call(client: 0, kernel: kernel, timeout: timeout, work: work)
        call.isIdempotent = true
        return call
    }

    /// How processes are is drawn from the seed: slow or quick to start, for one call or more.
    private func expectEveryPromiseKept(_ scenario: Scenario, _ steps: [Step]) {
        for seed in 1...32 as ClosedRange<UInt64> {
            let outcome = Simulation().run(Plan(seed: seed, scenario: scenario, steps: steps))
            #expect(outcome.violation == nil, "\(outcome.verdict(of: seed))")
        }
    }

    @Test func `a call that kills a draining worker has killed it`() {
        let poison = Work(.seconds(5), .exit(1), isPoison: true)
        expectEveryPromiseKept(
            scenario(["ash/one"]),
            [
                Step(at: .seconds(5), .call(call(0, poison))),
                // It runs in its second worker now.
                Step(at: .milliseconds(14_500), .reload(.program(group: 0))),
                Step(at: .seconds(40), .reload(.nothing)),
            ]
        )
    }

    @Test func `a call of a kernel that has gone fails after its group has grown`() {
        let failure = Work(.seconds(6), .error(.deviceFailed, .ranAndFailed))
        expectEveryPromiseKept(
            scenario(["ash/one", "ash/two"]),
            [
                Step(at: .seconds(5), .call(call(0, failure))),
                Step(at: .milliseconds(5100), .reload(.kernel(0))),
                Step(at: .milliseconds(5200), .reload(.replicas(group: 0, 2))),
                Step(at: .seconds(15), .reload(.nothing)),
            ]
        )
    }

    @Test func `a call whose kernel has moved is tried again in its new group at once`() {
        // So that the group knows how long a call takes.
        let lessons = (5..<17).map { second in
            Step(at: .seconds(second), .call(call(1, Work(.milliseconds(500)))))
        }
        expectEveryPromiseKept(
            scenario(["ash/one", "birch/one"]),
            lessons + [
                Step(at: .seconds(20), .call(call(0, Work(.seconds(10))))),
                Step(at: .seconds(21), .reload(.move(kernel: 0, group: 1))),
                // Its former worker has been told to end, and has not waited for it.
                Step(
                    at: .seconds(27),
                    .call(call(0, Work(.milliseconds(1)), timeout: .milliseconds(10)))
                ),
                Step(at: .seconds(60), .reload(.nothing)),
            ]
        )
    }

    @Test func `a slot that a reload takes away is not started once more`() {
        var scenario = scenario(["ash/one", "birch/one"])
        scenario.configuration.maxStarting = 1
        scenario.configuration.groups[0].replicas = 3
        expectEveryPromiseKept(
            scenario,
            [Step(at: .milliseconds(1), .reload(.group(0)))]
        )
    }

    @Test func `a call that is tried again still ends with the call that made it`() {
        var scenario = scenario(["ash/one", "birch/one"])
        scenario.configuration.kernels[1].isIdempotent = true
        var work = Work(.seconds(10))
        work.calls = 1
        expectEveryPromiseKept(
            scenario,
            [
                Step(at: .seconds(5), .call(call(0, work))),
                // The call of birch/one was made at 10 s.
                Step(at: .seconds(11), .harm(.crash(signal: "SIGSEGV"), worker: 1)),
                Step(at: .milliseconds(11_100), .cancel(0)),
                Step(at: .seconds(30), .reload(.nothing)),
            ]
        )
    }

    /// ash/one calls birch/one, which calls ash/two in the same worker, which calls birch/two.
    @Test func `a worker dies whose chain has come back to it`() {
        let scenario = scenario(["ash/one", "birch/two", "ash/three", "ash/two", "birch/one"])
        var work = Work(.seconds(64))
        work.calls = 9
        expectEveryPromiseKept(
            scenario,
            [
                Step(at: .seconds(5), .call(call(0, work, timeout: .seconds(200)))),
                // The other place of birch's worker, so that birch/two has to wait from 47 s on.
                Step(at: .seconds(36), .call(call(4, Work(.seconds(60)), timeout: .seconds(200)))),
                Step(at: .milliseconds(47_500), .harm(.crash(signal: "SIGSEGV"), worker: 0)),
                Step(at: .seconds(120), .reload(.nothing)),
            ]
        )
    }

    /// ash/one, whose worker is quarantined when it has died once, and its degraded profile.
    private func scenarioWithStandIn() -> Scenario {
        var scenario = scenario(["ash/one", "birch/one"])
        scenario.configuration.groups[0].recovery.maxRestarts = 0
        scenario.configuration.groups[0].recovery.retryQuarantined = .seconds(300)
        scenario.configuration.kernels[0].degraded = "degraded~ash/one"
        return scenario
    }

    @Test func `an answer says who made it after a reload has taken that one away`() {
        expectEveryPromiseKept(
            scenarioWithStandIn(),
            [
                Step(at: .seconds(5), .harm(.crash(signal: "SIGSEGV"), worker: 0)),
                Step(at: .seconds(20), .call(call(0, Work(.seconds(6))))),
                Step(at: .seconds(21), .reload(.kernel(0))),
                Step(at: .seconds(60), .reload(.kernel(1))),
            ]
        )
    }

    @Test func `a worker on demand starts for a call and goes when nobody calls`() {
        var scenario = scenario(["ash/one"])
        scenario.configuration.groups[0].lifecycle.start = .onDemand
        scenario.configuration.groups[0].lifecycle.idleStop = .seconds(5)
        expectEveryPromiseKept(
            scenario,
            [
                Step(at: .seconds(5), .reload(.nothing)),
                Step(at: .seconds(10), .call(call(0, Work(.seconds(1))))),
                Step(at: .seconds(40), .call(call(0, Work(.seconds(1))))),
                Step(at: .seconds(80), .reload(.nothing)),
            ]
        )
    }
}
