package import SupervisionKit

/// What a call does in the worker that gets it.
package struct Work: Hashable, Sendable {
    package enum Fate: Hashable, Sendable {
        case result
        /// An error of the kernel's or the device's own.
        case error(CallError, Execution)
        /// "Not now": refused before it began.
        case busy(retryAfter: Duration)
        /// The process dies of it.
        case crash
        /// The kernel takes the process's memory until the system ends it.
        case outOfMemory
        /// It never ends and hears no cancel.
        case hang
        /// It hears no cancel, and answers in the end.
        case deaf
        /// The answer comes twice.
        case answerTwice
        /// The process closes its channel and lives on.
        case closeChannel
        /// The process exits with this status.
        case exit(Int32)
    }

    package var duration: Duration
    package var fate: Fate
    /// It does the same to each worker that takes it; else only to the first.
    package var isPoison = false
    /// The kernel calls the kernel with this number, half way through.
    package var calls: UInt32?

    package init(_ duration: Duration, _ fate: Fate = .result, isPoison: Bool = false) {
        self.duration = duration
        self.fate = fate
        self.isPoison = isPoison
    }

    init(_ weather: Weather, using random: inout SplitMix64) {
        self.init(random.spread(1...2000))
        if random.chance(weather.harmfulCalls) {
            fate = random.one(
                of: [
                    (4, .crash), (1, .outOfMemory), (2, .hang), (2, .deaf), (1, .answerTwice),
                    (1, .closeChannel), (1, .exit(1)), (0.1, .exit(3)), (0.1, .exit(78)),
                ],
                or: .crash
            )
            isPoison = random.chance(30)
        } else if random.chance(weather.failingCalls) {
            let wait = random.chance(50) ? Duration.zero : random.milliseconds(1...2000)
            fate = random.one(
                of: [
                    (2, .error(.kernelFailed, .ranAndFailed)),
                    (2, .error(.deviceFailed, .ranAndFailed)),
                    (1, .error(.invalidArgument, .notRun)), (2, .busy(retryAfter: wait)),
                ],
                or: .result
            )
            isPoison = random.chance(30)
        }
        if random.chance(weather.callingKernels) { calls = UInt32(random.number(0...255)) }
    }
}
