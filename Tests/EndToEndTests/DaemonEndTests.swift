import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// The end of the daemon: what becomes of workers, calls and sockets.
@Suite(.showsDaemonLog)
struct DaemonEndTests {
    // S04
    @Test func `no worker outlives a daemon that is killed`() throws {
        try withDaemon(.fault("echo"), .fault("sleep"), .fault("hang-outside")) { daemon in
            let calls = ["fault/sleep", "fault/hang-outside"].map { kernel in
                Background { daemon.failure(kernel, milliseconds: 600_000) }
            }
            try daemon.waitUntil("the calls run") { $0.calls.inFlight == 2 }
            #expect(daemon.workers.count == 3)
            try daemon.process.signal(SIGKILL)
            try daemon.waitUntilNoWorkerLives()
            let codes = try calls.map { try $0.value()?.code }
            #expect(codes == [.connectionLost, .connectionLost])
        }
    }

    // S04, S05
    @Test func `no worker outlives a daemon that is killed while it starts workers`() throws {
        let kernels = (0..<12).map { KernelFile.named("slow/k\($0)", "--slow-start", "60000") }
        for round in 0..<6 {
            let daemon = try DaemonUnderTest(DaemonConfiguration(kernels))
            // A different number is on its way each time.
            try eventually("\(round * 2 + 1) workers start") {
                daemon.workers.count > round * 2
            }
            try daemon.process.signal(SIGKILL)
            _ = try daemon.process.wait()
            try daemon.waitUntilNoWorkerLives()
        }
    }

    @Test func `a request to stop lets the call in flight end`() throws {
        try withDaemon(.fault("sleep")) { daemon in
            let client = try RawClient(daemon)
            try client.call("fault/sleep", id: 1, milliseconds: 1500)
            try daemon.waitUntilRunning("fault/sleep")
            try daemon.process.signal(SIGTERM)
            try daemon.waitUntil("it drains") { $0.isDraining }
            try client.call("fault/sleep", id: 2)
            let refused = try client.reply().head
            #expect(refused.id == 2 && refused.error == .shuttingDown)
            let reply = try client.reply()
            #expect(reply.head.id == 1 && reply.head.error == nil)
            #expect(try client.receive() == .closed)
            #expect(try daemon.process.wait() == .exited(0))
            #expect(daemon.sockets == [])
            #expect(daemon.workers == [])
            #expect(daemon.runs == 1)
        }
    }

    @Test func `an idle daemon stops with its workers and sockets`() throws {
        try withDaemon(.fault("echo"), .fault("sleep", "--concurrency", "4")) { daemon in
            let exit = try daemon.stop()
            #expect(exit == .exited(0))
            #expect(daemon.sockets == [])
            #expect(daemon.workers == [])
            #expect(daemon.log.hasSuffix("stopped\n"))
        }
    }

    @Test func `a second request to stop ends the calls`() throws {
        try withDaemon(.fault("sleep")) { daemon in
            let call = Background { daemon.failure("fault/sleep", milliseconds: 600_000) }
            try daemon.waitUntilRunning("fault/sleep")
            try daemon.process.signal(SIGTERM)
            try daemon.waitUntil("it drains") { $0.isDraining }
            try daemon.process.signal(SIGINT)
            let failure = try call.value()
            #expect(Ending(failure) == Ending(.shuttingDown, .answerLost, attempts: 1))
            #expect(try daemon.process.wait() == .exited(0))
            #expect(daemon.workers == [])
        }
    }

    // Q05, D05
    @Test func `a hung worker that is deaf to SIGTERM does not hold up the end`() throws {
        var configuration = DaemonConfiguration([.fault("hang-kernel", "--ignore-term")])
        configuration["defaults.timeout", "cancel_timeout"] = #""60s""#
        configuration["defaults.lifecycle", "stop_timeout"] = #""100ms""#
        configuration["defaults.lifecycle", "kill_timeout"] = #""100ms""#
        try withDaemon(configuration) { daemon in
            let call = Background { daemon.failure("fault/hang-kernel") }
            try daemon.waitUntilRunning("fault/hang-kernel")
            try daemon.process.signal(SIGTERM)
            try daemon.waitUntil("it drains") { $0.isDraining }
            try daemon.process.signal(SIGTERM)
            #expect(try call.value()?.code == .shuttingDown)
            #expect(try daemon.process.wait() == .exited(0))
            #expect(daemon.workers == [])
            #expect(daemon.log.contains("did not stop in time and was killed"))
        }
    }

    // S07
    @Test func `a stop while workers start ends`() throws {
        let kernels = (0..<6).map { KernelFile.named("slow/k\($0)", "--slow-start", "60000") }
        let daemon = try DaemonUnderTest(DaemonConfiguration(kernels))
        try daemon.waitUntil("they start") { $0.kernels.count == 6 }
        let exit = try daemon.stop()
        #expect(exit == .exited(0))
        #expect(daemon.workers == [])
        #expect(daemon.sockets == [])
    }

    // S07
    @Test func `a stop at any moment after a start ends`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let kernels = (0..<4).map { KernelFile.named("some/k\($0)") }
        for _ in 0..<16 {
            let daemon = try DaemonUnderTest(DaemonConfiguration(kernels))
            usleep(UInt32(random.next() % 60_000))
            let signals = [SIGTERM, SIGINT, SIGTERM]
            try daemon.process.signal(signals[Int(random.next() % 3)])
            let exit = try daemon.process.wait()
            // Before its first line it has the signals that every program has.
            let isEarly = daemon.log == "" && exit.description.hasPrefix("killed by")
            #expect(exit == .exited(0) || isEarly, "seed \(seed): \(exit)")
            #expect(daemon.workers == [], "seed \(seed)")
            #expect(daemon.sockets == [], "seed \(seed)")
        }
    }

    // S07, K08
    @Test func `a stop at any moment after a reload ends`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        for _ in 0..<8 {
            var configuration = DaemonConfiguration([.fault("echo"), .fault("count")])
            try withDaemon(configuration) { daemon in
                configuration["defaults.process", "oom_score_adjust"] = "400"
                try DaemonUnderTest.write(configuration, to: daemon.directory)
                try daemon.process.signal(SIGHUP)
                usleep(UInt32(random.next() % 40_000))
                #expect(try daemon.stop() == .exited(0), "seed \(seed)")
                #expect(daemon.workers == [], "seed \(seed)")
            }
        }
    }

    @Test func `a worker that is stopped by SIGSTOP does not hold up the end`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["defaults.lifecycle", "stop_timeout"] = #""100ms""#
        configuration["defaults.lifecycle", "kill_timeout"] = #""60s""#
        try withDaemon(configuration) { daemon in
            let pid = try daemon.workerPID(of: "fault/echo")
            try #require(kill(pid, SIGSTOP) == 0)
            // SIGTERM alone would wait for the SIGCONT that comes behind it.
            #expect(try daemon.stop() == .exited(0))
            #expect(daemon.workers == [])
            #expect(!daemon.log.contains("was killed"))
        }
    }

    // K05
    @Test func `a second daemon on the same paths exits and touches nothing`() throws {
        try withDaemon(.fault("echo")) { daemon in
            let before = try daemon.status()
            let worker = try daemon.workerPID(of: "fault/echo")
            let client = try RawClient(daemon)
            let second = try DaemonUnderTest.start(in: daemon.directory, log: "second.log")
            #expect(try second.wait() == .exited(1))
            let log = daemon.directory.text("second.log")
            #expect(log.contains("EADDRINUSE") && log.contains("another kernelsupd"), "\(log)")
            #expect(try daemon.status().pid == before.pid)
            #expect(daemon.sockets.count == 2)
            try client.call("fault/echo", id: 1)
            #expect(try client.reply().head.error == nil)
            try daemon.expectService(of: "fault/echo")
            #expect(daemon.workers == [worker])
        }
    }

    @Test func `sockets that a killed daemon left are taken over`() throws {
        let daemon = try DaemonUnderTest(DaemonConfiguration([.fault("echo")]))
        defer { withExtendedLifetime(daemon) {} }
        try daemon.waitUntil("it is ready") { $0.isReady }
        try daemon.process.signal(SIGKILL)
        _ = try daemon.process.wait()
        #expect(daemon.sockets.count == 2)
        let second = try DaemonUnderTest.start(in: daemon.directory, log: "daemon.log")
        try eventually("the second one is ready") { (try? daemon.status())?.isReady == true }
        #expect(try daemon.status().pid == Int(second.pid))
        try daemon.expectService(of: "fault/echo")
        try second.signal(SIGTERM)
        #expect(try second.wait() == .exited(0))
    }
}
