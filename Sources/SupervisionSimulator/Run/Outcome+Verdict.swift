internal import SupervisionKit

extension Simulation.Outcome {
    /// What came of the run, in lines.
    package func verdict(of seed: UInt64) -> [String] {
        let extent = "\(events) events in \(simulated.inWords) of simulated time"
        guard let violation else {
            return ["seed \(seed): every promise was kept; \(extent)"]
        }
        return [
            "seed \(seed): a promise was broken; \(extent)",
            "  promise: \(violation.promise)",
            "  checker: \(violation.checker)",
            "  broken:  \(violation.message)",
        ]
    }
}
