import ControlProtocol
import Glibc
import LinuxSystem
import Testing

/// Many workers that die together: no end is lost, and none is told twice.
@Suite(.showsDaemonLog)
struct ManyWorkersTests {
    // D02
    @Test func `of two hundred workers that are killed at once each is seen to end once`() throws {
        var configuration = DaemonConfiguration((0..<4).map { .named("mass/\($0)") })
        configuration["defaults", "replicas"] = "50"
        try withDaemon(configuration, until: { $0.slots.count { $0.state == .ready } == 200 }) {
            daemon in
            let before = try daemon.status().slots
            for slot in before { kill(Int32(try #require(slot.pid)), SIGKILL) }
            let status = try daemon.waitUntil("all are back") {
                $0.slots.count { $0.state == .ready && $0.restarts > 0 } == 200
            }
            #expect(status.slots.allSatisfy { $0.restarts == 1 })
            let ends = daemon.log.split(separator: "\n").count {
                $0.contains("killed") && $0.contains("; the next one starts")
            }
            #expect(ends == 200)
            #expect(try ProcessTable.zombies(of: daemon.pid) == [])
        }
    }
}

extension Status {
    fileprivate var slots: [SlotStatus] { kernels.flatMap(\.slots) }
}
