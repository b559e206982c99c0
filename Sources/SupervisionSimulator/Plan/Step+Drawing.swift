internal import SupervisionKit

extension Step.Action {
    init(in scenario: Scenario, using random: inout SplitMix64) {
        let weather = scenario.weather
        if random.chance(weather.faultSteps) {
            self = .fault(using: &random)
        } else if random.chance(20) {
            self = .turmoil(in: scenario, using: &random)
        } else {
            self = .call(Step.Call(in: scenario, using: &random))
        }
    }

    private static func fault(using random: inout SplitMix64) -> Step.Action {
        let worker = UInt32(random.number(0...255))
        let signal = random.chance(70) ? "SIGSEGV" : "SIGKILL"
        let harm: Step.Harm = random.one(
            of: [
                (5, .crash(signal: signal)), (2, .exit(1)), (0.2, .exit(78)), (0.2, .exit(3)),
                (2, .hang), (2, .freeze(random.spread(100...120_000))), (1, .closeChannel),
                (2, .sicken(random.spread(1000...120_000))),
                (1, .nonsense), (1, .wrongReply), (0.5, .helloAgain), (0.5, .readyAgain),
                (0.5, .heartbeats(random.number(1...20))),
            ],
            or: .crash(signal: signal)
        )
        return random.one(
            of: [
                (14, .harm(harm, worker: worker)), (0.5, .massDeath(group: worker)),
                (0.5, .stall(random.spread(100...20_000))),
                (0.2, .suspend(random.spread(1000...7_200_000))),
                (
                    0.5,
                    .clockJumpsBack(random.spread(1...60_000), turns: random.number(1...10))
                ),
            ],
            or: .harm(harm, worker: worker)
        )
    }

    /// What people do besides calling.
    private static func turmoil(
        in scenario: Scenario,
        using random: inout SplitMix64
    ) -> Step.Action {
        let client = random.number(0...(scenario.clients - 1))
        let pick = UInt32(random.number(0...255))
        let word = random.chance(50) ? nil : BreakerOverride.allCases.randomElement(using: &random)
        return random.one(
            of: [
                (8, .cancel(pick)), (2, .sameIDAgain(pick)), (1, .badFrame(client: client)),
                (2, .clientLeaves(client)),
                (0.4, .flood(client: client, kernel: pick, calls: random.number(5...60))),
                (6, .reload(Step.Reload(using: &random))), (0.5, .wrongFiles),
                (0.7, .overrideBreaker(kernel: pick, word)), (0.5, .acknowledgeAlert(group: pick)),
            ],
            or: .cancel(pick)
        )
    }
}

extension Step.Call {
    init(in scenario: Scenario, using random: inout SplitMix64) {
        self.init(
            client: random.number(0...(scenario.clients - 1)),
            kernel: UInt32(random.number(0...255)),
            timeout: random.chance(15) ? nil : random.spread(10...20_000),
            work: Work(scenario.weather, using: &random)
        )
        isIdempotent = random.chance(40)
        mayRetry = random.chance(90)
        if work.isPoison, random.chance(50) { key = UInt64(random.number(1...3)) }
    }
}

extension Step.Reload {
    private static func replicas(using random: inout SplitMix64) -> Int {
        random.one(of: [(1, 0), (4, 1), (4, 2), (3, 3)], or: 1)
    }

    init(using random: inout SplitMix64) {
        let pick = UInt32(random.number(0...255))
        let seed = random.next()
        self = random.one(
            of: [
                (2, .nothing), (4, .program(group: pick)),
                (4, .replicas(group: pick, Self.replicas(using: &random))),
                (3, .policies(group: pick, seed: seed)), (2, .group(pick)), (2, .kernel(pick)),
                (1, .move(kernel: pick, group: UInt32(random.number(0...3)))),
                (0.5, .limits(perClient: random.number(1...64))),
            ],
            or: .nothing
        )
    }
}
