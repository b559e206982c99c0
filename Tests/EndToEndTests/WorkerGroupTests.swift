import ControlProtocol
import Glibc
import LinuxSystem
import Testing

/// A control group that is the daemon's to divide.
@Suite(
    .showsDaemonLog,
    .enabled(if: TestControlGroup.isAvailable, "no control groups can be made here")
)
struct WorkerGroupTests {
    private let place: TestControlGroup

    /// With all controllers that can be had.
    init() throws {
        place =
            TestControlGroup.limitsMemory
            ? try TestControlGroup(controlling: "memory") : try TestControlGroup()
    }

    private func makeConfiguration(_ kernels: KernelFile...) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(kernels)
        configuration.controlGroup = place.path
        return configuration
    }

    @Test func `what hides whose it is ends with the worker's control group`() throws {
        let files = try TestDirectory()
        defer { files.remove() }
        let hidden = "setsid env -i sh -c 'echo $$ > \(files.path)/pid; exec sleep 1000' &"
        try withDaemon(makeConfiguration(.fault("echo", after: hidden))) { daemon in
            let pid: Int32 = try eventually("its number") { Int32(files.text("pid").dropLast()) }
            try daemon.killWorker(of: "fault/echo")
            try eventually("its end") { !ProcessTable.isAlive(pid) }
            try daemon.expectService(of: "fault/echo")
            #expect(!daemon.log.contains("was left by"))
        }
    }

    // U04
    @Test func `the daemon and each worker have a control group of their own`() throws {
        try withDaemon(makeConfiguration(.fault("echo"), .fault("exit"))) { daemon in
            #expect(place.group.processes == [])
            #expect(place.group.child("supervisor").processes == [daemon.pid])
            let first = try daemon.workerPID(of: "fault/echo")
            #expect(place.group.child("worker-fault-echo-0-1").processes == [first])
            #expect(place.parts.count == 3)
            try daemon.killWorker(of: "fault/echo")
            try eventually("its group is gone and another one is there") {
                place.parts == ["supervisor", "worker-fault-echo-0-3", "worker-fault-exit-0-2"]
            }
            #expect(try daemon.stop() == .exited(0))
            #expect(place.parts == ["supervisor"])
        }
    }

    // S04
    @Test func `the next daemon in a control group ends what a killed one has left`() throws {
        try withDaemon(makeConfiguration(.fault("echo", after: "setsid sleep 1000 &"))) { daemon in
            try eventually("a worker and another") { daemon.workers.count == 2 }
            let before = daemon.workers
            try daemon.process.signal(SIGKILL)
            _ = try daemon.process.wait()
            try eventually("the worker's end") { daemon.workers.count == 1 }
            let second = try DaemonUnderTest.start(
                in: daemon.directory,
                log: "second.log",
                // A group that is divided takes no process.
                controlGroup: place.group.child("supervisor").path
            )
            try eventually("the second one is ready") { (try? daemon.status())?.isReady == true }
            #expect(Set(daemon.workers).isDisjoint(with: before))
            try second.signal(SIGTERM)
            #expect(try second.wait() == .exited(0))
            #expect(daemon.workers == [])
        }
    }

    @Test func `a control group that somebody else is in is not divided`() throws {
        let other = try RunningProcess.start(
            "/bin/sleep",
            ["1000"],
            output: "/dev/null",
            errors: "/dev/null",
            controlGroup: place.path
        )
        try withDaemon(makeConfiguration(.fault("echo"))) { daemon in
            let reason = "process \(other.pid) is in \(place.path) too"
            #expect(daemon.log.contains("workers get no control groups: \(reason); "))
            #expect(place.parts == [])
            try daemon.expectService(of: "fault/echo")
        }
    }

    @Test(
        .enabled(
            if: ControlGroup.ofThisProcess()?.isRoot == true,
            "this process is not in the root of all control groups"
        )
    )
    func `the root of all control groups is not divided`() throws {
        try withDaemon(.fault("echo")) { daemon in
            let reason = "the daemon is in the root of all control groups"
            #expect(daemon.log.contains("workers get no control groups: \(reason); "))
            try daemon.expectService(of: "fault/echo")
        }
    }
}
