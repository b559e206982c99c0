internal import SupervisionKit

/// Runs a plan and says what came of it.
package struct Simulation: Sendable {
    package struct Outcome: Sendable {
        /// The first promise that was broken, if one was.
        package var violation: Violation?
        /// What the daemon was given.
        package var events: Int
        package var simulated: Duration
        package var coverage: Coverage
        /// Every moment, when the story was asked for.
        package var story: [Moment]
    }

    package var checkers: [any Checker.Type]

    package init(checkers: [any Checker.Type] = Checkers.all) {
        self.checkers = checkers
    }

    package func run(_ plan: Plan, keepsStory: Bool = false) -> Outcome {
        var world = World(plan, observers: Observers(checkers, keepsStory: keepsStory))
        world.run()
        return Outcome(
            violation: world.observers.violation,
            events: world.turns,
            simulated: world.clock.since(World.start),
            coverage: world.observers.coverage,
            story: world.observers.story
        )
    }

    /// The plan's story in lines, the verdict last.
    package func story(of plan: Plan) -> (lines: [String], outcome: Outcome) {
        let outcome = run(plan, keepsStory: true)
        var narrator = Narrator(start: World.start)
        return (outcome.story.compactMap { narrator.line($0) }, outcome)
    }
}
