import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// Clients that wait, leave, cancel, flood or do nothing.
@Suite(.showsDaemonLog)
struct ClientTests {
    // R09, B22
    @Test func `a call whose deadline passes in the queue is answered then and never runs`()
        throws
    {
        try withDaemon(.fault("sleep")) { daemon in
            let first = try RawClient(daemon)
            try first.call("fault/sleep", id: 1, milliseconds: 600_000)
            try daemon.waitUntilRunning("fault/sleep")
            let late = daemon.failure("fault/sleep", timeout: .seconds(1))
            #expect(Ending(late) == Ending(.deadlineExceeded, .notRun, attempts: 0))
            #expect(late?.message.contains("queue") == true)
            try first.cancel(1)
            #expect(try first.reply().head.error == .cancelled)
            _ = try daemon.call("fault/sleep")
            #expect(daemon.runs == 2)
        }
    }

    @Test func `a cancelled call ends at once and its worker goes on`() throws {
        try withDaemon(.fault("sleep")) { daemon in
            let pid = try daemon.workerPID(of: "fault/sleep")
            let client = try RawClient(daemon)
            try client.call("fault/sleep", id: 1, milliseconds: 600_000)
            try daemon.waitUntilRunning("fault/sleep")
            try client.cancel(1)
            let head = try client.reply().head
            #expect(head.id == 1 && head.error == .cancelled)
            try client.call("fault/sleep", id: 2)
            #expect(try client.reply().head.error == nil)
            #expect(try daemon.workerPID(of: "fault/sleep") == pid)
        }
    }

    @Test func `a call that is cancelled in the queue never runs`() throws {
        try withDaemon(.fault("sleep")) { daemon in
            let client = try RawClient(daemon)
            try client.call("fault/sleep", id: 1, milliseconds: 600_000)
            try daemon.waitUntilRunning("fault/sleep")
            try client.call("fault/sleep", id: 2)
            try client.cancel(2)
            let head = try client.reply().head
            #expect(head.id == 2 && head.error == .cancelled && head.execution == .notRun)
            try client.cancel(1)
            #expect(try client.reply().head.id == 1)
            _ = try daemon.call("fault/sleep")
            #expect(daemon.runs == 2)
        }
    }

    // Q04, K10
    @Test func `a client that dies leaves no call running and none waiting`() throws {
        try withDaemon(.fault("sleep")) { daemon in
            let pid = try daemon.workerPID(of: "fault/sleep")
            var client: RawClient? = try RawClient(daemon)
            try client?.call("fault/sleep", id: 1, milliseconds: 600_000)
            try client?.call("fault/sleep", id: 2)
            try daemon.waitUntil("one runs and one waits") {
                $0.calls.inFlight == 1 && $0.calls.queued == 1
            }
            client = nil
            let status = try daemon.waitUntil("nothing runs and nothing waits") {
                $0.calls.inFlight == 0 && $0.calls.queued == 0
            }
            #expect(status.clients == 0)
            _ = try daemon.call("fault/sleep")
            #expect(daemon.runs == 2)
            #expect(try daemon.workerPID(of: "fault/sleep") == pid)
        }
    }

    // K06
    @Test func `a client that never reads waits for itself and the others are served`() throws {
        try withDaemon(.fault("echo"), .named("other/echo")) { daemon in
            let greedy = try RawClient(daemon, nonblocking: true)
            let other = try RawClient(daemon)
            var sent: UInt64 = 0
            for round in 1...100 as ClosedRange<UInt64> {
                sent += try flood(greedy, from: sent)
                try other.call("other/echo", id: round)
                let head = try other.reply().head
                #expect(head.id == round && head.error == nil)
            }
            // It is still there and still can have its answers.
            let status = try daemon.status()
            #expect(status.clients == 2)
            var answers: UInt64 = 0
            while answers < sent {
                answers += 1
                let head = try greedy.reply().head
                #expect(head.error == nil || head.error == .overloaded)
            }
            try daemon.expectService(of: "fault/echo")
        }
    }

    // K06
    @Test func `a client that leaves too many answers unread is dropped`() throws {
        var configuration = DaemonConfiguration([.fault("sleep")])
        configuration["defaults.bulkhead", "max_queued"] = "1000"
        try withDaemon(configuration) { daemon in
            let greedy = try RawClient(daemon)
            try greedy.call("fault/sleep", id: 1, milliseconds: 1000)
            // All behind the first one. Their answers are more than the daemon keeps for a client.
            let data = [Float](repeating: 1, count: 15_000)
            for id in 2...250 as ClosedRange<UInt64> {
                try greedy.call("fault/sleep", id: id, x: data)
            }
            try daemon.waitUntil("it is dropped") { $0.clients == 0 }
            #expect(daemon.log.contains("does not read"))
            try daemon.waitUntil("its calls are gone") {
                $0.calls.inFlight == 0 && $0.calls.queued == 0
            }
            try daemon.expectService(of: "fault/sleep")
        }
    }

    /// Sends calls until there is no room for more.
    ///
    /// - Returns: how many.
    private func flood(_ client: RawClient, from first: UInt64) throws -> UInt64 {
        let data = [Float](repeating: 1, count: 15_000)
        var sent: UInt64 = 0
        while sent < 10_000, try client.call("fault/echo", id: first + sent + 1, x: data) {
            sent += 1
        }
        return sent
    }

    // K06
    @Test func `a thousand clients that do nothing keep nobody waiting`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["daemon", "max_clients"] = "1100"
        let limit = try ResourceLimit.current(.openFiles).soft
        let count = min(1000, Int(clamping: limit) - 300)
        try withDaemon(configuration) { daemon in
            let idle = try (0..<count).map { _ in try RawClient(daemon) }
            try daemon.waitUntil("all are there") { $0.clients == count }
            try daemon.expectService(of: "fault/echo")
            withExtendedLifetime(idle) {}
        }
    }

    @Test func `one client too many waits for its turn and the others are served`() throws {
        try withDaemon(.fault("echo")) { daemon in
            // The default of max_clients.
            var clients = try (0..<256).map { _ in try RawClient(daemon) }
            try daemon.waitUntil("all are there") { $0.clients == 256 }
            let late = try RawClient(daemon)
            try late.call("fault/echo", id: 1)
            try clients[0].call("fault/echo", id: 9)
            #expect(try clients[0].reply().head.error == nil)
            #expect(try daemon.status().clients == 256)
            #expect(!late.hasInput)
            clients.removeLast()
            #expect(try late.reply().head.error == nil)
        }
    }

    @Test func `a call beyond the queue's limit is refused at the door`() throws {
        var configuration = DaemonConfiguration([.fault("sleep")])
        configuration["defaults.bulkhead", "max_queued"] = "2"
        try withDaemon(configuration) { daemon in
            let client = try RawClient(daemon)
            for id in 1...3 as ClosedRange<UInt64> {
                try client.call("fault/sleep", id: id, milliseconds: 600_000)
            }
            try daemon.waitUntil("two wait") { $0.calls.queued == 2 }
            let refused = daemon.failure("fault/sleep")
            #expect(Ending(refused) == Ending(.overloaded, .notRun, attempts: 0))
            #expect(refused?.retryAfter == .milliseconds(100))
            #expect(refused?.message.contains("2 calls wait") == true)
        }
    }

    @Test func `one client's calls in flight are bounded`() throws {
        var configuration = DaemonConfiguration([.fault("sleep")])
        configuration["defaults.bulkhead", "max_queued"] = "1000"
        try withDaemon(configuration) { daemon in
            let client = try RawClient(daemon)
            for id in 1...257 as ClosedRange<UInt64> {
                try client.call("fault/sleep", id: id, milliseconds: 600_000)
            }
            let head = try client.reply().head
            #expect(head.id == 257 && head.error == .overloaded && head.execution == .notRun)
        }
    }
}
