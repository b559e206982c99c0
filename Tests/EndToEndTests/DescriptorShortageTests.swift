import LinuxSystem
import SupervisionWire
import Testing

/// A lack of descriptors is got over.
@Suite(.showsDaemonLog)
struct DescriptorShortageTests {
    @Test func `connections wait while descriptors are short, and the log says so now and then`()
        throws
    {
        try withDaemon(.fault("echo")) { daemon in
            _ = try daemon.restingDescriptorCount()
            let used = try ProcessTable.descriptors(of: daemon.pid)
            let free = try #require((0...1024).first { used[$0] == nil })
            try limitOpenFiles(of: daemon, to: free)
            let client = try RawClient(daemon)
            let words = "connections wait, for one could not be accepted"
            try eventually("the failure is logged") { daemon.log.contains(words) }
            // Whoever spins would have said it thousands of times until the second time.
            try eventually("it is logged again") { daemon.log.ranges(of: words).count > 1 }
            #expect(daemon.log.ranges(of: words).count < 10)
            try limitOpenFiles(of: daemon, to: 1024)
            try client.call("fault/echo", id: 1)
            #expect(try client.reply().head.error == nil)
        }
    }

    private func limitOpenFiles(of daemon: DaemonUnderTest, to count: Int32) throws {
        let arguments = ["--pid=\(daemon.pid)", "--nofile=\(count):"]
        let finished = try Finished.run("/usr/bin/prlimit", arguments)
        #expect(finished.status == 0, "\(finished.errors)")
    }
}
