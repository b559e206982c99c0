internal import SupervisionKit
internal import SupervisionSimulator
internal import Testing

/// Broken by any flood that follows a reload: two steps are needed.
private struct NoFloodAfterReload: Checker {
    static let promise = "No flood comes after a reload."

    private var reloads = 0

    init() {}

    mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .outside(.configured): reloads += 1
        // The first is the daemon's start.
        case .outside(.did(.flood, _)) where reloads > 1: return "a flood"
        case .outside, .call, .worker, .core: break
        }
        return nil
    }
}

@Suite("Shrinker")
struct ShrinkerTests {
    private let simulation = Simulation(checkers: [NoFloodAfterReload.self])

    @Test func `a failing plan is shortened to the steps that are needed`() throws {
        let checker = NoFloodAfterReload.name
        let plans = (1...20).lazy.map { Plan(seed: $0) }
        let plan = try #require(plans.first { simulation.run($0).violation != nil })
        let kept = Shrinker(simulation: simulation).shrink(plan, failing: checker)
        let actions = kept.map { plan.steps[$0].action }
        try #require(actions.count == 2)
        guard case .reload = actions[0], case .flood = actions[1] else {
            Issue.record("\(actions)")
            return
        }
        #expect(simulation.run(plan.keeping(kept)).violation?.checker == checker)
    }

    @Test func `a plan that fails without any step is shortened to none`() throws {
        let simulation = Simulation(checkers: [NothingBegins.self])
        let kept = Shrinker(simulation: simulation)
            .shrink(Plan(seed: 1), failing: NothingBegins.name)
        #expect(kept == [])
    }
}

private struct NothingBegins: Checker {
    static let promise = "Nothing begins."

    init() {}

    mutating func observe(_ fact: Fact, at now: Instant) -> String? { "it begins" }
}

@Suite("Lists of steps")
struct StepRangesTests {
    @Test(arguments: [
        ("3", [3]), ("3,17,20-23", [3, 17, 20, 21, 22, 23]), ("", []),
    ])
    func `a list is read and written alike`(_ text: String, _ indices: [Int]) throws {
        let ranges = try #require(StepRanges(parsing: text))
        #expect(ranges.indices == indices)
        #expect(ranges.text == text)
    }

    @Test(arguments: ["a", "1-", "-1", "5-3", "1--2", "0-99999999999", "1,,b"])
    func `what is no list is refused`(_ text: String) {
        #expect(StepRanges(parsing: text) == nil)
    }
}
