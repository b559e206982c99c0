internal import SupervisionSimulator
internal import Testing

/// Seeds that broke a promise once, each under the name of what was wrong.
///
/// The first mistake itself is in `faults`, the second was the simulator's own.
@Suite("Seeds that once failed")
struct FoundSeedsTests {
    private func expectEveryPromiseKept(of seed: UInt64) {
        let outcome = Simulation().run(Plan(seed: seed))
        #expect(outcome.violation == nil, "\(outcome.verdict(of: seed))")
    }

    @Test func `a slot that a reload takes away is not started once more`() {
        expectEveryPromiseKept(of: 55)
    }

    @Test func `a daemon that ends as a worker dies owes its calls nothing`() {
        expectEveryPromiseKept(of: 3386)
    }
}
