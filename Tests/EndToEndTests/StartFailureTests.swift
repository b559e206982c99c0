import ControlProtocol
import KernelClient
import SupervisionKit
import Testing

/// Workers that do not come up: what the operator sees, and that nothing else suffers.
@Suite(.showsDaemonLog)
struct StartFailureTests {
    /// A program that cannot be started.
    enum Program: String, CaseIterable, Sendable {
        case missing, directory, notExecutable, empty, badInterpreter, otherMachine

        var errno: String {
            switch self {
            case .missing, .badInterpreter: "ENOENT"
            case .directory, .notExecutable: "EACCES"
            case .empty, .otherMachine: "ENOEXEC"
            }
        }

        /// Makes it and gives its path.
        func make(in directory: TestDirectory) throws -> String {
            switch self {
            case .missing: break
            case .directory: try directory.makeDirectory(rawValue)
            case .notExecutable: try directory.write(rawValue, "#!/bin/sh\n", mode: 0o644)
            case .empty: try directory.write(rawValue, "", mode: 0o755)
            case .otherMachine:
                // What a loader looks at first: e_machine stands at byte 18 and is of no machine.
                var header = Array(try contents(of: BuildProducts.execHelper).prefix(4096))
                header.replaceSubrange(18..<20, with: [0xFE, 0xCA])
                try directory.write(rawValue, bytes: header, mode: 0o755)
            case .badInterpreter:
                try directory.write(rawValue, "#!/nonexistent/interpreter\n", mode: 0o755)
            }
            return "\(directory.path)/\(rawValue)"
        }
    }

    // S06, E06
    @Test(arguments: Program.allCases)
    func `a program that cannot be started is tried once and shown with the error's name`(
        _ program: Program
    ) throws {
        let place = try TestDirectory()
        defer { place.remove() }
        let path = try program.make(in: place)
        let configuration = DaemonConfiguration([.command("bad/one", [path]), .fault("echo")])
        try withDaemon(configuration) { daemon in
            let status = try daemon.waitUntil("the kernel is down") {
                $0.state(of: "bad/one") == .down
            }
            let kernel = try #require(status.kernels.first { $0.name == "bad/one" })
            #expect(kernel.reason == "worker_unusable")
            #expect(kernel.why?.contains(program.errno) == true, "\(kernel.why ?? "")")
            #expect(kernel.why?.contains(path) == true, "\(kernel.why ?? "")")
            #expect(kernel.slots.map(\.state) == [.failed])
            #expect(kernel.slots.map(\.restarts) == [0])
            let health = try daemon.health()
            #expect(health.status == .critical)
            #expect(health.components.map(\.kernel) == ["bad/one"])
            #expect(health.components.first?.why?.contains(program.errno) == true)
            let refused = daemon.failure("bad/one")
            #expect(Ending(refused) == Ending(.unavailable, .notRun, attempts: 0))
            #expect(refused?.message.contains(program.errno) == true)
            try daemon.expectService(of: "fault/echo")
        }
    }

    @Test func `a worker that never says hello is killed at its start timeout`() throws {
        var configuration = limited([.fault("echo", "--never-hello")])
        configuration["defaults.lifecycle", "start_timeout"] = #""300ms""#
        try withDaemon(configuration) { daemon in
            try expectQuarantine(daemon, end: "was not ready in time and was killed")
        }
    }

    @Test func `a worker of another protocol version is refused and not started again`() throws {
        try withDaemon(limited([.fault("echo", "--old-version")])) { daemon in
            let status = try daemon.waitUntil("the kernel is down") {
                $0.state(of: "fault/echo") == .down
            }
            let kernel = try #require(status.kernels.first)
            #expect(kernel.reason == "worker_unusable")
            #expect(kernel.why?.contains("exited with status 76") == true, "\(kernel.why ?? "")")
            #expect(kernel.slots.map(\.restarts) == [0])
            #expect(daemon.log.contains("is refused"))
        }
    }

    @Test func `a worker that says hello twice is killed`() throws {
        try withDaemon(limited([.fault("echo", "--hello-twice")])) { daemon in
            try expectQuarantine(daemon, end: "broke the protocol")
        }
    }

    @Test func `a worker without a device is tried again and then quarantined`() throws {
        try withDaemon(limited([.fault("echo", "--no-device")])) { daemon in
            try expectQuarantine(daemon, end: "exited with status 69")
        }
    }

    // E01
    @Test func `a worker that ends at its start is started as often as allowed`() throws {
        try withDaemon(limited([.fault("echo", "--exit-at-start", "1")])) { daemon in
            try expectQuarantine(daemon, end: "exited with status 1")
            let starts = daemon.log.split(separator: "\n").filter { $0.contains("is starting") }
            #expect(starts.count == 3)
        }
    }

    // E06
    @Test(arguments: ["64", "78", "126", "127"])
    func `a worker that says that no restart helps is not started again`(_ code: String) throws {
        try withDaemon(.fault("echo", "--exit-at-start", code)) { daemon in
            let status = try daemon.waitUntil("the kernel is down") {
                $0.state(of: "fault/echo") == .down
            }
            #expect(status.slot(of: "fault/echo")?.restarts == 0)
            #expect(status.slot(of: "fault/echo")?.state == .failed)
        }
    }

    @Test func `a quarantined worker serves again once a trial start succeeds`() throws {
        let place = try TestDirectory()
        defer { place.remove() }
        let script = "test -e \(place.path)/mended || exit 1; exec \(BuildProducts.faultWorker)"
        var configuration = limited([.command("fault/echo", ["/bin/sh", "-c", script])])
        configuration["defaults.recovery", "retry_quarantined"] = #""1s""#
        try withDaemon(configuration) { daemon in
            try daemon.waitUntil("quarantine") {
                $0.slot(of: "fault/echo")?.state == .quarantined
            }
            try place.write("mended", "")
            try daemon.waitUntil("the trial start succeeds") {
                $0.state(of: "fault/echo") == .healthy
            }
            try daemon.expectService(of: "fault/echo")
        }
    }

    @Test func `a call waits for a worker that is starting`() throws {
        try withDaemon(
            DaemonConfiguration([.fault("echo", "--slow-start", "500")]),
            until: { $0.slot(of: "fault/echo")?.state == .starting },
            { daemon in
                try daemon.expectService(of: "fault/echo")
            }
        )
    }

    /// Two restarts are allowed, and the trial start is far off.
    private func limited(_ kernels: [KernelFile]) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(kernels)
        configuration["defaults.recovery", "max_restarts"] = "2"
        configuration["defaults.recovery", "retry_quarantined"] = #""300s""#
        return configuration
    }

    /// The worker of fault/echo ends so until it is quarantined; that and the next start show.
    private func expectQuarantine(_ daemon: DaemonUnderTest, end: String) throws {
        let status = try daemon.waitUntil("quarantine") {
            $0.slot(of: "fault/echo")?.state == .quarantined
        }
        let slot = try #require(status.slot(of: "fault/echo"))
        #expect(slot.restarts == 2)
        #expect(slot.lastExit?.contains(end) == true, "\(slot.lastExit ?? "")")
        let health = try daemon.health()
        #expect(health.status == .critical)
        let component = try #require(health.components.first)
        #expect(component.kernel == "fault/echo")
        #expect(component.reason == "restart_loop")
        #expect(component.why?.contains(end) == true, "\(component.why ?? "")")
        let next = try #require(component.next)
        #expect(next.action == "start")
        #expect(next.inSeconds > 0 && next.inSeconds <= 300)
        let refused = daemon.failure("fault/echo")
        #expect(Ending(refused) == Ending(.unavailable, .notRun, attempts: 0))
        #expect(refused?.retryAfter != nil)
    }
}
