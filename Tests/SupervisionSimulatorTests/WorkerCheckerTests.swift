internal import SupervisionKit
internal import SupervisionSimulator
internal import Testing

/// Each checker of workers and of the whole is shown a story that breaks its promise.
@Suite("Checkers of workers and of the whole")
struct WorkerCheckerTests {
    private let worker = CheckerTrace.worker
    private let start = WorkerStart(name: "ash/0")
    private let until = CheckerTrace.start + .seconds(5)

    @Test func `a worker that keeps a recalled call and lives is found`() {
        var trace = CheckerTrace([
            .call(.recalled(0, from: worker, until: CheckerTrace.start + .seconds(2)))
        ])
        trace.endTurn(after: .seconds(2))
        #expect(trace.judge(by: WedgedWorkersAreKilled.self) == nil)
        trace.endTurn(after: .seconds(3))
        let complaint = "a worker kept call 0 for 1.0 s too long and lives"
        #expect(trace.judge(by: WedgedWorkersAreKilled.self) == complaint)
    }

    @Test func `a worker that is killed in time is wedged no more`() {
        var trace = CheckerTrace([
            .call(.recalled(0, from: worker, until: CheckerTrace.start + .seconds(2)))
        ])
        trace.add(.killed(worker), after: .seconds(2))
        trace.endTurn(after: .seconds(3))
        #expect(trace.judge(by: WedgedWorkersAreKilled.self) == nil)
    }

    @Test func `a second process in a slot is found`() {
        let trace = CheckerTrace([
            .worker(.started(worker, start)), .worker(.started(CheckerTrace.successor, start)),
        ])
        let complaint = "'ash/0' was started while life 1 of it was still there"
        #expect(trace.judge(by: OneProcessPerSlot.self) == complaint)
    }

    @Test func `an incarnation that comes twice is found`() {
        let trace = CheckerTrace([
            .worker(.started(worker, start)),
            .worker(.ended(worker, .exited(0), culprit: nil)),
            .worker(.started(worker, start)),
        ])
        let complaint = "'ash/0' was started with an incarnation that has been"
        #expect(trace.judge(by: OneProcessPerSlot.self) == complaint)
    }

    @Test func `a restart beyond the budget is found`() {
        let restart = WorkerStart(name: "ash/0", isRestart: true, maxRestarts: 1)
        let trace = CheckerTrace(
            Array(repeating: Fact.worker(.started(worker, restart)), count: 3)
        )
        let complaint = "'ash/0' has been restarted 3 times in 60 s, with a budget of 1"
        #expect(trace.judge(by: RestartsAreBounded.self) == complaint)
    }

    @Test func `restarts that are a window apart are within the budget`() {
        let restart = WorkerStart(name: "ash/0", isRestart: true, maxRestarts: 1)
        var trace = CheckerTrace([])
        for minute in 0..<5 { trace.add(.started(worker, restart), after: .seconds(60 * minute)) }
        #expect(trace.judge(by: RestartsAreBounded.self) == nil)
    }

    @Test func `a start of what nobody wants is found`() {
        let unwanted = WorkerStart(name: "ash/0", isWanted: false)
        let trace = CheckerTrace([.worker(.started(worker, unwanted))])
        let complaint = "'ash/0' was started and is not wanted"
        #expect(trace.judge(by: StoppedStaysStopped.self) == complaint)
    }

    @Test func `a start after the daemon's end is found`() {
        let trace = CheckerTrace([.core(.exited), .worker(.started(worker, start))])
        let complaint = "'ash/0' was started after the daemon's end"
        #expect(trace.judge(by: StoppedStaysStopped.self) == complaint)
    }

    @Test func `a call for a worker that is not ready is found`() {
        let trace = CheckerTrace([
            .worker(.greeted(worker, concurrency: 1)),
            .call(.handedOver(0, to: worker, until: until)),
        ])
        let complaint = "call 0 was handed to a worker that is not ready"
        #expect(trace.judge(by: OnlyReadyWorkersGetCalls.self) == complaint)
    }

    @Test func `one call more than a worker takes is found`() {
        let trace = CheckerTrace([
            .worker(.greeted(worker, concurrency: 1)), .worker(.ready(worker)),
            .call(.handedOver(0, to: worker, until: until)),
            .call(.handedOver(1, to: worker, until: until)),
        ])
        let complaint = "call 1 is one more than its worker takes at once"
        #expect(trace.judge(by: OnlyReadyWorkersGetCalls.self) == complaint)
    }

    @Test func `books that don't agree are found`() {
        let trace = CheckerTrace([.core(.turnEnded(isConsistent: false))])
        #expect(trace.judge(by: BooksAgree.self) == "the core finds its own books at odds")
    }

    @Test func `a refusal by a kernel that is shown as healthy is found`() {
        let trace = CheckerTrace([
            .core(.showedKernel("ash/one", .healthy)), .call(.sent(0, CheckerTrace.call())),
            .call(.ended(0, CallEnd(error: .circuitOpen, execution: .notRun, attempts: 0))),
        ])
        let complaint = "ash/one is shown as healthy and refuses call 0: circuit_open"
        #expect(trace.judge(by: ReadyMeansServed.self) == complaint)
    }

    @Test func `a call that a kernel takes while it is shown as down is found`() {
        let trace = CheckerTrace([
            .core(.showedKernel("ash/one", .down)), .call(.sent(0, CheckerTrace.call())),
            .call(.accepted(0)),
        ])
        let complaint = "ash/one is shown as down and takes call 0"
        #expect(trace.judge(by: ReadyMeansServed.self) == complaint)
    }

    @Test func `a quarantine that no error record tells is found`() {
        let shown = Fact.core(.showed(slot: "ash/0", state: "quarantined"))
        let fields = [LogRecord.Field("WORKER", "ash/0")]
        let record = LogRecord(.error, .workerQuarantined, "made up", fields)
        #expect(
            CheckerTrace([shown]).judge(by: TroubleIsReported.self)
                == "'ash/0' is quarantined and no error record says so"
        )
        let told = CheckerTrace([.core(.wrote(record)), shown])
        #expect(told.judge(by: TroubleIsReported.self) == nil)
    }

    @Test func `what does not come back is found`() {
        var aftermath = Aftermath()
        aftermath.complaints = ["ash/one is down", "1 calls wait"]
        let trace = CheckerTrace([.core(.settled(aftermath))])
        let complaint = "ash/one is down; 1 calls wait"
        #expect(trace.judge(by: EverythingComesBack.self) == complaint)
    }

    @Test func `a start that nobody has called for is found`() {
        var start = WorkerStart(name: "ash/0")
        start.group = "ash"
        start.isOnDemand = true
        let started = Fact.worker(.started(worker, start))
        let complaint = "'ash/0' was started, and nobody has called"
        #expect(CheckerTrace([started]).judge(by: SleepersWaitForCalls.self) == complaint)
        let call = CheckerTrace.call { $0.group = "ash" }
        let called = CheckerTrace([.call(.sent(0, call)), started])
        #expect(called.judge(by: SleepersWaitForCalls.self) == nil)
    }

    // MARK: - One away at a time

    private let other = WorkerID(slot: SlotID(index: 1), incarnation: Incarnation(number: 7))
    private let change = Fact.outside(.configured(kernels: 1, changed: ["ash"], why: ""))

    /// Two workers of a group are ready.
    private func pair() -> CheckerTrace {
        var starts = [start, WorkerStart(name: "ash/1")]
        for index in starts.indices { starts[index].group = "ash" }
        return CheckerTrace([
            .worker(.started(worker, starts[0])), .worker(.started(other, starts[1])),
            .worker(.ready(worker)), .worker(.ready(other)),
        ])
    }

    private func judge(_ facts: Fact...) -> String? {
        var trace = pair()
        for fact in facts { trace.add(fact) }
        return trace.judge(by: OneAwayAtATime.self)
    }

    @Test func `a change that takes two of a group away is found`() {
        let asked = Fact.worker(.asked(worker, isReplaced: true))
        let askedToo = Fact.worker(.asked(other, isReplaced: true))
        let complaint = "'ash/1' is taken away for a change while 'ash/0' is away"
        #expect(judge(change, asked, askedToo) == complaint)
        #expect(judge(change, asked) == nil)
        // The end of both, or of a slot, is no change.
        #expect(judge(asked, .worker(.asked(other, isReplaced: false))) == nil)
    }

    @Test func `a change that goes on behind a new worker that fails is found`() {
        let next = WorkerID(slot: worker.slot, incarnation: Incarnation(number: 9))
        var again = start
        again.group = "ash"
        let ended = Fact.worker(.ended(next, .exited(1), culprit: nil))
        let told = Fact.core(.turnEnded(isConsistent: true))
        let story: [Fact] = [
            change, .worker(.asked(worker, isReplaced: true)),
            .worker(.ended(worker, .exited(0), culprit: nil)), told,
            .worker(.started(next, again)),
        ]
        var trace = pair()
        for fact in story + [ended, told] { trace.add(fact) }
        trace.add(.worker(.asked(other, isReplaced: true)))
        let complaint = "'ash/1' is taken away for a change while 'ash/0' is away"
        #expect(trace.judge(by: OneAwayAtATime.self) == complaint)
        var good = pair()
        for fact in story + [.worker(.ready(next))] { good.add(fact) }
        good.add(.worker(.asked(other, isReplaced: true)))
        #expect(good.judge(by: OneAwayAtATime.self) == nil)
    }

    @Test func `a change does not wait for one that had failed before it`() {
        let told = Fact.core(.turnEnded(isConsistent: true))
        let ended = Fact.worker(.ended(worker, .exited(1), culprit: nil))
        let asked = Fact.worker(.asked(other, isReplaced: true))
        #expect(judge(ended, told, change, asked) == nil)
        // As long as it was not changed itself, it counts.
        let complaint = "'ash/1' is taken away for a change while 'ash/0' is away"
        #expect(judge(change, .worker(.killed(worker)), asked) == complaint)
    }
}
