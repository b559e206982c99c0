internal import SupervisionKit

/// A worker process of the made-up world.
package struct Process: Sendable {
    /// What is decided about it when it starts.
    struct Nature: Sendable {
        enum Start: Hashable, Sendable {
            case good
            /// It can't be started, now or ever.
            case impossible(isPermanent: Bool)
            case neverGreets
            case greetsAndStalls
            case readyWithoutHello
            case exits(Int32)
        }

        var start = Start.good
        var startTime: Duration = .milliseconds(20)
        var concurrency = 1
        var ignoresRequests = false
        var ignoresTerm = false
        /// How long the system takes to end it after SIGKILL.
        var dyingTime: Duration = .milliseconds(1)
        /// How long it takes to answer a cancel or a probe.
        var answerTime: Duration = .milliseconds(2)
        /// Its probes say that it serves worse than it should.
        var isSlow = false
        /// What its first kernel's program suffers from; empty for nothing.
        var problem = ""
    }

    /// What a probe finds.
    package enum State: String, Sendable {
        case well
        case busy
        case slow = "well, but slow"
        case sick
    }

    struct Task: Sendable {
        var call: Int
        var isRecalled = false
        /// Its own time is over.
        var isDone = false
        /// It waits for the answer to this call of its own.
        var child: Int?
    }

    let worker: WorkerID
    let slot: Int
    var nature = Nature()
    var hasGreeted = false
    var isReady = false
    /// It answers nothing any more.
    var isHung = false
    var frozenUntil = Instant.zero
    /// Its probes fail until then.
    var sickUntil = Instant.zero
    /// The daemon has asked it to finish, or has sent SIGTERM.
    var isAsked = false
    var isKilled = false
    /// It is not there as far as the daemon's channel goes.
    var isSilent = false
    /// Its end is on its way.
    var isEnding = false
    var tasks: [Task] = []

    init(_ worker: WorkerID) {
        self.worker = worker
        slot = worker.slot.index
    }

    func state(at now: Instant) -> State {
        if tasks.count >= nature.concurrency { return .busy }
        if sickUntil > now { return .sick }
        return nature.isSlow ? .slow : .well
    }

    func task(of call: Int) -> Int? { tasks.firstIndex { $0.call == call } }
}

extension Process.Nature {
    init(_ weather: Weather, using random: inout SplitMix64) {
        startTime = random.spread(5...2000)
        concurrency = random.one(of: [(3, 1), (2, 2), (1, 4)], or: 1)
        answerTime = random.spread(1...50)
        if random.chance(weather.badStarts / 10) {
            problem = "its program does not compile"
        } else if random.chance(weather.badStarts) {
            start = random.one(
                of: [
                    (2, .impossible(isPermanent: false)), (0.2, .impossible(isPermanent: true)),
                    (1, .neverGreets), (1, .greetsAndStalls), (0.5, .readyWithoutHello),
                    (3, .exits(1)), (0.2, .exits(127)),
                ],
                or: .good
            )
        }
        isSlow = random.chance(weather.badStarts)
        ignoresRequests = random.chance(weather.stubbornProcesses)
        ignoresTerm = random.chance(weather.stubbornProcesses)
        if random.chance(weather.stubbornProcesses) {
            dyingTime = random.spread(10...60_000)
        }
    }
}
