import SupervisionKit
import Testing

/// Every sequence of events up to a depth, from the beginning: what must hold in each state that
/// can be reached at all.
@Suite("Every walk through the worker's lifecycle")
struct LifecycleWalkTests {
    private struct Walker {
        var machine = WorkerLifecycle()
        var now = Instant(nanoseconds: 1_000_000_000)
        var nextIncarnation: UInt64 = 1
        /// The process that a spawn asked for and no end has taken away.
        var alive: Incarnation?
        var wasStopped = false
        var starts: [Instant] = []
    }

    private static let lifecycle = LifecyclePolicy()
    private static var recovery: RecoveryPolicy {
        var policy = RecoveryPolicy()
        policy.maxRestarts = 2
        return policy
    }

    private enum Step: CaseIterable {
        case start, putOff, startNow, ready, closed, replace, stop, hung, crashed, failed
        case deadline, second, forgive
    }

    private static func take(_ step: Step, _ walker: inout Walker) {
        let next = Incarnation(number: walker.nextIncarnation)
        let now = walker.now
        let action: WorkerLifecycle.Action
        switch step {
        case .start:
            walker.wasStopped = false
            // A start by wish gives a clean sheet, so the count starts anew.
            walker.starts = walker.alive == nil ? [] : walker.starts
            action = walker.machine.start(next: next, at: now, policy: lifecycle)
        case .putOff:
            // The owner puts off a start in the turn that asked for it, before any process is made.
            if case .starting = walker.machine.state {
                walker.alive = nil
                walker.starts = walker.starts.dropLast()
            }
            walker.machine.putOff()
            action = .none
        case .startNow:
            action = walker.machine.startNow(next: next, at: now, policy: lifecycle)
        case .forgive:
            walker.machine.forgive(.seconds(3))
            action = .none
        case .ready: action = walker.machine.reportedReady(at: now)
        case .closed: action = walker.machine.channelClosed(at: now)
        case .replace:
            if walker.alive == nil { walker.starts = [] }
            action = walker.machine.replace(next: next, at: now, policy: lifecycle)
        case .stop:
            walker.wasStopped = true
            action = walker.machine.stop(at: now, policy: lifecycle)
        case .hung: action = walker.machine.kill(.hung(nil), at: now, policy: lifecycle)
        case .crashed: action = end(.signaled(name: "SIGSEGV", coreDumped: false), &walker)
        case .failed: action = end(.exited(78), &walker)
        case .deadline:
            walker.now = max(now, walker.machine.deadline ?? now)
            action = walker.machine.deadlinePassed(next: next, at: walker.now, policy: lifecycle)
        case .second:
            walker.now = now + .seconds(1)
            action = .none
        }
        if case .spawn(let incarnation) = action {
            #expect(walker.alive == nil, "one slot has two processes")
            #expect(incarnation == next)
            walker.nextIncarnation += 1
            walker.alive = incarnation
            walker.starts.append(walker.now)
        }
    }

    private static func end(
        _ end: WorkerEnd,
        _ walker: inout Walker
    ) -> WorkerLifecycle.Action {
        guard walker.alive != nil else { return .none }
        let isOrderly: Bool
        switch walker.machine.state {
        case .asked, .terminated: isOrderly = true
        default: isOrderly = false
        }
        walker.alive = nil
        // A replacement draws on no budget.
        if isOrderly { walker.starts = [] }
        return walker.machine.ended(
            end,
            next: Incarnation(number: walker.nextIncarnation),
            at: walker.now,
            lifecycle: lifecycle,
            recovery: recovery
        )
    }

    private static func check(_ walker: Walker) {
        let machine = walker.machine
        #expect(machine.incarnation == walker.alive, "\(machine.state)")
        #expect(machine.isWanted != walker.wasStopped || walker.nextIncarnation == 1)
        if walker.wasStopped, walker.alive == nil {
            #expect(machine.state == .stopped, "a stopped slot stays stopped")
        }
        if machine.isWanted, machine.deadline == nil {
            // Nothing waits for ever but what is good, what is dead for good, and what is stuck.
            switch machine.state {
            case .ready, .failed, .stuck: break
            case .waiting: break  // the owner has it in its line of starts
            default: Issue.record("a wanted worker waits for nothing in \(machine.state)")
            }
        }
        // E01: starts in any window ≤ budget + 1.
        let recent = walker.starts.filter { walker.now.since($0) < recovery.window }
        #expect(recent.count <= recovery.maxRestarts + 1, "\(recent.count) starts in a window")
    }

    @Test func `no sequence of six events breaks a rule`() {
        var count = 0
        func walk(_ walker: Walker, _ depth: Int) {
            guard depth > 0 else { return }
            for step in Step.allCases {
                var next = walker
                Self.take(step, &next)
                // Steps that change nothing only repeat what was walked already.
                guard next.machine != walker.machine || next.now != walker.now else { continue }
                Self.check(next)
                count += 1
                walk(next, depth - 1)
            }
        }
        walk(Walker(), 6)
        #expect(count > 5000)
    }

    /// From wherever a walk has led, a worker that is wanted, starts well and stays well is ready
    /// after some time, unless it is failed for good or stuck.
    @Test func `a wanted worker that behaves is ready in the end`() {
        func walk(_ walker: Walker, _ depth: Int) {
            if walker.machine.isWanted { expectRecovery(walker) }
            guard depth > 0 else { return }
            for step in Step.allCases {
                var next = walker
                Self.take(step, &next)
                guard next.machine != walker.machine || next.now != walker.now else { continue }
                walk(next, depth - 1)
            }
        }
        func expectRecovery(_ start: Walker) {
            var walker = start
            for _ in 0..<6 {
                switch walker.machine.state {
                case .ready, .failed: return
                case .starting: Self.take(.ready, &walker)
                case .waiting: Self.take(.startNow, &walker)
                case .parting, .asked, .terminated, .killed, .stuck: Self.take(.crashed, &walker)
                case .backoff, .quarantined: Self.take(.deadline, &walker)
                case .stopped: Issue.record("wanted and stopped")
                }
            }
            #expect(walker.machine.isReady, "\(start.machine.state) → \(walker.machine.state)")
        }
        walk(Walker(), 5)
    }
}
