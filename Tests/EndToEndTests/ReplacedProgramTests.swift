import ControlProtocol
import Glibc
import LinuxSystem
import Testing

/// A worker's program belongs to what it is started with: a reload sees that it has changed.
@Suite(.showsDaemonLog)
struct ReplacedProgramTests {
    private func kernel(_ program: String) -> KernelFile {
        .command("fault/echo", [program])
    }

    @Test func `a program that was missing is started after a reload`() throws {
        let store = try TestDirectory()
        defer { store.remove() }
        let program = store.path + "/worker"
        try withDaemon(kernel(program)) { daemon in
            try daemon.waitUntil("the kernel is down") { status in
                status.kernels.first?.reason == "worker_unusable"
            }
            try #require(symlink(BuildProducts.faultWorker, program) == 0)
            try daemon.process.signal(SIGHUP)
            try daemon.waitUntil("the kernel serves") { $0.state(of: "fault/echo") == .healthy }
            try daemon.expectService(of: "fault/echo")
        }
    }

    @Test func `a program that is the same file is left alone by a reload`() throws {
        try withDaemon(kernel(BuildProducts.faultWorker)) { daemon in
            let worker = try daemon.workerPID(of: "fault/echo")
            try daemon.process.signal(SIGHUP)
            try eventually("the reload") {
                daemon.log.matches(of: /configuration in force/).count == 2
            }
            #expect(try daemon.workerPID(of: "fault/echo") == worker)
        }
    }
}
