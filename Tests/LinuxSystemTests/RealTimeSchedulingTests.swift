import Glibc
import Testing

@testable import LinuxSystem

/// The policy belongs to the thread, which no test here leaves or waits on.
@Suite(.enabled(if: isRealTimePermitted, "no real-time scheduling here"))
struct RealTimeSchedulingTests {
    private func policy() -> [Int32] {
        var parameters = sched_param()
        return [sched_getscheduler(0), sched_getparam(0, &parameters), parameters.sched_priority]
    }

    @Test func `starts and stops`() throws {
        #expect(!RealTimeScheduling.isOn())
        try RealTimeScheduling.start()
        #expect(RealTimeScheduling.isOn())
        #expect(RealTimeScheduling.isChosen())
        try RealTimeScheduling.stop()
        #expect(!RealTimeScheduling.isOn())
        #expect(!RealTimeScheduling.isChosen())
    }

    @Test func `a call that yields is made without, and the policy is as before`() throws {
        try RealTimeScheduling.start()
        defer { try? RealTimeScheduling.stop() }
        let before = policy()
        let isOn = try RealTimeScheduling.yielding { () throws(SystemError) in
            RealTimeScheduling.isOn()
        }
        #expect(!isOn)
        #expect(policy() == before)
        #expect(throws: SystemError("rmdir", errno: ENOENT)) {
            try RealTimeScheduling.yielding { () throws(SystemError) in
                throw SystemError("rmdir", errno: ENOENT)
            }
        }
        #expect(policy() == before)
    }

    @Test func `what has no policy is not touched by a call that yields`() throws {
        let before = policy()
        try RealTimeScheduling.yielding { () throws(SystemError) in #expect(policy() == before) }
        #expect(policy() == before)
    }
}

private let isRealTimePermitted: Bool = {
    guard !RealTimeScheduling.isChosen(), (try? RealTimeScheduling.start()) != nil else {
        return false
    }
    return (try? RealTimeScheduling.stop()) != nil
}()
