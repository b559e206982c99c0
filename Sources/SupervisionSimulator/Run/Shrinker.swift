/// Finds a shorter plan that breaks the same promise, by leaving out steps.
///
/// Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002: parts
/// of the plan are left out, large ones first, as long as what is left still fails.
package struct Shrinker: Sendable {
    package var simulation: Simulation
    /// Events that are spent at most: some ten seconds of work.
    package var maxEvents = 500_000

    package init(simulation: Simulation = Simulation()) {
        self.simulation = simulation
    }

    /// - Parameters:
    ///   - plan: one that fails.
    ///   - checker: the name of the checker that says so.
    /// - Returns: indices of the steps that are needed, ascending.
    package func shrink(_ plan: Plan, failing checker: String) -> [Int] {
        var kept = Array(plan.steps.indices)
        var events = 0
        func fails(_ indices: [Int]) -> Bool {
            let outcome = simulation.run(plan.keeping(indices))
            events += outcome.events
            return outcome.violation?.checker == checker
        }
        if fails([]) { return [] }
        var size = max(1, kept.count / 2)
        while events < maxEvents {
            var start = 0
            var hasShrunk = false
            while start < kept.count, events < maxEvents {
                let rest = Array(kept[..<start] + kept[min(start + size, kept.count)...])
                if fails(rest) {
                    kept = rest
                    hasShrunk = true
                } else {
                    start += size
                }
            }
            if size == 1, !hasShrunk { break }
            size = max(1, size / 2)
        }
        return kept
    }
}
