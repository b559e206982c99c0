import Glibc
import Testing

@testable import LinuxSystem

@Suite struct `Descriptors of a started process` {
    @Test func `can swap their numbers`() throws {
        // Files and not pipes: each has a name of its own.
        let first = try SharedMemory.create(name: "first", byteCount: 0)
        let second = try SharedMemory.create(name: "second", byteCount: 0)
        let third = try SharedMemory.create(name: "third", byteCount: 0)
        let numbers = [first.rawDescriptor, second.rawDescriptor, third.rawDescriptor]
        let bystander = try Bystander {
            $0.inheritedDescriptors = [
                .init(numbers[0], asNumber: numbers[1]),
                .init(numbers[1], asNumber: numbers[2]),
                .init(numbers[2], asNumber: numbers[0]),
            ]
        }
        let found = try descriptors(of: bystander.child.process.pid)
        #expect(Set(found.keys) == Set([0, 1, 2] + numbers))
        #expect(
            numbers.map { found[$0] } == [
                "/memfd:third (deleted)", "/memfd:first (deleted)", "/memfd:second (deleted)",
            ]
        )
        #expect(try bystander.end() == .exited(0))
    }

    @Test func `can take every number, that of the report pipe included`() throws {
        let memory = try SharedMemory.create(name: "everywhere", byteCount: 0)
        let bystander = try Bystander {
            $0.standardError = memory.rawDescriptor
            $0.inheritedDescriptors = (0..<253).map {
                .init(memory.rawDescriptor, asNumber: 3 + $0)
            }
        }
        var found = try descriptors(of: bystander.child.process.pid)
        found[0] = nil
        found[1] = nil
        var expected: [Int32: String] = [:]
        for number in Int32(2)..<256 { expected[number] = "/memfd:everywhere (deleted)" }
        #expect(found == expected)
        #expect(try bystander.end() == .exited(0))
    }

    @Test func `can be the standard streams in another order`() throws {
        let memory = try SharedMemory.create(name: "log", byteCount: 0)
        let bystander = try Bystander { request in
            request.standardError = memory.rawDescriptor
            // The child's number 1 is the daemon's 0 at the same time as the reverse.
            request.inheritedDescriptors = [.init(0, asNumber: 10), .init(1, asNumber: 11)]
        }
        let found = try descriptors(of: bystander.child.process.pid)
        #expect(Set(found.keys) == [0, 1, 2, 10, 11])
        #expect(found[2] == "/memfd:log (deleted)")
        #expect(found[10] == linkTarget("/proc/self/fd/0"))
        #expect(found[11] == linkTarget("/proc/self/fd/1"))
        #expect(try bystander.end() == .exited(0))
    }

    @Test func `leave no trace here after 1,000 starts and 1,000 failed ones`() async {
        // The count is the whole process's, so this has a process of its own.
        await #expect(processExitsWith: .success) {
            let good = try makeRequest("/bin/true")
            let bad = try makeRequest("/nowhere/true")
            var broken = good
            broken.helperPath = "/nowhere/helper"
            _ = try run(good)
            let before = try ownDescriptors()
            for _ in 0..<1000 {
                try #require(
                    try run(good) == Finished(outcome: .executed, reason: .exited(0))
                )
                try #require(try run(bad).reason == .exited(127))
                #expect(throws: SystemError.self) { _ = try Child(broken) }
            }
            #expect(try ownDescriptors() == before)
            // Nor a process.
            #expect(waitpid(-1, nil, WNOHANG) == -1)
        }
    }

    @Test func `leave room for the handle when there are only the two that the pipe needs`() async {
        await #expect(processExitsWith: .success) {
            let request = try makeRequest("/bin/true")
            // The helper lives under the same limit and needs a few; these are closed by then.
            for _ in 0..<20 { _ = fcntl(0, F_DUPFD_CLOEXEC, 0) }
            for _ in 0..<100 {
                var limit: Int32 = 0
                var freeCount = 0
                while freeCount < 2 {
                    if fcntl(limit, F_GETFD) == -1 { freeCount += 1 }
                    limit += 1
                }
                try ResourceLimit(.openFiles, soft: UInt64(limit), hard: 4096).apply()
                do {
                    let spawned = try Spawn.start(request)
                    #expect(try outcome(of: spawned.report) == .executed)
                    #expect(try reason(of: spawned.process) == .exited(0))
                    return
                } catch let error as SystemError {
                    // The runtime took a number just now.
                    try #require(error.call == "pipe2")
                }
            }
            Issue.record("there were never two free numbers")
        }
    }
}
