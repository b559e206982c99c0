internal import SupervisionKit

/// The made-up world around one supervisor: a clock, processes, clients, people.
///
/// It carries out what the core asks for as a system would, and lets the plan's steps and what
/// follows from them happen to it. All contact with the core's events and effects is in
/// `World+Effects` and `World+Events`.
struct World: Sendable {
    /// A call, as far as the world knows.
    struct Call: Sendable {
        var sent: SentCall
        /// The caller's own id of it.
        var callerCall: UInt64
        var group: String
        var work: Work
        /// The daemon's id of it, once it has been taken.
        var id: CallID?
        var isOpen = true
        var holder: WorkerID?
        var handOvers = 0
        var hasResult = false
        /// It was one too many.
        var isShed = false
    }

    struct CallerKey: Hashable {
        var caller: CallerID
        var callerCall: UInt64
    }

    /// What is at hand in the turn under way.
    struct AtHand {
        var arrival: Int?
        var reply: (call: Int, reply: WorkerReply)?
        var isConfiguring = false
        /// Who is gone with this turn.
        var leaver: CallerID?
    }

    let plan: Plan
    var supervisor: Supervisor
    var observers: Observers

    /// Time as it is.
    var clock = start
    /// The latest instant that the daemon was given.
    var seen = start
    var skew = Duration.zero
    var skewedTurns = 0
    var agenda = Agenda()
    var hasWeather = true
    var turns = 0

    /// By slot.
    var processes: [Process?] = []
    var starts: [Int] = []
    /// By slot: its last process ended because it was told to, or there was none.
    var endedInOrder: [Bool] = []
    var states: [SlotID: String] = [:]

    var calls: [Call] = []
    var numbers: [CallID: Int] = [:]
    var open: [CallerKey: Int] = [:]
    /// In the order in which they were sent.
    var openCalls: [Int] = []
    /// Generations of the connections.
    var clients: [UInt32]

    var configuration: Configuration
    /// Groups and kernels that a reload took away, to come back.
    var absentGroups: [String: GroupConfiguration] = [:]
    var absentKernels: [String: KernelConfiguration] = [:]
    var overridden: Set<String> = []
    /// Groups whose files are beyond repair by a restart.
    var spoilt: Set<String> = []
    var kernelIDs: [String: KernelID] = [:]
    var stopAsked: Instant?
    var stopUrged = false
    var hasExited = false

    var effects: [Effect] = []
    var atHand = AtHand()

    /// An instant well after the machine's own start.
    static let start = Instant(nanoseconds: 1_000_000_000_000)

    init(_ plan: Plan, observers: Observers) {
        self.plan = plan
        self.observers = observers
        supervisor = Supervisor(
            seed: plan.seed,
            at: Self.start,
            watchdogInterval: plan.scenario.watchdogInterval
        )
        configuration = plan.scenario.configuration
        clients = Array(repeating: 0, count: plan.scenario.clients + 1)
    }

    var weather: Weather {
        guard !hasWeather else { return plan.scenario.weather }
        var calm = Weather()
        calm.badStarts = 0
        calm.stubbornProcesses = 0
        calm.deafClients = 0
        calm.fullChannels = 0
        return calm
    }

    /// What the daemon takes for the present instant if it is given something now.
    var instant: Instant { max(seen, given) }

    /// What the daemon reads from its clock.
    var given: Instant { skewedTurns > 0 ? clock + (.zero - skew) : clock }

    mutating func observe(_ fact: Fact) {
        observers.observe(Moment(at: seen, fact))
    }

    /// A generator of its own for one thing.
    func dice(_ first: Int, _ second: Int) -> SplitMix64 {
        SplitMix64(seed: plan.seed, first, second)
    }
}
