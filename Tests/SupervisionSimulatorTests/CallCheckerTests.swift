internal import SupervisionKit
internal import SupervisionSimulator
internal import Testing

/// Each checker of calls is shown a story that breaks its promise.
@Suite("Checkers of calls")
struct CallCheckerTests {
    private let worker = CheckerTrace.worker
    private let until = CheckerTrace.start + .seconds(5)

    @Test func `a call without an answer at its deadline is found`() {
        var trace = CheckerTrace([.call(.sent(0, CheckerTrace.call()))])
        trace.endTurn(after: .seconds(4))
        #expect(trace.judge(by: EveryCallEndsOnce.self) == nil)
        trace.endTurn(after: .seconds(5))
        #expect(trace.judge(by: EveryCallEndsOnce.self) == "call 0 has no answer at its deadline")
    }

    @Test func `a second answer is found`() {
        let trace = CheckerTrace([
            .call(.sent(0, CheckerTrace.call())), .call(.ended(0, CallEnd())),
            .call(.ended(0, CallEnd())),
        ])
        #expect(trace.judge(by: EveryCallEndsOnce.self) == "call 0 was answered twice")
    }

    @Test func `an answer that is missing at the end is found`() {
        let trace = CheckerTrace([.call(.sent(0, CheckerTrace.call())), .core(.exited)])
        #expect(trace.judge(by: EveryCallEndsOnce.self) == "call 0 never got an answer")
    }

    @Test func `an answer to nobody is found`() {
        let trace = CheckerTrace([.call(.answeredNobody("workerDied"))])
        #expect(trace.judge(by: EveryCallEndsOnce.self) == "workerDied")
    }

    @Test func `a second run of a call that must not run twice is found`() {
        let trace = CheckerTrace([
            .call(.sent(0, CheckerTrace.call())),
            .call(.handedOver(0, to: worker, until: until)),
            .call(.handedOver(0, to: CheckerTrace.successor, until: until)),
        ])
        let complaint = "call 0 must not run twice and was handed over again"
        #expect(trace.judge(by: SafeRetries.self) == complaint)
    }

    @Test func `a second run after a refusal that ran nothing is not held against anyone`() {
        let trace = CheckerTrace([
            .call(.sent(0, CheckerTrace.call())),
            .call(.handedOver(0, to: worker, until: until)),
            .call(.replied(0, by: worker, .overloaded, .notRun)),
            .call(.handedOver(0, to: worker, until: until)),
        ])
        #expect(trace.judge(by: SafeRetries.self) == nil)
    }

    @Test func `a call that killed two workers and gets a third is found`() {
        let end = WorkerEnd.exited(1)
        let trace = CheckerTrace([
            .call(.sent(0, CheckerTrace.call { $0.isRepeatable = true })),
            .call(.handedOver(0, to: worker, until: until)),
            .worker(.ended(worker, end, culprit: 0)),
            .call(.handedOver(0, to: worker, until: until)),
            .worker(.ended(worker, end, culprit: 0)),
            .call(.handedOver(0, to: worker, until: until)),
        ])
        let complaint = "call 0 has killed 2 workers and was handed to another"
        #expect(trace.judge(by: SafeRetries.self) == complaint)
    }

    @Test func `an answer that denies a run is found`() {
        let trace = CheckerTrace([
            .call(.sent(0, CheckerTrace.call())),
            .call(.handedOver(0, to: worker, until: until)),
            .call(.ended(0, CallEnd(error: .workerDied, execution: .notRun))),
        ])
        let complaint = "call 0 may have run, and its answer says that it didn't"
        #expect(trace.judge(by: SafeRetries.self) == complaint)
    }

    @Test func `a call that is handed over at its deadline is found`() {
        var trace = CheckerTrace([.call(.sent(0, CheckerTrace.call()))])
        trace.add(.handedOver(0, to: worker, until: until), after: .seconds(5))
        let complaint = "call 0 was handed over after its deadline"
        #expect(trace.judge(by: NothingAfterTheDeadline.self) == complaint)
    }

    @Test func `a call that is given more time than its caller waits is found`() {
        let trace = CheckerTrace([
            .call(.sent(0, CheckerTrace.call())),
            .call(.handedOver(0, to: worker, until: until + .seconds(1))),
        ])
        let complaint = "call 0 was given 1.0 s more than its caller waits"
        #expect(trace.judge(by: NothingAfterTheDeadline.self) == complaint)
    }

    @Test func `a caller with more open than it may is found`() {
        let call = CheckerTrace.call { $0.limit = 1 }
        let trace = CheckerTrace([
            .call(.sent(0, call)), .call(.accepted(0)), .call(.sent(1, call)), .call(.accepted(1)),
        ])
        let complaint = "call 1 is one more than its caller may have open"
        #expect(trace.judge(by: CallersAreKeptApart.self) == complaint)
    }

    @Test func `a call that is turned away from an idle group is found`() {
        let trace = CheckerTrace([
            .call(.sent(0, CheckerTrace.call { $0.findsIdleGroup = true })),
            .call(.ended(0, CallEnd(error: .overloaded, execution: .notRun, attempts: 0))),
        ])
        let complaint = "call 0 was turned away although its group is idle"
        #expect(trace.judge(by: CallersAreKeptApart.self) == complaint)
    }

    @Test func `a child that outlives its parent is found`() {
        var trace = CheckerTrace([
            .call(.sent(0, CheckerTrace.call())), .call(.accepted(0)),
            .call(.handedOver(0, to: worker, until: until)),
            .call(.sent(1, CheckerTrace.call(by: .worker(worker)) { $0.parent = 0 })),
            .call(.accepted(1)),
        ])
        trace.endTurn()
        #expect(trace.judge(by: ChildrenEndWithTheirParents.self) == nil)
        trace.add(.ended(0, CallEnd()))
        trace.endTurn()
        let complaint = "call 1 goes on although call 0, which made it, doesn't"
        #expect(trace.judge(by: ChildrenEndWithTheirParents.self) == complaint)
    }

    @Test func `a frame that is kept after its call's end is found`() {
        var trace = CheckerTrace([
            .call(.sent(0, CheckerTrace.call())), .call(.kept(0)), .call(.ended(0, CallEnd())),
        ])
        trace.endTurn()
        let complaint = "the frame of call 0 is kept after its end"
        #expect(trace.judge(by: FramesAreReturned.self) == complaint)
    }

    @Test func `a call that is handed over without its frame is found`() {
        var trace = CheckerTrace([.call(.sent(0, CheckerTrace.call()))])
        trace.endTurn()
        trace.add(.handedOver(0, to: worker, until: until))
        let complaint = "call 0 was handed over without its frame"
        #expect(trace.judge(by: FramesAreReturned.self) == complaint)
    }

    @Test func `an answer of a stand-in that doesn't say so is found`() {
        var start = WorkerStart(name: "degraded~ash/one/0")
        start.isStandIn = true
        var facts: [Fact] = [
            .worker(.started(worker, start)), .call(.sent(0, CheckerTrace.call())),
            .call(.handedOver(0, to: worker, until: until)),
        ]
        var reply = CallEnd()
        reply.isRelayed = true
        let trace = CheckerTrace(facts + [.call(.ended(0, reply))])
        let complaint = "call 0 was served by another, and nothing says so"
        #expect(trace.judge(by: StandInsAreNamed.self) == complaint)
        let marked = Fact.call(.marked(0, why: "made up"))
        let told = CheckerTrace(facts + [marked, .call(.ended(0, reply))])
        #expect(told.judge(by: StandInsAreNamed.self) == nil)
        facts[0] = .worker(.started(worker, WorkerStart(name: "ash/0")))
        let wrong = CheckerTrace(facts + [marked, .call(.ended(0, reply))])
        let other = "call 0 was served at home, and its answer says otherwise"
        #expect(wrong.judge(by: StandInsAreNamed.self) == other)
    }

    @Test func `what a killed worker still says makes no room`() {
        let idle = CheckerTrace.call {
            $0.findsIdleGroup = true
            $0.totalLimit = 1
        }
        let before: [Fact] = [
            .call(.sent(0, CheckerTrace.call())), .call(.accepted(0)),
            .call(.recalled(0, from: worker, until: until)), .call(.ended(0, CallEnd())),
        ]
        let replied = Fact.call(.replied(0, by: worker, .cancelled, .ranAndFailed))
        let refused: [Fact] = [
            .call(.sent(1, idle)),
            .call(.ended(1, CallEnd(error: .overloaded, execution: .notRun, attempts: 0))),
        ]
        let killed = CheckerTrace(before + [.worker(.killed(worker)), replied] + refused)
        #expect(killed.judge(by: CallersAreKeptApart.self) == nil)
        let complaint = "call 1 was turned away although its group is idle"
        #expect(
            CheckerTrace(before + [replied] + refused).judge(by: CallersAreKeptApart.self)
                == complaint
        )
    }
}
