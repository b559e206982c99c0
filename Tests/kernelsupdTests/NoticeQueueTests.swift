import SupervisionKit
import Testing

@testable import kernelsupd

struct NoticeQueueTests {
    private func notice(_ number: Int) -> OperatorNotice {
        OperatorNotice(group: "g\(number)", kernels: ["a/k", "b/k"], message: "m", since: .zero)
    }

    /// Takes out all that wait.
    private func takeAll(_ queue: inout NoticeQueue) -> [Taken] {
        var all: [Taken] = []
        while let (notice, number) = queue.next() {
            all.append(Taken(notice: notice, number: number))
        }
        return all
    }

    private struct Taken: Equatable {
        var notice: OperatorNotice
        var number: Int
    }

    @Test func `alerts come out as they went in, with numbers from one`() {
        var queue = NoticeQueue()
        let admitted = (1...2).map { queue.add(notice($0)) }
        #expect(admitted == [true, true])
        let taken = takeAll(&queue)
        #expect(taken == (1...2).map { Taken(notice: notice($0), number: $0) })
    }

    @Test func `an alert that finds the queue full is dropped and counted`() {
        var queue = NoticeQueue()
        let admitted = (0..<NoticeQueue.capacity + 3).count { queue.add(notice($0)) }
        #expect(admitted == NoticeQueue.capacity)
        #expect(queue.dropped == 3)
        let left = takeAll(&queue)
        #expect(left.map(\.notice) == (0..<NoticeQueue.capacity).map(notice))
        let isRoom = queue.add(notice(100))
        #expect(isRoom)
        let given = queue.clear()
        #expect(given == 1 && queue.count == 0)
    }

    @Test func `a run gets the facts and nothing else`() {
        let notice = OperatorNotice(
            group: "g",
            kernels: ["a/k", "b/k"],
            message: "two\nlines",
            since: .zero + .seconds(1)
        )
        let variables = NoticeCommand.environment(notice, number: 7, wallOffset: 1_500_000)
        #expect(
            variables == [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LANG=C.UTF-8", "KERNELSUP_ALERT_NUMBER=7", "KERNELSUP_ALERT_GROUP=g",
                "KERNELSUP_ALERT_KERNELS=a/k b/k", "KERNELSUP_ALERT_MESSAGE=two\u{240A}lines",
                "KERNELSUP_ALERT_SINCE=1970-01-01T00:00:01.001500Z",
            ]
        )
    }

    @Test func `more names than a variable takes are left out whole`() {
        let names = (1...4096).map { "\($0)/" + String(repeating: "k", count: 100) }
        let notice = OperatorNotice(group: "g", kernels: names, message: "", since: .zero)
        let variables = NoticeCommand.environment(notice, number: 1, wallOffset: 0)
        let text = variables.first { $0.hasPrefix("KERNELSUP_ALERT_KERNELS=") } ?? ""
        let shown = text.drop { $0 != "=" }.dropFirst().split(separator: " ").map(String.init)
        #expect(text.utf8.count < 70_000)
        #expect(shown.count > 500 && shown == Array(names.prefix(shown.count)))
    }
}
