import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import Testing

/// What workers write: always read, bounded, counted, and in the log before their end.
@Suite(.showsDaemonLog)
struct OutputTests {
    private static let floodLine = 64

    /// Lines of a worker in the log, and those that the log says were suppressed.
    private struct Account: Equatable {
        var logged: Int
        var suppressed: Int

        init(of slot: String, in log: String) {
            let lines = log.split(separator: "\n")
            logged = lines.count { $0.hasPrefix("<6>\(slot)[") }
            suppressed = lines.filter { $0.contains(" WORKER=\(slot) SUPPRESSED=") }
                .compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }.reduce(0, +)
        }
    }

    /// A worker that says this and exits with 1, never to be started again.
    private func sayer(_ words: String) -> DaemonConfiguration {
        var configuration = DaemonConfiguration([
            .fault("echo", "--say", words, "--exit-at-start", "1")
        ])
        configuration["defaults.recovery", "permanent_exit_codes"] = "[1]"
        return configuration
    }

    /// The log once the worker's end is in it.
    private func logAfterEnd(_ daemon: DaemonUnderTest) throws -> [Substring] {
        try eventually("the end of the worker in the log") {
            let log = daemon.log
            return log.contains("exited with status 1") ? log.split(separator: "\n") : nil
        }
    }

    // L01
    @Test func `a worker that floods is not blocked by a log that nobody reads`() throws {
        let place = try TestDirectory()
        defer { place.remove() }
        let fifo = "\(place.path)/log"
        try #require(mkfifo(fifo, 0o600) == 0)
        let reader = try FileDescriptor.openFile(fifo, flags: O_RDONLY | O_NONBLOCK)
        var configuration = DaemonConfiguration([.fault("flood"), .fault("echo")])
        configuration["defaults.log", "rate_limit"] = "0"
        try withDaemon(configuration, outputInto: fifo) { daemon in
            // It fails when one of its writes takes longer than a second.
            _ = try daemon.call("fault/flood", amount: 100, timeout: patience)
            try daemon.expectService(of: "fault/echo")
            // What was lost is counted, and said when there is room.
            var text: [UInt8] = []
            try eventually("the log speaks of what it lost") {
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                while let count = try buffer.withUnsafeMutableBytes({ try reader.read(into: $0) }),
                    count > 0
                {
                    text += buffer[..<count]
                }
                return String(decoding: text, as: UTF8.self).contains("nobody read them LOST=")
            }
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
            let logged = lines.count { $0.hasPrefix("<6>fault/flood/0[") }
            let lost = lines.compactMap { line in
                line.contains(" LOST=") ? line.split(separator: "=").last.flatMap { Int($0) } : nil
            }
            let written = (100 << 20) / OutputTests.floodLine
            // Records of the daemon itself may be among them.
            #expect((written...written + 20).contains(logged + lost.reduce(0, +)))
        }
    }

    // L01
    @Test func `a full disk under the log stops nothing`() throws {
        let configuration = DaemonConfiguration([.fault("flood"), .fault("echo")])
        try withDaemon(configuration, outputInto: "/dev/full") { daemon in
            _ = try daemon.call("fault/flood", amount: 10, timeout: patience)
            try daemon.expectService(of: "fault/echo")
        }
    }

    // L03
    @Test func `logged and suppressed lines are all that were written, also at exit`() throws {
        try withDaemon(.fault("flood")) { daemon in
            _ = try daemon.call("fault/flood", amount: 2, timeout: patience)
            _ = try daemon.call("fault/flood", amount: 1, timeout: patience)
            try daemon.killWorker(of: "fault/flood")
            let written = (3 << 20) / OutputTests.floodLine
            try eventually("the last count and the worker's end in the log") {
                let log = daemon.log
                let account = Account(of: "fault/flood/0", in: log)
                return account.logged + account.suppressed >= written
                    && log.contains("was killed by SIGKILL")
            }
            let account = Account(of: "fault/flood/0", in: daemon.log)
            #expect(account.logged + account.suppressed == written)
            #expect(account.logged >= 1000)
            let lines = daemon.log.split(separator: "\n")
            let end = try #require(lines.firstIndex { $0.contains("was killed by SIGKILL") })
            let said = try #require(lines.lastIndex { $0.contains("SUPPRESSED=") })
            #expect(said < end)
        }
    }

    // L03
    @Test func `what was suppressed is said also when the worker falls silent`() throws {
        var configuration = DaemonConfiguration([.fault("flood")])
        configuration["defaults.log", "rate_limit"] = "5"
        configuration["defaults.log", "rate_burst"] = "5"
        try withDaemon(configuration) { daemon in
            _ = try daemon.call("fault/flood", amount: 1, timeout: patience)
            let written = (1 << 20) / OutputTests.floodLine
            try eventually("the count in the log") {
                let account = Account(of: "fault/flood/0", in: daemon.log)
                return account.logged + account.suppressed == written
            }
        }
    }

    // L04
    @Test func `half a line at exit is kept, marked, and before the end`() throws {
        try withDaemon(sayer("half")) { daemon in
            let lines = try logAfterEnd(daemon)
            let whole = try #require(lines.firstIndex { $0.hasSuffix("]: a whole line") })
            let half = try #require(lines.firstIndex { $0.hasSuffix("half a li MARKS=unfinished") })
            let end = try #require(lines.firstIndex { $0.contains("exited with status 1") })
            #expect(whole < half && half < end)
        }
    }

    // L04
    @Test func `a line of 10 MiB is cut into marked pieces, and what follows is kept`() throws {
        try withDaemon(sayer("long")) { daemon in
            let lines = try logAfterEnd(daemon)
            let pieces = lines.filter { $0.hasSuffix("x MARKS=cut") }
            #expect(pieces.count >= 1000)
            #expect(pieces.allSatisfy { $0.utf8.count < 2100 })
            let account = Account(of: "fault/echo/0", in: daemon.log)
            #expect(account.logged + account.suppressed == 10 << 20 / 2048 + 1)
        }
    }

    // L04
    @Test(arguments: [
        ("nul", "a␀␀b MARKS=controls"), ("broken", "a\u{FFFD}(\u{FFFD}b MARKS=repaired"),
    ])
    func `bytes that are no text are made visible and marked`(
        words: String,
        shown: String
    ) throws {
        try withDaemon(sayer(words)) { daemon in
            let lines = try logAfterEnd(daemon)
            #expect(lines.contains { $0.hasSuffix("]: \(shown)") })
        }
    }

    @Test func `a daemon that is started without standard descriptors serves`() throws {
        let configuration = DaemonConfiguration([.fault("echo")])
        let directory = try DaemonUnderTest.makeDirectory(configuration)
        defer { directory.remove() }
        let command =
            "exec \(BuildProducts.daemon) --config \(directory.path)/kernelsupd.toml"
            + " 0<&- 1>&- 2>&-"
        let process = try RunningProcess.start(
            "/bin/sh",
            ["-c", command],
            output: directory.path + "/output",
            errors: directory.path + "/errors"
        )
        var client = BlockingKernelClient(path: "\(directory.path)/run/calls.sock")
        let result: CallResult = try eventually("an answer") {
            try? client.call("fault/echo", [Tensor("x", [1, 2] as [Float])])
        }
        #expect(result["x"]?.f32 == [1, 2])
        let descriptors = try ProcessTable.descriptors(of: process.pid)
        #expect((0...2).map { descriptors[$0] } == Array(repeating: "/dev/null", count: 3))
        try process.signal(SIGTERM)
        #expect(try process.wait() == .exited(0))
    }
}
