import SupervisionKit
import Testing

/// Kernels that call kernels: a, b and c, each in a group of its own.
@Suite("Kernel-to-kernel calls")
struct ChainTests {
    /// One ready worker for each kernel that the configuration has.
    static func harness(
        _ names: [String] = ["test/a", "test/b", "test/c"],
        concurrency: Int = 1,
        change: (inout Configuration) -> Void = { _ in }
    ) -> Harness {
        var harness = Harness()
        var configuration = Harness.configuration(names)
        change(&configuration)
        for worker in harness.act(.configured(configuration)).spawned {
            harness.makeReady(worker, concurrency: concurrency)
        }
        return harness
    }

    private func child(
        _ harness: inout Harness,
        of parent: (call: CallID, worker: WorkerID),
        _ kernel: Int,
        id: UInt64 = 1,
        deadline: Duration? = nil
    ) -> [Effect] {
        harness.act(
            .callArrived(
                CallArrival(
                    caller: .worker(parent.worker),
                    callerCall: id,
                    kernel: KernelID(index: kernel),
                    deadline: deadline.map { harness.now + $0 } ?? .zero,
                    parent: parent.call
                )
            )
        )
    }

    private func deadline(_ effects: [Effect]) -> Instant? {
        effects.lazy.compactMap { effect in
            if case .forward(_, _, let deadline, _, _) = effect { deadline } else { nil }
        }.first
    }

    private func depth(_ effects: [Effect]) -> UInt16? {
        effects.lazy.compactMap { effect in
            if case .forward(_, _, _, _, let depth) = effect { depth } else { nil }
        }.first
    }

    @Test func `an answer goes up the chain, worker by worker`() {
        var harness = Self.harness()
        let first = harness.call(1).forwarded[0]
        let second = child(&harness, of: first, 1)
        #expect(depth(second) == 1)
        let third = child(&harness, of: second.forwarded[0], 2)
        #expect(depth(third) == 2)
        let up = harness.reply(third.forwarded[0].worker, third.forwarded[0].call)
        #expect(up.receivers == [.worker(second.forwarded[0].worker)])
        let more = harness.reply(second.forwarded[0].worker, second.forwarded[0].call)
        #expect(more.receivers == [.worker(first.worker)])
        #expect(harness.reply(first.worker, first.call).receivers == [.client(Harness.client)])
        #expect(harness.supervisor.isConsistent)
    }

    // R11: deadlines travel down, and only get shorter.
    @Test func `a child's deadline is never later than its parent's`() {
        var harness = Self.harness()
        let call = harness.call(1, deadline: .seconds(4))
        let parent = call.forwarded[0]
        #expect(deadline(child(&harness, of: parent, 1)) == deadline(call))
        harness = Self.harness()
        let again = harness.call(1, deadline: .seconds(4)).forwarded[0]
        let late = child(&harness, of: again, 1, deadline: .seconds(60))
        #expect(deadline(late) == harness.now + .seconds(4))
        harness = Self.harness()
        let other = harness.call(1, deadline: .seconds(4)).forwarded[0]
        let early = child(&harness, of: other, 1, deadline: .seconds(1))
        #expect(deadline(early) == harness.now + .seconds(1))
    }

    @Test func `a child's deadline is its own where the policy says so`() {
        var harness = Self.harness { $0.kernels[1].timeout.propagateDeadline = false }
        let parent = harness.call(1, deadline: .seconds(4)).forwarded[0]
        let free = child(&harness, of: parent, 1, deadline: .seconds(60))
        #expect(deadline(free) == harness.now + .seconds(60))
    }

    @Test func `a circle is refused, with its way in words`() {
        var harness = Self.harness()
        let first = harness.call(1).forwarded[0]
        let second = child(&harness, of: first, 1).forwarded[0]
        let answers = child(&harness, of: second, 0).answers
        #expect(answers.map(\.error) == [.chainRefused])
        #expect(answers[0].message.contains("test/a → test/b → test/a is a circle"))
        #expect(answers[0].execution == .notRun)
    }

    @Test func `sixteen calls may stand above a call, and no more`() {
        let names = (0..<18).map { "test/\($0)" }
        var harness = Self.harness(names) { $0.maxStarting = 0 }
        var parent = harness.call(1).forwarded[0]
        for kernel in 1...16 {
            parent = child(&harness, of: parent, kernel).forwarded[0]
        }
        let answers = child(&harness, of: parent, 17).answers
        #expect(answers.map(\.error) == [.chainRefused])
        #expect(answers[0].message.contains("is deeper than 16 calls"))
    }

    @Test func `a call that would wait for its own chain's worker is refused`() {
        var harness = Self.harness(["test/a"]) { configuration in
            configuration.kernels.append(KernelConfiguration(name: "test/b", group: "test/a"))
        }
        let parent = harness.call(1).forwarded[0]
        let answers = child(&harness, of: parent, 1).answers
        #expect(answers.map(\.error) == [.chainRefused])
        #expect(answers[0].message.contains("would wait for itself"))
    }

    @Test func `a worker that takes two calls may call a kernel of its own group`() {
        var harness = Self.harness(["test/a"], concurrency: 2) { configuration in
            configuration.kernels.append(KernelConfiguration(name: "test/b", group: "test/a"))
        }
        let parent = harness.call(1).forwarded[0]
        #expect(child(&harness, of: parent, 1).forwarded.count == 1)
    }

    // Children end with their parents, however those end.
    @Test(arguments: ["reply", "cancel", "deadline", "client", "death"])
    func `a parent's end ends its child`(_ how: String) {
        var harness = Self.harness { $0.kernels[0].retry.maxAttempts = 1 }
        let parent = harness.call(1, deadline: .seconds(4)).forwarded[0]
        let running = child(&harness, of: parent, 1).forwarded[0]
        let effects =
            switch how {
            case "reply": harness.reply(parent.worker, parent.call)
            case "cancel": harness.act(.callCancelled(.client(Harness.client), callerCall: 1))
            case "deadline": harness.act(.timePassed, after: .seconds(4))
            case "client": harness.act(.clientClosed(Harness.client))
            default: harness.act(.workerEnded(parent.worker, RecoveryTests.crash))
            }
        #expect(effects.contains(.cancel(running.call, at: running.worker)))
        _ = harness.reply(running.worker, running.call, error: .cancelled)
        #expect(harness.supervisor.isConsistent)
        #expect(harness.supervisor.callCount(of: running.worker) == 0)
    }

    @Test func `a call is only taken below one that its worker runs`() {
        var harness = Self.harness()
        let parent = harness.call(1).forwarded[0]
        _ = harness.reply(parent.worker, parent.call)
        let answers = child(&harness, of: parent, 1).answers
        #expect(answers.map(\.error) == [.chainRefused])
        #expect(answers[0].message.contains("has ended or never ran"))
    }

    @Test func `a call that is tried again still ends with its parent`() {
        var harness = Self.harness()
        let parent = harness.call(1, deadline: .seconds(30)).forwarded[0]
        let running = child(&harness, of: parent, 1).forwarded[0]
        let spawned = harness.act(.workerEnded(running.worker, RecoveryTests.crash)).spawned
        harness.makeReady(spawned[0])
        #expect(harness.supervisor.callCount(of: spawned[0]) == 1)
        let effects = harness.reply(parent.worker, parent.call)
        #expect(effects.contains { if case .cancel(_, spawned[0]) = $0 { true } else { false } })
    }

    @Test func `a worker dies whose chain came back to it`() {
        var harness = Self.harness(["test/p", "test/b", "test/a"], concurrency: 2) {
            $0.kernels.append(KernelConfiguration(name: "test/q", group: "test/p"))
            $0.kernels[0].retry.maxAttempts = 1
        }
        let top = harness.call(1).forwarded[0]
        let middle = child(&harness, of: top, 1).forwarded[0]
        let back = child(&harness, of: middle, 3, id: 2).forwarded[0]
        #expect(back.worker == top.worker)
        _ = child(&harness, of: back, 2, id: 3)
        let effects = harness.act(.workerEnded(top.worker, RecoveryTests.crash))
        #expect(effects.answers.contains { $0.callerCall == 1 && $0.error == .workerDied })
        #expect(harness.supervisor.isConsistent)
    }

    @Test func `while the daemon drains what runs may still call what it needs`() {
        var harness = Self.harness()
        let parent = harness.call(1).forwarded[0]
        _ = harness.act(.stopRequested)
        #expect(harness.call(2).answers.map(\.error) == [.shuttingDown])
        #expect(child(&harness, of: parent, 1).forwarded.count == 1)
    }
}

extension [Effect] {
    /// Who got a worker's reply.
    var receivers: [CallerID] {
        compactMap { effect in
            if case .deliver(let caller, _, _, _) = effect { caller } else { nil }
        }
    }
}
