import ControlProtocol
import Glibc
import LinuxSystem
import Testing

/// What a worker has started ends with the worker, also in another session.
@Suite(.showsDaemonLog)
struct RemainsTests {
    /// How the daemon knows what belongs to a worker.
    enum Mode: String, CaseIterable, Sendable {
        case environment, controlGroup

        static var available: [Mode] {
            allCases.filter { $0 == .environment || TestControlGroup.isAvailable }
        }
    }

    // D03
    @Test(arguments: Mode.available)
    func `what a worker started in other sessions is gone with it and leaves no zombie`(
        _ mode: Mode
    ) throws {
        let script = "setsid sh -c 'sleep 1000 & setsid sleep 1000 & wait' &"
        try withWorker(script, mode) { daemon in
            for _ in 0..<3 {
                let before: [Int32] = try eventually("a worker and three others") {
                    let workers = daemon.workers
                    return workers.count == 4 ? workers : nil
                }
                try daemon.killWorker(of: "fault/echo")
                try eventually("the end of \(before)") {
                    Set(daemon.workers).isDisjoint(with: before)
                }
                try eventually("no zombie") {
                    try ProcessTable.zombies(of: daemon.pid) == []
                }
                try daemon.expectService(of: "fault/echo")
            }
            #expect(try daemon.stop() == .exited(0))
            #expect(daemon.workers == [])
        }
    }

    @Test(arguments: Mode.available)
    func `what a living worker has set free lives, and is reaped when it ends`(
        _ mode: Mode
    ) throws {
        try withWorker("(setsid sleep 1000 &);", mode) { daemon in
            let worker = try daemon.workerPID(of: "fault/echo")
            let free: Int32 = try eventually("the process set free") {
                daemon.workers.first {
                    $0 != worker && (try? parent(of: $0)) == daemon.pid
                }
            }
            try daemon.expectService(of: "fault/echo")
            #expect(ProcessTable.isAlive(free))
            try #require(kill(free, SIGTERM) == 0)
            try eventually("it is reaped") { kill(free, 0) != 0 }
            #expect(try daemon.workerPID(of: "fault/echo") == worker)
        }
    }

    // D06
    @Test(arguments: Mode.available)
    func `a worker starts when all that the former one left is gone`(_ mode: Mode) throws {
        let place = try TestDirectory()
        defer { place.remove() }
        // Writes the number of what it leaves, whose memory takes the kernel a while to free; the
        // next one says when that has not ended.
        let former = "\(place.path)/former"
        let lives = "grep -qs '^State:.[^ZX]' /proc/$(cat \(former))/status"
        let isLarge = "grep -qsE '^VmRSS:.*[0-9]{6} kB' /proc/$(cat \(former))/status"
        let script = """
            if test -e \(former) && \(lives); then echo >> \(place.path)/overlaps; fi; \
            setsid sh -c 'echo $$ > \(former).new; mv \(former).new \(former); \
            exec dd if=/dev/zero bs=512M count=1' | setsid sleep 1000 & \
            until test -s \(former) && \(isLarge); do :; done;
            """
        try withWorker(script, mode) { daemon in
            for _ in 0..<6 { try daemon.replaceWorker(of: "fault/echo") }
            #expect(place.text("overlaps") == "")
        }
    }

    @Test(arguments: ["-i", "KERNELSUP_WORKER=evil", "KERNELSUP_WORKER=none/such/0/1"])
    func `a process that hides whose it is is named, and ended with the daemon`(
        _ disguise: String
    ) throws {
        let place = try TestDirectory()
        defer { place.remove() }
        let hidden = "setsid env \(disguise) sh -c 'echo $$ > \(place.path)/pid; exec sleep 1000' &"
        try withWorker(hidden, .environment) { daemon in
            let pid: Int32 = try eventually("its number") { Int32(place.text("pid").dropLast()) }
            try daemon.killWorker(of: "fault/echo")
            try eventually("it is named: \(daemon.log)") {
                daemon.log.contains("process \(pid) (sleep, in state S")
            }
            #expect(ProcessTable.isAlive(pid))
            #expect(try daemon.stop() == .exited(0))
            #expect(!ProcessTable.isAlive(pid))
        }
    }

    @Test func `a daemon without control groups says what is lost`() throws {
        try withDaemon(.fault("echo")) { daemon in
            #expect(daemon.log.contains("workers get no control groups: "))
        }
    }

    // MARK: - Support

    /// With a worker that runs the script before it becomes the fault worker.
    private func withWorker(
        _ script: String,
        _ mode: Mode,
        _ body: (DaemonUnderTest) throws -> Void
    ) throws {
        var configuration = DaemonConfiguration([.fault("echo", after: script)])
        let place = mode == .controlGroup ? try TestControlGroup() : nil
        configuration.controlGroup = place?.path
        try withDaemon(configuration, body)
        withExtendedLifetime(place) {}
    }

    private func parent(of pid: Int32) throws -> Int32? {
        Int32(try ProcessTable.statusField("PPid", of: pid))
    }
}
