import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionRecording
import Testing

/// What a real daemon has decided, decided again by a core in this process.
@Suite(.showsDaemonLog)
struct RecordingTests {
    private static func configuration() -> DaemonConfiguration {
        var configuration = DaemonConfiguration([
            .fault("echo"), .fault("crash"), .fault("fail"), .fault("sleep"),
        ])
        configuration["defaults.health", "interval"] = "'100ms'"
        configuration["defaults.health", "timeout"] = "'50ms'"
        configuration["defaults.breaker", "failure_threshold"] = "2"
        configuration["defaults.breaker", "timeout"] = "'100ms'"
        configuration.recording = "recording"
        return configuration
    }

    private func reader(_ daemon: DaemonUnderTest) throws -> RecordingReader {
        let path = "\(daemon.directory.path)/recording"
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&part, 1, part.count, file), count > 0 {
            bytes += part[..<count]
        }
        return try RecordingReader(bytes)
    }

    private func event(_ entries: [Event], _ isWanted: (Event) -> Bool) -> Bool {
        entries.contains(where: isWanted)
    }

    @Test func `what the daemon decided is decided again, bit by bit`() throws {
        try withDaemon(Self.configuration()) { daemon in
            for _ in 0..<50 { try daemon.expectService(of: "fault/echo") }
            for _ in 0..<4 { _ = daemon.failure("fault/fail") }
            _ = daemon.failure("fault/crash")
            _ = daemon.failure(
                "fault/sleep",
                milliseconds: 600_000,
                timeout: .milliseconds(100)
            )
            try daemon.waitUntil("a breaker closes again") { _ in
                daemon.log.contains("breaker of fault/fail in 'fault/fail/0' closed")
            }
            #expect(try daemon.stop() == .exited(0))

            var events: [Event] = []
            let outcome = try Replay.run(reader(daemon)) { entry, _ in events.append(entry.event) }
            #expect(outcome.difference == nil)
            #expect(!outcome.isTruncated)
            #expect(outcome.entries > 120)
            // The simulator says so too.
            let program = try Finished.run(
                BuildProducts.simulator,
                ["--replay", "\(daemon.directory.path)/recording"]
            )
            #expect(program.status == 0)
            #expect(program.output.contains("decided alike, bit by bit: \(outcome.entries) events"))
            // It is this daemon's story, from its configuration to its end.
            #expect(event(events) { if case .configured = $0 { true } else { false } })
            #expect(event(events) { if case .workerProbed = $0 { true } else { false } })
            #expect(event(events) { if case .workerEnded = $0 { true } else { false } })
            #expect(event(events) { $0 == .stopRequested })
        }
    }

    @Test func `the recording of a daemon that was killed is good up to its end`() throws {
        try withDaemon(Self.configuration()) { daemon in
            for _ in 0..<20 { try daemon.expectService(of: "fault/echo") }
            try daemon.process.signal(SIGKILL)
            _ = try daemon.process.wait()
            let outcome = try Replay.run(reader(daemon))
            #expect(outcome.difference == nil)
            #expect(outcome.entries >= 40)
        }
    }

    @Test func `what is no recording is named, with its path`() throws {
        let program = try Finished.run(BuildProducts.simulator, ["--replay", "/dev/null"])
        #expect(program.status == 2)
        #expect(program.errors.contains("/dev/null: this is no recording"))
        let missing = try Finished.run(BuildProducts.simulator, ["--replay", "/no/such"])
        #expect(missing.status == 2)
        #expect(missing.errors.contains("/no/such: No such file or directory"))
    }

    @Test func `a recording that can't be written is an error at the start, not a surprise`() throws
    {
        var configuration = Self.configuration()
        configuration.recording = "nowhere/recording"
        let daemon = try DaemonUnderTest(configuration)
        #expect(try daemon.process.wait() == .exited(1))
        #expect(daemon.log.contains("nowhere/recording"))
    }

    @Test func `a recording that takes no more ends, and the daemon goes on`() throws {
        var configuration = Self.configuration()
        // A device that is always full.
        configuration.recording = "../../../../../../../../../../dev/full"
        try withDaemon(configuration) { daemon in
            try daemon.expectService(of: "fault/echo")
            #expect(daemon.log.contains("the recording has ended"))
        }
    }
}
