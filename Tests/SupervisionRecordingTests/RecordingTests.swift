import SupervisionKit
import SupervisionRecording
import Testing

@Suite("Recordings of the core")
struct RecordingTests {
    private static let header = Recording.Header(
        version: "1.2.3",
        seed: 42,
        start: Instant(nanoseconds: 1_000_000_000),
        watchdogInterval: .seconds(10)
    )

    private static var configuration: Configuration {
        var configuration = Configuration()
        var group = GroupConfiguration(name: "test/kernel", launchFingerprint: 7)
        group.replicas = 2
        group.recovery.permanentExitCodes = [3, 5]
        configuration.groups = [group]
        var kernel = KernelConfiguration(name: "test/kernel", group: "test/kernel")
        kernel.isIdempotent = true
        kernel.breaker.failureRate = nil
        kernel.breaker.slowCallDuration = .milliseconds(250)
        configuration.kernels = [kernel]
        return configuration
    }

    private static func worker(_ slot: Int) -> WorkerID {
        WorkerID(slot: SlotID(index: slot), incarnation: Incarnation(number: UInt64(slot + 1)))
    }

    /// A little of everything that a daemon tells its core.
    private static var events: [Event] {
        let declaration = WorkerDeclaration(
            device: "a device, with ünicode",
            kernels: [.init(name: "test/kernel", isIdempotent: true, problem: "")]
        )
        let client = CallerID.client(ClientID(index: 3, generation: 9))
        var events: [Event] = [.configured(configuration)]
        for slot in 0..<2 {
            events.append(.workerGreeted(worker(slot), concurrency: 1))
            events.append(.workerReady(worker(slot), declaration))
        }
        for call in UInt64(1)...6 {
            let kernel = KernelID(index: 0)
            let arrival = CallArrival(caller: client, callerCall: call, kernel: kernel)
            events.append(.callArrived(arrival))
        }
        let crash = WorkerEnd.signaled(name: "SIGSEGV", coreDumped: true)
        events += [
            .callCancelled(client, callerCall: 4),
            .callRejected(client, callerCall: 90, .malformedFrame, message: "no such thing"),
            .workerEnded(worker(0), crash),
            .breakerOverridden(kernel: "test/kernel", .forcedOpen),
            .timePassed,
            .clientClosed(ClientID(index: 3, generation: 9)),
            .stopRequested,
        ]
        return events
    }

    /// A recording as a daemon makes it, one event each 100 ms.
    private static func recording(seed: UInt64 = header.seed) throws -> [UInt8] {
        var bytes = try Recording.encode(header)
        var core = Supervisor(
            seed: seed,
            at: header.start,
            watchdogInterval: header.watchdogInterval
        )
        var now = header.start
        for event in events {
            now = now + .milliseconds(100)
            var effects: [Effect] = []
            core.handle(event, at: now, into: &effects)
            bytes += try Recording.encode(event, at: now, effects: effects)
        }
        return bytes
    }

    @Test func `a recording is read back as it was written`() throws {
        var reader = try RecordingReader(Self.recording())
        #expect(reader.header == Self.header)
        var events: [Event] = []
        while let entry = try reader.next() { events.append(entry.event) }
        #expect(events == Self.events)
    }

    @Test func `a repetition decides the same, bit by bit`() throws {
        let outcome = try Replay.run(RecordingReader(Self.recording()))
        #expect(outcome.difference == nil && !outcome.isTruncated)
        #expect(outcome.entries == Self.events.count)
        #expect(outcome.effects > 20)
        #expect(outcome.span == .milliseconds(100) * Self.events.count)
    }

    @Test func `a core that decides otherwise is found, with the first event where it does`()
        throws
    {
        var bytes = try Recording.encode(Self.header)
        let now = Self.header.start
        bytes += try Recording.encode(.timePassed, at: now, effects: [])
        bytes += try Recording.encode(.timePassed, at: now, effects: [.exit])
        let outcome = try Replay.run(RecordingReader(bytes))
        #expect(outcome.difference?.entry == 2)
        #expect(outcome.difference?.recorded == [.exit])
        #expect(outcome.difference?.repeated == [])
    }

    @Test func `a recording that was cut off anywhere is repeated as far as it goes`() throws {
        let whole = try Self.recording()
        let head = try Recording.encode(Self.header).count
        var counts: Set<Int> = []
        for length in stride(from: head, to: whole.count, by: 7) {
            let outcome = try Replay.run(RecordingReader(Array(whole[..<length])))
            #expect(outcome.difference == nil)
            counts.insert(outcome.entries)
        }
        #expect(counts == Set(0..<Self.events.count))
    }

    @Test func `what is no recording is refused, and nothing in it traps`() throws {
        #expect(throws: RecordingError.notARecording) { try RecordingReader([]) }
        let later = Array("KSUPREC9".utf8)
        #expect(throws: RecordingError.notARecording) { try RecordingReader(later) }
        #expect(throws: RecordingError.truncated) { try RecordingReader(Recording.magic) }
        let whole = try Self.recording()
        var random = SplitMix64(seed: 5)
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 8..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            // Any outcome but a trap.
            guard var reader = try? RecordingReader(bytes) else { continue }
            while let entry = try? reader.next() { _ = try? Recording.effects(of: entry) }
        }
    }
}
