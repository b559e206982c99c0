import Testing

@testable import LinuxSystem

/// Kills as a test says them.
private final class Machine {
    var kills: UInt64 = 41
    let second: UInt64 = 1_000_000_000

    func counter() -> OutOfMemoryCounter { OutOfMemoryCounter { self.kills } }
}

@Suite struct `The counter of out-of-memory kills` {
    private let machine = Machine()

    @Test func `explains no death without a kill`() {
        var counter = machine.counter()
        let mark = counter.unexplained()
        let isExplained = counter.explain(startedAt: mark)
        #expect(!isExplained)
    }

    @Test func `explains as many deaths as there were kills`() {
        var counter = machine.counter()
        let mark = counter.unexplained()
        machine.kills += 2
        let answers = (0..<4).map { _ in counter.explain(startedAt: mark) }
        #expect(answers == [true, true, false, false])
        machine.kills += 1
        let isExplained = counter.explain(startedAt: mark)
        #expect(isExplained)
    }

    @Test func `explains no death of a worker that was started after the kill`() {
        var counter = machine.counter()
        machine.kills += 1
        let mark = counter.unexplained()
        let isExplained = counter.explain(startedAt: mark)
        #expect(!isExplained)
    }

    @Test func `explains a death by a kill that a look has just seen`() {
        var counter = machine.counter()
        let mark = counter.unexplained()
        machine.kills += 1
        counter.look(at: 100 * machine.second)
        let isExplained = counter.explain(startedAt: mark)
        #expect(isExplained)
    }

    @Test func `explains no death by a kill that is long past`() {
        var counter = machine.counter()
        let mark = counter.unexplained()
        machine.kills += 1
        counter.look(at: 100 * machine.second)
        counter.look(at: 109 * machine.second)
        #expect(counter.unexplained() == mark + 1)
        counter.look(at: 110 * machine.second)
        let isExplained = counter.explain(startedAt: mark)
        #expect(!isExplained)
    }

    @Test func `reads the kernel's count`() throws {
        let text = try SystemFile.text(of: "/proc/vmstat")
        #expect(text.contains("\noom_kill "))
        #expect(ControlGroup.value(of: "oom_kill", in: "oom 3\noom_kill 17\noom_k 1\n") == 17)
        #expect(ControlGroup.value(of: "oom_kill", in: "oom_kill_group 1\n") == nil)
    }
}
