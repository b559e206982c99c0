import ControlProtocol
import Glibc
import LinuxSystem
import SupervisionKit
import Testing

/// Everything at once, at random, for a while: the promises hold, and nothing is left behind.
///
/// KERNELSUP_CHAOS_SECONDS=600 makes a night's worth of faults; docs/TESTING.md says how.
@Suite(.showsDaemonLog, .serialized)
struct ChaosTests {
    private struct Resources: Equatable {
        var descriptors: Int
        var sharedMemory: [String]
        var zombies: [Int32]
        var workers: Int
        var sharedFiles: Set<String>
    }

    @Test func `every call ends once, in time and right, whatever happens to the workers`() throws {
        let plan = ChaosPlan()
        ChaosTests.say("chaos: KERNELSUP_CHAOS_SEED=\(plan.seed), \(plan.seconds) s")
        try withDaemon(plan.configuration, until: ChaosTests.isQuiet) { daemon in
            let before = try resources(of: daemon)
            let memoryBefore = try residentMemory(of: daemon)
            let start = now()
            let end = start + .seconds(plan.seconds)
            let clients = (0..<ChaosPlan.clients).map { number in
                Background {
                    ChaosClient(daemon, number: UInt32(number), plan.random(UInt64(number)))
                        .run(until: end)
                }
            }
            let injectors = (0..<ChaosPlan.injectors).map { number in
                Background {
                    let number = ChaosPlan.clients + number
                    let random = plan.random(UInt64(number))
                    var injector = FaultInjector(daemon, number: UInt32(number), random)
                    try injector.run(until: end)
                    return (injector.counts, injector.tally)
                }
            }
            let faults = try injectors.map { try $0.value() }
            let tally = try (clients.map { try $0.value() } + faults.map(\.1)).reduce(.init(), +)
            let memoryAfter = try residentMemory(of: daemon)
            let counts = faults.map(\.0).reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
            ChaosTests.say(
                "chaos: \(tally.calls) calls, \(tally.ok) ok, \(tally.retries) retries; faults "
                    + "\(ChaosTests.list(counts.map { ($0.key.rawValue, $0.value) })); errors "
                    + "\(ChaosTests.list(tally.errors.map { ($0.key, $0.value) })); longest gap "
                    + "\(tally.longestGap(from: start, to: end)), latest \(tally.latest) behind "
                    + "its deadline, \(tally.late) more than \(ChaosTally.grace); memory "
                    + "\(memoryBefore) to \(memoryAfter) KiB"
            )
            let status = try daemon.waitUntil("it is quiet and well", ChaosTests.isQuiet)
            try daemon.expectService(of: "chaos/note")
            expectEnds(of: tally, status)
            try expectRuns(of: tally, daemon)
            #expect(memoryAfter - memoryBefore < 64 << 10)
            try eventually("the daemon has what it had, \(before)") {
                (try? resources(of: daemon)) == before
            }
        }
    }

    // MARK: - Promises

    /// Each call has ended once, by the books of both sides, in time and right.
    private func expectEnds(of tally: ChaosTally, _ status: Status) {
        #expect(tally.ok > 0)
        #expect(tally.wrong == 0 && tally.strayReplies == 0)
        #expect(tally.calls == tally.ok + tally.errors.values.reduce(0, +))
        #expect(status.calls.ok == tally.ok)
        #expect(status.calls.failed + status.calls.refused == tally.calls - tally.ok)
        #expect(status.calls.inFlight == 0 && status.calls.queued == 0)
        // What would be the daemon's fault, whatever its workers do.
        let own = ["connection_lost", "unreachable", "not_sent", "unreadable_reply"]
        #expect(tally.errors.filter { own.contains($0.key) } == [:])
        // A share of them, for the machine may have much else to do.
        #expect(tally.late * 20 <= tally.calls)
        #expect(tally.latest < .seconds(5))
    }

    /// What was not to be repeated ran once at most; what is said not to have run has not.
    private func expectRuns(of tally: ChaosTally, _ daemon: DaemonUnderTest) throws {
        let bytes = try contents(of: "\(daemon.directory.path)/runs-notes")
        var runs: [UInt32: Int] = [:]
        for start in stride(from: 0, to: bytes.count - 3, by: 4) {
            let number = bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
            runs[number, default: 0] += 1
        }
        #expect(bytes.count.isMultiple(of: 4))
        #expect(tally.once.keys.filter { runs[$0, default: 0] > 1 } == [])
        let all = tally.once.merging(tally.note) { $1 }
        #expect(all.filter { $0.value == .ok && runs[$0.key] == nil }.keys.sorted() == [])
        #expect(all.filter { $0.value == .notRun && runs[$0.key] != nil }.keys.sorted() == [])
        #expect(runs.keys.filter { all[$0] == nil } == [])
    }

    // MARK: - Daemon

    private static func isQuiet(_ status: Status) -> Bool {
        status.isReady && status.clients == 0 && status.calls.inFlight == 0
            && status.calls.queued == 0
            && status.kernels.allSatisfy { kernel in
                kernel.state == .healthy && kernel.slots.allSatisfy { $0.state == .ready }
            }
    }

    private func resources(of daemon: DaemonUnderTest) throws -> Resources {
        Resources(
            descriptors: try daemon.restingDescriptorCount(),
            sharedMemory: try ProcessTable.sharedMemory(of: daemon.pid),
            zombies: try ProcessTable.zombies(of: daemon.pid),
            workers: daemon.workers.count,
            sharedFiles: Set(try names(in: "/dev/shm").filter { $0.contains("kernelsup") })
        )
    }

    /// In KiB.
    private func residentMemory(of daemon: DaemonUnderTest) throws -> Int {
        let text = try ProcessTable.statusField("VmRSS", of: daemon.pid)
        return try #require(Int(text.split(separator: " ").first ?? ""))
    }

    // MARK: - Words

    private static func list(_ counts: [(String, Int)]) -> String {
        counts.sorted { $0 < $1 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    private static func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
