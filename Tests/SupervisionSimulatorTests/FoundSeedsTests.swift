internal import SupervisionSimulator
internal import Testing

/// Seeds that broke a promise once, each under the name of what was wrong.
///
/// The mistakes are in `faults`, but for the last one, which was the simulator's own.
@Suite("Seeds that once failed")
struct FoundSeedsTests {
    private func expectEveryPromiseKept(of seed: UInt64) {
        let outcome = Simulation().run(Plan(seed: seed))
        #expect(outcome.violation == nil, "\(outcome.verdict(of: seed))")
    }

    @Test func `a slot that a reload takes away is not started once more`() {
        expectEveryPromiseKept(of: 55)
    }

    @Test func `an answer says who made it after a reload has taken that one away`() {
        expectEveryPromiseKept(of: 54)
    }

    @Test func `a reload that takes a kernel away does not start its stand-in`() {
        expectEveryPromiseKept(of: 4386)
    }

    @Test func `a sleeping kernel takes the call that its former worker could not serve`() {
        expectEveryPromiseKept(of: 2656)
    }

    @Test func `a worker that can't be started keeps no others of its group awake`() {
        expectEveryPromiseKept(of: 2928)
    }

    @Test func `a daemon that ends as a worker dies owes its calls nothing`() {
        expectEveryPromiseKept(of: 3386)
    }
}
