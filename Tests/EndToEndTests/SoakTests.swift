import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Synchronization
import Testing

/// Many calls while the worker is killed again and again.
@Suite(.showsDaemonLog, .serialized)
struct SoakTests {
    static let clients = 8
    static let callsOfEach = 1250

    // Q01, D02
    @Test func `ten thousand calls survive the death of their worker, over and over`() throws {
        var configuration = DaemonConfiguration([.fault("echo", "--concurrency", "4")])
        configuration["defaults.bulkhead", "max_queued"] = "1000"
        configuration["defaults.recovery", "restart_delay"] = #""0s""#
        try withDaemon(configuration) { daemon in
            try daemon.expectService(of: "fault/echo")
            try daemon.waitUntil("it is quiet") { $0.clients == 0 }
            let before = try daemon.restingDescriptorCount()
            let done = Progress()
            let callers = (0..<SoakTests.clients).map { number in
                Background { try SoakTests.callMany(daemon, number, done) }
            }
            let kills = try killRepeatedly(daemon, done)
            for caller in callers { try caller.value() }
            #expect(done.count == SoakTests.clients * SoakTests.callsOfEach)
            #expect(kills >= 8)
            let status = try daemon.waitUntil("it is quiet") { status in
                status.clients == 0 && status.slot(of: "fault/echo")?.state == .ready
            }
            #expect(status.calls.failed == 0 && status.calls.refused == 0)
            #expect(status.calls.ok == done.count + 1)
            #expect(status.calls.inFlight == 0 && status.calls.queued == 0)
            #expect((status.slot(of: "fault/echo")?.restarts ?? 0) == kills)
            let after = try daemon.restingDescriptorCount()
            #expect(after == before)
            #expect(daemon.workers.count == 1)
            let shared = try ProcessTable.sharedMemory(of: daemon.pid)
            #expect(shared == [])
        }
    }

    /// Kills the worker each time that a tenth of the calls is done, in the middle of others.
    private func killRepeatedly(_ daemon: DaemonUnderTest, _ done: Progress) throws -> Int {
        let step = SoakTests.clients * SoakTests.callsOfEach / 10
        var kills = 0
        for part in 1..<10 {
            try eventually("\(part) tenths of the calls are done", within: .seconds(300)) {
                if let failure = done.failure { throw failure }
                return done.count >= part * step
            }
            try daemon.killWorker(of: "fault/echo")
            kills += 1
        }
        return kills
    }

    /// One client: each answer is compared with what was sent.
    ///
    /// Every tenth travels as memory.
    private static func callMany(
        _ daemon: DaemonUnderTest,
        _ number: Int,
        _ done: Progress
    ) throws {
        var client = BlockingKernelClient(path: daemon.callsPath)
        for round in 0..<callsOfEach {
            let count = round.isMultiple(of: 10) ? 20_000 : 16
            let x = (0..<count).map { Float($0 + round + number * 10_000) }
            do {
                let result = try client.call(
                    "fault/echo",
                    [Tensor("x", x)],
                    options: CallOptions(timeout: .seconds(120))
                )
                guard result["x"]?.f32 == x else { throw NotInTime(what: "its own answer") }
            } catch {
                done.fail(error)
                throw error
            }
            done.advance()
        }
    }

    private final class Progress: Sendable {
        private let state = Mutex<(count: Int, failure: (any Error)?)>((0, nil))

        var count: Int { state.withLock { $0.count } }
        var failure: (any Error)? { state.withLock { $0.failure } }

        func advance() {
            state.withLock { $0.count += 1 }
        }

        func fail(_ error: any Error) {
            state.withLock { $0.failure = error }
        }
    }
}
