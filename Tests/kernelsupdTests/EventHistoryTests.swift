import SupervisionKit
import Testing

@testable import kernelsupd

struct EventHistoryTests {
    private func at(_ second: Int64) -> Instant { .zero + .seconds(second) }

    @Test func `what happens again is counted where it stands`() {
        var history = EventHistory()
        history.add(.workerBackoff, "a ended", at: at(1))
        history.add(.workerBackoff, "b ended", at: at(2))
        history.add(.workerEnded, "a ended", at: at(3))
        history.add(.workerBackoff, "b ended", at: at(4))
        #expect(
            history.entries == [
                .init(kind: .workerBackoff, text: "a ended", first: at(1), last: at(3), count: 2),
                .init(kind: .workerBackoff, text: "b ended", first: at(2), last: at(4), count: 2),
            ]
        )
    }

    @Test func `what happens again much later is told anew`() {
        var history = EventHistory()
        for second in [0, 600, 1200, 1801] as [Int64] {
            history.add(.alert, "needs an operator", at: at(second))
        }
        #expect(history.entries.map(\.count) == [3, 1])
    }

    @Test func `is bounded, and knows what it has dropped and since when nothing is missing`() {
        var history = EventHistory()
        history.add(.alert, "old and new", at: at(0))
        for second in 1...40 as ClosedRange<Int64> {
            history.add(.alert, "event \(second)", at: at(second))
            history.add(.alert, "old and new", at: at(second))
        }
        #expect(history.entries.count == EventHistory.maxEntries)
        #expect(history.entries.first?.count == 41)
        #expect(history.dropped == 9)
        #expect(history.droppedUntil == at(9))
        #expect(history.entries[1].text == "event 10")
    }

    @Test(arguments: [
        (LogRecord.Kind.workerBackoff, "w exited with status 1"),
        (.workerQuarantined, "w exited with status 1; quarantined"),
        (.workerFailed, "w exited with status 1; not started again"),
    ])
    func `leaves out how long the next step takes`(kind: LogRecord.Kind, text: String) {
        let message = "w exited with status 1; the next one starts in 200 ms"
        #expect(LogRecord(.warning, kind, message).eventText == text)
    }

    @Test func `holds one event for a worker that the daemon kills`() {
        let record = LogRecord(.warning, .workerKilled, "w broke the protocol (x) and was killed")
        #expect(record.eventText == nil)
    }

    @Test func `leaves the ladder to the state`() {
        let alert = LogRecord(.error, .alert, "'k' needs an operator: spent restart_kernel 3/3")
        #expect(alert.eventText == "'k' needs an operator")
        #expect(LogRecord(.info, .recovery, "recovery of 'k': took degrade").eventText == nil)
        let served = LogRecord(.notice, .recovery, "calls of k are served by its backup")
        #expect(served.eventText == served.message)
    }

    @Test func `calls and output are no events of a group`() {
        for kind in [LogRecord.Kind.callRetried, .callLost, .workerOutput, .badInput] {
            #expect(LogRecord(.info, kind, "x").eventText == nil)
        }
    }
}
