import Glibc
import Testing

@testable import LinuxSystem

struct ProcessTableTests {
    @Test func `a process is ending from its end until it is reaped, and not before`() throws {
        let bystander = try Bystander()
        let pid = bystander.child.process.pid
        #expect(!ProcessTable.isEnding(pid))
        try bystander.child.process.signal(SIGKILL)
        try waitUntilReadable(bystander.child.process.rawDescriptor)
        #expect(ProcessTable.isEnding(pid))
        #expect(try bystander.end() == .signaled(SIGKILL, coreDumped: false))
    }
}
