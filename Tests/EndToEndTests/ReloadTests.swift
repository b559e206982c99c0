import ControlProtocol
import Glibc
import KernelClient
import SupervisionKit
import SupervisionWire
import Testing

/// SIGHUP: what changes and what does not.
@Suite(.showsDaemonLog)
struct ReloadTests {
    // K08
    @Test func `a changed policy restarts nothing and holds for the next call`() throws {
        var configuration = DaemonConfiguration([.fault("sleep")])
        try withDaemon(configuration) { daemon in
            let pid = try daemon.workerPID(of: "fault/sleep")
            configuration["defaults.timeout", "default_timeout"] = #""500ms""#
            try daemon.reload(configuration)
            let failure = daemon.failure("fault/sleep", milliseconds: 600_000)
            #expect(failure?.code == .deadlineExceeded)
            _ = try daemon.call("fault/sleep")
            #expect(try daemon.workerPID(of: "fault/sleep") == pid)
        }
    }

    @Test func `an unchanged configuration restarts nothing`() throws {
        let configuration = DaemonConfiguration([.fault("sleep"), .fault("echo")])
        try withDaemon(configuration) { daemon in
            let call = Background { try daemon.call("fault/sleep", milliseconds: 1000) }
            try daemon.waitUntilRunning("fault/sleep")
            let pids = Set(daemon.workers)
            try daemon.reload(configuration)
            #expect(try call.value().attempts == 1)
            #expect(Set(daemon.workers) == pids)
        }
    }

    @Test func `a changed manifest replaces the worker behind the call that runs`() throws {
        var configuration = DaemonConfiguration([.fault("sleep"), .fault("echo")])
        try withDaemon(configuration) { daemon in
            let changed = try daemon.workerPID(of: "fault/sleep")
            let other = try daemon.workerPID(of: "fault/echo")
            let call = Background { try daemon.call("fault/sleep", milliseconds: 1000) }
            try daemon.waitUntilRunning("fault/sleep")
            configuration.kernels[0] = .fault("sleep", "--concurrency", "2")
            try daemon.reload(configuration)
            #expect(try call.value().attempts == 1)
            try daemon.waitUntil("the worker is replaced") { status in
                let slot = status.slot(of: "fault/sleep")
                return slot?.state == .ready && slot?.pid != Int(changed)
            }
            #expect(try daemon.workerPID(of: "fault/echo") == other)
            try daemon.expectService(of: "fault/sleep")
            #expect(daemon.workers.count == 2)
        }
    }

    @Test func `a change whose new worker fails leaves the others, and the next one mends it`()
        throws
    {
        var configuration = DaemonConfiguration([.fault("echo")])
        configuration["defaults", "replicas"] = "3"
        try withDaemon(configuration) { daemon in
            try daemon.waitUntil("all are ready") { status in
                status.kernels[0].slots.allSatisfy { $0.state == .ready }
            }
            let former = Set(daemon.workers)
            configuration["defaults.environment", "FAULT_EXIT_AT_START"] = #""9""#
            try daemon.reload(configuration)
            let held = "is held: its new worker 'fault/echo/0' exited with status 9"
            try eventually("the change is held") { daemon.log.contains(held) }
            #expect(Set(daemon.workers).isSubset(of: former) && daemon.workers.count == 2)
            try daemon.expectService(of: "fault/echo")

            configuration["defaults.environment", "FAULT_EXIT_AT_START"] = nil
            try daemon.reload(configuration)
            try daemon.waitUntil("all are ready again") { status in
                status.kernels[0].slots.allSatisfy { $0.state == .ready }
                    && former.isDisjoint(with: daemon.workers)
            }
            let restarts = try daemon.status().kernels[0].slots.map(\.restarts)
            #expect(restarts.dropFirst().allSatisfy { $0 == 0 })
        }
    }

    @Test func `a new manifest adds a kernel, and one that is gone makes it unknown`() throws {
        var configuration = DaemonConfiguration([.fault("echo")])
        try withDaemon(configuration) { daemon in
            #expect(daemon.failure("fault/count")?.code == .unknownKernel)
            configuration.kernels.append(.fault("count"))
            try daemon.reload(configuration)
            try daemon.expectService(of: "fault/count")

            configuration.kernels.removeFirst()
            daemon.directory.delete("kernels.d/fault-echo.toml")
            try daemon.reload(configuration)
            #expect(daemon.failure("fault/echo")?.code == .unknownKernel)
            try daemon.waitUntil("one kernel is left") {
                $0.kernels.map(\.name) == ["fault/count"]
            }
            try eventually("its worker has ended") { daemon.workers.count == 1 }

            // The same name again.
            configuration.kernels.append(.fault("echo"))
            try daemon.reload(configuration)
            try daemon.expectService(of: "fault/echo")
        }
    }

    @Test func `calls that wait for a kernel which goes away are answered`() throws {
        let configuration = DaemonConfiguration([.fault("sleep"), .fault("echo")])
        try withDaemon(configuration) { daemon in
            let client = try RawClient(daemon)
            try client.call("fault/sleep", id: 1, milliseconds: 1000)
            try daemon.waitUntilRunning("fault/sleep")
            let waiting = Background { daemon.failure("fault/sleep") }
            try daemon.waitUntil("one waits") { $0.calls.queued == 1 }
            daemon.directory.delete("kernels.d/fault-sleep.toml")
            try daemon.reload(DaemonConfiguration([.fault("echo")]))
            #expect(try Ending(waiting.value()) == Ending(.unavailable, .notRun, attempts: 0))
            // The one that runs may end.
            #expect(try client.reply().head.id == 1)
        }
    }

    // K08
    @Test func `a broken file changes nothing and is shown with its place`() throws {
        let configuration = DaemonConfiguration([.fault("echo")])
        try withDaemon(configuration) { daemon in
            let pid = try daemon.workerPID(of: "fault/echo")
            let file = "\(daemon.directory.path)/kernels.d/new.toml"
            let text = "[kernel]\nname = 7\nbuiltin = \"core/echo\"\n"
            try daemon.directory.write("kernels.d/new.toml", text)
            try daemon.process.signal(SIGHUP)
            let status = try daemon.waitUntil("the reload is refused") {
                $0.configuration.state == .reloadRefused
            }
            let error = try #require(status.configuration.errors.first)
            #expect(error.contains("\(file):2:8"), "\(error)")
            #expect(daemon.log.contains("\(file):2:8"))
            #expect(status.kernels.map(\.name) == ["fault/echo"])
            #expect(try daemon.workerPID(of: "fault/echo") == pid)
            try daemon.expectService(of: "fault/echo")

            daemon.directory.delete("kernels.d/new.toml")
            try daemon.process.signal(SIGHUP)
            try daemon.waitUntil("it is in force again") {
                $0.configuration.state == .inForce && $0.configuration.errors.isEmpty
            }
            #expect(try daemon.workerPID(of: "fault/echo") == pid)
        }
    }
}
