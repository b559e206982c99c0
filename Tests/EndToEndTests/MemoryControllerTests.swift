import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import Testing

/// Workers whose memory a control group limits and counts, as under systemd with `Delegate=memory`.
@Suite(
    .showsDaemonLog,
    .serialized,
    .enabled(
        if: TestControlGroup.limitsMemory,
        "no control group of version 2 with a limit of memory can be made here"
    )
)
struct MemoryControllerTests {
    private static let end = "was killed by SIGKILL: out of memory"

    private let place: TestControlGroup

    init() throws {
        place = try TestControlGroup(controlling: "memory")
    }

    private func makeConfiguration(_ limited: KernelFile, memory: String) -> DaemonConfiguration {
        var limited = limited
        limited.tables["process"] = ["memory": "\"\(memory)\""]
        var configuration = DaemonConfiguration([limited, .fault("echo")])
        configuration["defaults.breaker", "override"] = #""observe""#
        configuration.controlGroup = place.path
        return configuration
    }

    /// Waits until these groups are there and no others.
    private func expectParts(_ names: [String]) throws {
        let names = names.sorted()
        try eventually("\(names); there are \(place.parts)") { place.parts == names }
    }

    @Test func `each worker's group has the worker's limit`() throws {
        try withDaemon(makeConfiguration(.fault("leak"), memory: "96MiB")) { daemon in
            try expectParts(["supervisor", "worker-fault-echo-0-1", "worker-fault-leak-0-2"])
            func part(_ name: String, _ file: String) -> String {
                place.group.child(name).text(of: file)
            }
            #expect(part("worker-fault-leak-0-2", "memory.max") == "\(96 << 20)")
            #expect(part("worker-fault-leak-0-2", "memory.swap.max") == "0")
            #expect(part("worker-fault-leak-0-2", "memory.oom.group") == "1")
            #expect(part("worker-fault-echo-0-1", "memory.max") == "max")
            #expect(part("worker-fault-echo-0-1", "memory.swap.max") == "max")
            #expect(part("worker-fault-echo-0-1", "memory.oom.group") == "1")
            #expect(part("supervisor", "memory.oom.group") == "0")
            #expect(part("supervisor", "cgroup.procs") == "\(daemon.pid)")
            #expect(!daemon.log.contains("limits each process alone"))
            #expect(try daemon.stop() == .exited(0))
            #expect(place.parts == ["supervisor"])
        }
    }

    // U03
    @Test func `ten workers that go beyond their memory are said to have, for certain`() throws {
        let leaky = KernelFile.fault("leak", isIdempotent: false)
        try withDaemon(makeConfiguration(leaky, memory: "64MiB")) { daemon in
            let other = try daemon.workerPID(of: "fault/echo")
            for round in 0..<10 {
                _ = try daemon.workerPID(of: "fault/leak")
                // Another content each time, or it is refused for what it has done.
                let error = daemon.failure("fault/leak", amount: UInt32(4096 + round))
                #expect(Ending(error) == Ending(.workerDied, .answerLost, attempts: 1))
                #expect(error?.message.contains(Self.end) == true, "\(error as Any)")
            }
            let status = try daemon.waitUntil("the next worker is ready") {
                $0.slot(of: "fault/leak")?.state == .ready
            }
            #expect(status.slot(of: "fault/leak")?.lastExit?.contains(Self.end) == true)
            #expect(status.slot(of: "fault/leak")?.restarts == 10)
            #expect(daemon.log.split(separator: "\n").count { $0.contains(Self.end) } >= 10)
            #expect(!daemon.log.contains("probably out of memory"))
            let explained = try Finished.run(
                BuildProducts.control,
                ["explain", "fault/leak", "--socket-directory", "\(daemon.directory.path)/run"]
            )
            #expect(explained.output.contains(Self.end), "\(explained)")
            // Nobody else was hurt, and no group is left.
            #expect(try daemon.workerPID(of: "fault/echo") == other)
            #expect(status.slot(of: "fault/echo")?.restarts == 0)
            try daemon.expectService(of: "fault/echo")
            try expectParts(["supervisor", "worker-fault-echo-0-1", "worker-fault-leak-0-12"])
        }
    }

    @Test func `a worker goes with a child of it that runs out of memory`() throws {
        let files = try TestDirectory()
        defer { files.remove() }
        // In another session; takes memory once, when it is told to.
        let script = """
            setsid sh -c 'until mv \(files.path)/go \(files.path)/gone; do sleep 0.1; done; \
            exec dd if=/dev/zero of=/dev/null bs=512M count=1' 2>/dev/null &
            """
        let parent = KernelFile.fault("count", after: script)
        try withDaemon(makeConfiguration(parent, memory: "64MiB")) { daemon in
            let former = try daemon.workerPID(of: "fault/count")
            try files.write("go", "")
            let status = try daemon.waitUntil("the next worker is ready") {
                $0.slot(of: "fault/count")?.restarts == 1
                    && $0.slot(of: "fault/count")?.state == .ready
            }
            #expect(status.slot(of: "fault/count")?.lastExit?.contains(Self.end) == true)
            #expect(!ProcessTable.isAlive(former))
            try daemon.expectService(of: "fault/count")
            try expectParts(["supervisor", "worker-fault-count-0-3", "worker-fault-echo-0-2"])
        }
    }

    @Test func `a worker that can't even start in its memory is said to be out of it`() throws {
        var configuration = makeConfiguration(.fault("leak"), memory: "1MiB")
        configuration["defaults.recovery", "max_restarts"] = "3"
        configuration["defaults.recovery", "retry_quarantined"] = #""300s""#
        try withDaemon(configuration, until: { $0.state(of: "fault/echo") == .healthy }) { daemon in
            let status = try daemon.waitUntil("quarantine") {
                $0.slot(of: "fault/leak")?.state == .quarantined
            }
            #expect(status.slot(of: "fault/leak")?.lastExit?.contains(Self.end) == true)
            try daemon.expectService(of: "fault/echo")
            try expectParts(["supervisor", "worker-fault-echo-0-1"])
        }
    }

    @Test func `a worker that somebody kills is not said to have run out of memory`() throws {
        try withDaemon(makeConfiguration(.fault("count"), memory: "96MiB")) { daemon in
            try daemon.killWorker(of: "fault/count")
            let status = try daemon.waitUntil("the next worker is ready") {
                let slot = $0.slot(of: "fault/count")
                return slot?.state == .ready && slot?.restarts == 1
            }
            let end = try #require(status.slot(of: "fault/count")?.lastExit)
            #expect(end.contains("was killed by SIGKILL") && !end.contains("memory"), "\(end)")
        }
    }
}
