import SupervisionKit
import Testing

/// A made-up world around the core: processes that start, answer, hang, lie and die, clients that
/// call, cancel and leave, all drawn from a seed.
///
/// A checker keeps the books; whatever the world does, they must agree. A failing seed is printed
/// and becomes a case of its own.
private struct World {
    var harness: Harness
    var random: SplitMix64
    var configuration: Configuration
    /// Processes that exist, with the calls they hold and whether they can still answer.
    var processes: [WorkerID: Process] = [:]
    /// Accepted or refused: each call that was sent, with the number of its answers.
    var answers: [CallKey: Int] = [:]
    var sent: [CallKey: SentCall] = [:]
    var frames: Set<CallID> = []
    var faultsEnded = false
    var nextCall: UInt64 = 0
    var clientGenerations: [UInt32] = [0, 0, 0]

    struct CallKey: Hashable {
        var client: ClientID
        var id: UInt64
    }

    struct SentCall {
        var deadline: Instant
        var isIdempotent: Bool
        var handOvers = 0
        var clientIsThere = true
    }

    struct Process {
        var isReady = false
        var isHung = false
        /// It was told to go and is still there.
        var isDoomed = false
        var calls: [CallID] = []
        var cancelled: Set<CallID> = []
    }

    var keys: [CallID: CallKey] = [:]

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        harness = Harness(seed: seed)
        configuration = Harness.configuration(["a/a", "b/b"], replicas: 2)
        for index in configuration.groups.indices {
            configuration.groups[index].recovery.maxRestarts = 5
        }
        take(harness.act(.configured(configuration)), arrival: nil)
    }

    // MARK: - What the core asks for

    mutating func take(_ effects: [Effect], arrival: CallKey?) {
        for effect in effects {
            switch effect {
            case .keep(let call):
                #expect(arrival != nil, "nothing is at hand to be kept")
                #expect(frames.insert(call).inserted)
                keys[call] = arrival
            case .release(let call): #expect(frames.remove(call) != nil, "released twice")
            case .forward(let call, let worker, let deadline, _):
                forward(call, worker, deadline, arrival)
            case .cancel(let call, let worker): processes[worker]?.cancelled.insert(call)
            case .deliver(let client, let id, _, _): answer(CallKey(client: client, id: id))
            case .answer(let answer):
                self.answer(CallKey(client: answer.client, id: answer.clientCall))
            case .spawn(let worker):
                #expect(!processes.keys.contains { $0.slot == worker.slot }, "two in one slot")
                processes[worker] = Process()
            case .welcome: break
            case .askToStop(let worker), .terminate(let worker):
                processes[worker]?.isDoomed = true
                if processes[worker]?.isHung == false, chance(70) { end(worker, .exited(0)) }
            case .kill(let worker):
                processes[worker]?.isDoomed = true
                if chance(90) || faultsEnded {
                    end(worker, .signaled(name: "SIGKILL", coreDumped: false))
                }
            case .log, .notify, .exit: break
            }
        }
    }

    mutating func forward(
        _ call: CallID,
        _ worker: WorkerID,
        _ deadline: Instant,
        _ arrival: CallKey?
    ) {
        if let arrival, !frames.contains(call) { keys[call] = arrival }
        guard let key = keys[call], processes[worker]?.isReady == true else {
            Issue.record("a call was handed to a worker that is not ready")
            return
        }
        #expect(deadline > harness.now, "handed over after its deadline")
        processes[worker]?.calls.append(call)
        #expect((processes[worker]?.calls.count ?? 0) <= 2, "more calls than it takes at once")
        sent[key]?.handOvers += 1
        if sent[key]?.isIdempotent == false { #expect(sent[key]?.handOvers == 1) }
        #expect((sent[key]?.handOvers ?? 0) <= 2, "a third worker")
    }

    mutating func answer(_ key: CallKey) {
        answers[key, default: 0] += 1
        #expect(answers[key] == 1, "a call was answered twice")
        if let call = sent[key] {
            #expect(harness.now <= call.deadline, "answered after its deadline")
        }
    }

    // MARK: - What happens

    mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    /// Effects of the event come back to `take` only after the event that caused them.
    private var later: [(Event, WorkerID?)] = []

    mutating func end(_ worker: WorkerID, _ end: WorkerEnd) {
        later.append((.workerEnded(worker, end), worker))
    }

    mutating func act(_ event: Event, arrival: CallKey? = nil) {
        take(harness.act(event), arrival: arrival)
        while !later.isEmpty {
            let (event, gone) = later.removeFirst()
            guard let gone, processes[gone] != nil else { continue }
            processes[gone] = nil
            take(harness.act(event), arrival: nil)
        }
    }

    mutating func step() {
        harness.now = harness.now + .milliseconds(Int64.random(in: 0...40, using: &random))
        if let next = harness.supervisor.nextDeadline, next <= harness.now || chance(10) {
            // Time never jumps over a deadline further than the loop's own lateness.
            harness.now = next
            act(.timePassed)
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40: sendCall()
        case 40..<75: letAWorkerAct()
        case 75..<80: cancelACall()
        case 80..<82: closeAClient()
        case 82..<85: reload()
        default: if !faultsEnded { breakAWorker() }
        }
    }

    mutating func sendCall() {
        let client = Int.random(in: 0..<3, using: &random)
        nextCall += 1
        let key = CallKey(
            client: ClientID(index: client, generation: clientGenerations[client]),
            id: nextCall
        )
        let span = Duration.milliseconds(Int64.random(in: 1...2000, using: &random))
        let isIdempotent = chance(60)
        sent[key] = SentCall(deadline: harness.now + span, isIdempotent: isIdempotent)
        act(
            .callArrived(
                CallArrival(
                    client: key.client,
                    clientCall: key.id,
                    kernel: KernelID(index: chance(50) ? 0 : 1),
                    deadline: harness.now + span,
                    isIdempotent: isIdempotent
                )
            ),
            arrival: key
        )
    }

    /// In a fixed order: a dictionary's own differs from run to run.
    var workers: [WorkerID] {
        processes.keys.sorted {
            ($0.slot.index, $0.incarnation) < ($1.slot.index, $1.incarnation)
        }
    }

    mutating func randomWorker() -> WorkerID? {
        workers.randomElement(using: &random)
    }

    mutating func letAWorkerAct() {
        guard let worker = randomWorker(), let process = processes[worker], !process.isHung
        else { return }
        guard process.isReady else {
            act(.workerGreeted(worker, concurrency: 2))
            processes[worker]?.isReady = true
            let declaration = harness.declaration(worker, isIdempotent: false)
            return act(.workerReady(worker, declaration))
        }
        guard let call = process.calls.first else { return }
        processes[worker]?.calls.removeFirst()
        let error: CallError? = process.cancelled.contains(call) ? .cancelled : nil
        act(.workerReplied(worker, call, error))
    }

    mutating func cancelACall() {
        guard let key = sent.keys.min(by: { $0.id > $1.id }) else { return }
        act(.callCancelled(key.client, clientCall: key.id))
    }

    mutating func closeAClient() {
        let index = Int.random(in: 0..<3, using: &random)
        let client = ClientID(index: index, generation: clientGenerations[index])
        clientGenerations[index] += 1
        for key in sent.keys where key.client == client { sent[key]?.clientIsThere = false }
        act(.clientClosed(client))
    }

    mutating func reload() {
        if chance(30) {
            let group = Int.random(in: 0..<2, using: &random)
            configuration.groups[group].launchFingerprint += 1
        }
        act(.configured(configuration))
    }

    mutating func breakAWorker() {
        guard let worker = randomWorker() else { return }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: processes[worker]?.isHung = true
        case 1: act(.workerChannelClosed(worker))
        case 2: act(.workerMisbehaved(worker, "made up"))
        case 3: act(.workerReplied(worker, CallID(rawValue: 12345), nil))
        case 4:
            end(worker, .exited(1))
            act(.timePassed)
        default:
            end(worker, .signaled(name: "SIGSEGV", coreDumped: false))
            act(.timePassed)
        }
    }

    // MARK: - The end

    /// Faults end, time goes on: everything is answered and every worker is back.
    mutating func settle() {
        faultsEnded = true
        for _ in 0..<4000 {
            for worker in workers {
                guard let process = processes[worker], process.isHung || process.isDoomed else {
                    continue
                }
                // A hang without a call shows by nothing yet, and what is stuck ends some day.
                end(worker, .signaled(name: "SIGKILL", coreDumped: false))
            }
            letAWorkerAct()
            guard let next = harness.supervisor.nextDeadline else { continue }
            if chance(30) {
                harness.now = max(harness.now, next)
                act(.timePassed)
            }
        }
    }

    func check(_ seed: UInt64) {
        for (key, call) in sent where call.clientIsThere {
            #expect(answers[key] == 1, "seed \(seed): call \(key.id) was not answered")
        }
        let snapshot = harness.supervisor.snapshot
        #expect((snapshot.inFlight, snapshot.queued) == (0, 0), "seed \(seed)")
        #expect(frames.isEmpty, "seed \(seed): frames are left")
        for kernel in snapshot.kernels {
            #expect(kernel.health.state == .healthy, "seed \(seed): \(kernel.health)")
        }
        let totals = snapshot.totals
        #expect(totals.accepted == totals.ok + totals.failed, "seed \(seed)")
    }
}

@Suite("A made-up world")
struct SimulationTests {
    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `every call ends once and every worker comes back`(_ seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<600 { world.step() }
        world.settle()
        world.check(seed)
    }
}
