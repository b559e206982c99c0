internal import SupervisionSimulator
internal import Synchronization

/// Many seeds on all processors; the first that fails is shortened and told.
struct Swarm {
    let seeds: ClosedRange<UInt64>
    let jobs: Int
    /// Failing seeds after which no more are tried.
    let maxFailures: Int

    private struct Totals {
        var seeds = 0
        var events = 0
        var simulated = Duration.zero
        var coverage = Coverage()
        var failures: [UInt64: Violation] = [:]

        mutating func add(_ outcome: Simulation.Outcome, of seed: UInt64) {
            seeds += 1
            events += outcome.events
            simulated += outcome.simulated
            coverage += outcome.coverage
            if let violation = outcome.violation { failures[seed] = violation }
        }
    }

    /// - Returns: whether every promise was kept.
    func run() async -> Bool {
        let clock = ContinuousClock()
        let begin = clock.now
        let totals = await runAll(since: begin)
        Output.endProgress()
        if let seed = totals.failures.keys.min(), let violation = totals.failures[seed] {
            tell(seed, violation)
        }
        Output.write(totals.coverage.lines + [summary(totals, clock.now - begin)])
        let others = totals.failures.keys.sorted().dropFirst()
        if !others.isEmpty {
            let list = others.prefix(20).map { "\($0) (\(totals.failures[$0]?.checker ?? ""))" }
            Output.write(["other seeds that fail: " + list.joined(separator: ", ")])
        }
        return totals.failures.isEmpty
    }

    private func runAll(since begin: ContinuousClock.Instant) async -> Totals {
        let queue = SeedQueue(seeds)
        let underWay = UnderWay(jobs: jobs)
        underWay.tellIfTrapped()
        let (outcomes, channel) = AsyncStream.makeStream(of: (UInt64, Simulation.Outcome).self)
        var totals = Totals()
        var last = begin
        let pause: Duration = Output.isTerminal ? .milliseconds(200) : .seconds(15)
        await withTaskGroup(of: Void.self) { group in
            for job in 0..<jobs {
                group.addTask { await Self.run(queue, job, underWay, channel) }
            }
            for await (seed, outcome) in outcomes {
                totals.add(outcome, of: seed)
                // What is found is told soon; more of it helps nobody.
                if totals.failures.count >= maxFailures { queue.close() }
                if totals.seeds == queue.handedOut, queue.isEmpty { break }
                let now = ContinuousClock().now
                guard now - last >= pause else { continue }
                last = now
                Output.progress(summary(totals, now - begin))
            }
        }
        return totals
    }

    @concurrent private static func run(
        _ queue: SeedQueue,
        _ job: Int,
        _ underWay: UnderWay,
        _ channel: AsyncStream<(UInt64, Simulation.Outcome)>.Continuation
    ) async {
        while let seed = queue.next() {
            underWay.begin(seed, in: job)
            let outcome = Simulation().run(Plan(seed: seed))
            underWay.end(in: job)
            channel.yield((seed, outcome))
            // The jobs may hold every thread there is; the one that counts needs its turn too.
            await Task.yield()
        }
    }

    private func summary(_ totals: Totals, _ spent: Duration) -> String {
        let seconds = Double(max(1, spent.milliseconds)) / 1000
        let hours = Double(totals.simulated.milliseconds) / 3_600_000
        return "\(totals.seeds) of \(seeds.count) seeds, \(totals.events) events, "
            + "\(hours.short) simulated hours in \(seconds.short) s "
            + "(\((hours / seconds).short) hours per second), \(totals.failures.count) failures"
    }

    private func tell(_ seed: UInt64, _ violation: Violation) {
        let plan = Plan(seed: seed)
        let kept = Shrinker().shrink(plan, failing: violation.checker)
        let (lines, outcome) = Simulation().story(of: plan.keeping(kept))
        Output.tell(lines, atMost: 400)
        Output.write(outcome.verdict(of: seed))
        let steps = StepRanges(kept).text
        Output.write([
            "  steps:   \(kept.count) of \(plan.steps.count) are needed",
            "  repeat:  supsim --seed \(seed)" + " --steps \(steps.isEmpty ? "''" : steps)", "",
        ])
    }
}

/// Seeds that have not run.
private final class SeedQueue: Sendable {
    private struct State {
        var next: UInt64
        var handedOut = 0
        var isClosed = false
    }

    private let last: UInt64
    private let state: Mutex<State>

    init(_ seeds: ClosedRange<UInt64>) {
        last = seeds.upperBound
        state = Mutex(State(next: seeds.lowerBound))
    }

    func next() -> UInt64? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            let seed = state.next
            state.handedOut += 1
            if seed == last { state.isClosed = true } else { state.next += 1 }
            return seed
        }
    }

    /// No more seeds are given out.
    func close() { state.withLock { $0.isClosed = true } }

    var handedOut: Int { state.withLock { $0.handedOut } }

    var isEmpty: Bool { state.withLock { $0.isClosed } }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension Double {
    /// With one digit behind the point.
    fileprivate var short: String {
        let tenths = Int64((self * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
