internal import SupervisionKit
internal import SupervisionSimulator
internal import Testing

/// Whole runs: the same seed is the same story, and no seed breaks a promise.
@Suite("Runs")
struct RunTests {
    @Test(arguments: [1, 2] as [UInt64])
    func `the same seed is the same story`(_ seed: UInt64) {
        let simulation = Simulation()
        let first = simulation.story(of: Plan(seed: seed))
        let second = simulation.story(of: Plan(seed: seed))
        #expect(first.lines == second.lines)
        #expect(first.outcome.coverage == second.outcome.coverage)
        #expect(first.lines.count > 100)
    }

    @Test func `another seed is another story`() {
        let simulation = Simulation()
        #expect(
            simulation.story(of: Plan(seed: 1)).lines != simulation.story(of: Plan(seed: 2)).lines
        )
    }

    @Test func `a small swarm keeps every promise`() async {
        let failures = await withTaskGroup(of: [String].self) { group in
            for part in 0..<Self.parts { group.addTask { await Self.failures(of: part) } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(failures == [])
    }

    private static let parts = 10
    private static let seedsPerPart = 6

    @concurrent private static func failures(of part: Int) async -> [String] {
        (1...seedsPerPart).flatMap { number in
            let seed = UInt64(part * seedsPerPart + number)
            let outcome = Simulation().run(Plan(seed: seed))
            return outcome.violation == nil ? [] : outcome.verdict(of: seed)
        }
    }

    @Test func `the end of faults is the end of trouble even without a step`() {
        let plan = Plan(seed: 7).keeping([])
        let outcome = Simulation().run(plan)
        #expect(outcome.violation == nil)
        #expect(outcome.coverage.count(of: Coverage.Mark.call) > 0)
    }

    @Test func `coverage of two runs is the sum of both`() {
        let (first, second) = (
            Simulation().run(Plan(seed: 1)).coverage, Simulation().run(Plan(seed: 2)).coverage
        )
        var sum = first
        sum += second
        #expect(
            sum.count(of: Coverage.Mark.crash)
                == first.count(of: Coverage.Mark.crash) + second.count(of: Coverage.Mark.crash)
        )
        #expect(sum.lines.allSatisfy { $0.count <= 100 })
    }
}
