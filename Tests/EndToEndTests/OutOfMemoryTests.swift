import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// A worker that the kernel kills because memory runs out.
@Suite(.showsDaemonLog, .serialized)
struct OutOfMemoryTests {
    // U03
    @Test(.enabled(if: MemoryLimit.isAvailable, "no group with a limit of memory can be made here"))
    func `ten kills for memory are reported ten times`() throws {
        let limit = try MemoryLimit(bytes: 256 << 20)
        var configuration = DaemonConfiguration([.fault("leak", isIdempotent: false)])
        configuration["defaults.breaker", "override"] = #""observe""#
        configuration.controlGroup = limit.path
        try withDaemon(configuration) { daemon in
            for round in 0..<10 {
                _ = try daemon.workerPID(of: "fault/leak")
                var client = BlockingKernelClient(path: daemon.callsPath)
                let error = #expect(throws: KernelCallError.self) {
                    // Another content each time, or it is refused for what it has done.
                    try client.call(
                        "fault/leak",
                        [.scalar("amount", UInt32(4096 + round))]
                    )
                }
                #expect(error?.code == .workerDied)
                #expect(error?.message.contains("out of memory") == true, "\(error as Any)")
            }
            let status = try daemon.waitUntil("the next worker is ready") {
                $0.slot(of: "fault/leak")?.state == .ready
            }
            let words = "was killed by SIGKILL, probably out of memory"
            #expect(status.slot(of: "fault/leak")?.lastExit?.contains(words) == true)
            #expect(daemon.log.split(separator: "\n").count { $0.contains(words) } >= 10)
        }
    }

    @Test func `a worker that somebody kills is not said to have run out of memory`() throws {
        try withDaemon(.fault("echo")) { daemon in
            try daemon.killWorker(of: "fault/echo")
            let status = try daemon.waitUntil("the next worker is ready") {
                let slot = $0.slot(of: "fault/echo")
                return slot?.state == .ready && slot?.restarts == 1
            }
            let end = try #require(status.slot(of: "fault/echo")?.lastExit)
            #expect(end.contains("was killed by SIGKILL") && !end.contains("memory"), "\(end)")
        }
    }
}

/// A group of the first version of control groups, for all processes of a daemon together; it goes
/// with the value.
private final class MemoryLimit: Sendable {
    private static let root = "/sys/fs/cgroup/memory"

    let path = "\(root)/ksup-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"

    init(bytes: Int) throws {
        try #require(mkdir(path, 0o755) == 0)
        try SystemFile.write("\(bytes)", to: path + "/memory.limit_in_bytes")
        // Where swap is counted: none beside the memory.
        try? SystemFile.write("\(bytes)", to: path + "/memory.memsw.limit_in_bytes")
    }

    deinit {
        _ = try? eventually("\(path) is empty", within: .seconds(10)) { rmdir(path) == 0 }
    }

    static let isAvailable = (try? MemoryLimit(bytes: 64 << 20)) != nil
}
