internal import SupervisionKit

/// How bad the world is in one run: shares in percent.
package struct Weather: Hashable, Sendable {
    /// Of all steps, those that break something.
    package var faultSteps = 8.0
    /// Of all calls, those that do harm to their worker.
    package var harmfulCalls = 5.0
    /// Of all calls, those that end with an error of their own.
    package var failingCalls = 5.0
    /// Of all process starts, those that go wrong in one way or another.
    package var badStarts = 5.0
    /// Of all processes, those that don't go when they are told.
    package var stubbornProcesses = 5.0
    /// Of all replies and answers, those whose client no longer reads.
    package var deafClients = 0.2
    /// Of all hand-overs, those whose channel is full.
    package var fullChannels = 0.2
    /// Of all calls, those whose kernel calls another.
    package var callingKernels = 12.0

    package init() {}

    init(using random: inout SplitMix64) {
        // From still to stormy.
        let force = random.one(of: [(2, 0.1), (5, 1), (3, 3), (1, 8)], or: 1.0)
        faultSteps = min(faultSteps * force, 40)
        harmfulCalls = min(harmfulCalls * force, 40)
        failingCalls *= Double(random.number(0...8))
        badStarts = min(badStarts * force, 60)
        stubbornProcesses = min(stubbornProcesses * force, 60)
        deafClients *= force
        fullChannels *= force
        if random.chance(25) { callingKernels = 0 }
    }
}
