internal import SupervisionSimulator

/// One seed, told.
struct Single {
    let seed: UInt64
    let steps: StepRanges?
    /// Of the story.
    let maxLines: Int

    /// - Returns: whether every promise was kept.
    func run() -> Bool {
        var plan = Plan(seed: seed)
        if let steps { plan = plan.keeping(steps.indices) }
        let simulation = Simulation()
        let (lines, outcome) = simulation.story(of: plan)
        Output.tell(lines, atMost: maxLines)
        Output.write(outcome.verdict(of: seed))
        return outcome.violation == nil
    }
}
