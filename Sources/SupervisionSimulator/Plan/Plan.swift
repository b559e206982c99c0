internal import SupervisionKit

/// All that happens to the daemon in one run, drawn from a seed before the run begins.
///
/// The run itself draws only from what the plan's seed and the number of the thing give (the third
/// process of a slot always behaves alike), so that the same plan is the same story, bit by bit,
/// and a plan with steps left out is a story that is like it.
package struct Plan: Hashable, Sendable {
    package let seed: UInt64
    package var scenario: Scenario
    /// In order of their instants.
    package var steps: [Step]

    package init(seed: UInt64, scenario: Scenario, steps: [Step]) {
        self.seed = seed
        self.scenario = scenario
        self.steps = steps
    }

    package init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let scenario = Scenario(using: &random)
        var steps: [Step] = []
        var at = Duration.zero
        // How fast things follow on each other.
        let haste = random.one(of: [(1, 20), (3, 200), (2, 1000)], or: 200)
        for _ in 0..<random.number(Self.stepCounts) {
            at += random.chance(2) ? random.milliseconds(1000...30_000) : random.spread(0...haste)
            steps.append(Step(at: at, Step.Action(in: scenario, using: &random)))
        }
        if scenario.endsWithStop {
            steps.append(Step(at: at + random.spread(1...1000), .stop))
            // Hurried along.
            if random.chance(30) { steps.append(Step(at: at + random.spread(1000...9000), .stop)) }
        }
        self.init(seed: seed, scenario: scenario, steps: steps)
    }

    static let stepCounts = 300...700

    /// The same plan with only these of its steps.
    package func keeping(_ indices: some Sequence<Int>) -> Plan {
        var plan = self
        plan.steps = indices.filter(steps.indices.contains).map { steps[$0] }
        return plan
    }
}
