import Glibc
import Testing

@testable import LinuxSystem

/// In this process, which lives on: how it ends is seen in the tests of workers.
@Suite struct `A lifeline` {
    private func makeLifeline() throws -> FileDescriptor {
        guard let lifeline = Lifeline.start() else { throw SystemError("Lifeline", errno: EPERM) }
        return lifeline
    }

    private func hasHungUp(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) != 0
    }

    @Test func `stays quiet while the process lives and starts others`() throws {
        let lifeline = try makeLifeline()
        #expect(Lifeline.isReadEnd(lifeline.rawValue))
        #expect(fcntl(lifeline.rawValue, F_GETFD) == FD_CLOEXEC)
        // F_GETPIPE_SZ.
        #expect(fcntl(lifeline.rawValue, 1032) == sysconf(Int32(_SC_PAGESIZE)))
        let child = try Child(makeRequest("/bin/true"))
        #expect(try outcome(of: child.report) == .executed)
        try waitUntilReadable(child.process.rawDescriptor)
        #expect(!hasHungUp(lifeline.rawValue))
    }

    @Test func `keeps nothing open that was there before it`() throws {
        let pipe = try Pipe.create()
        let reader = pipe.reader
        let writer = pipe.writer
        let lifeline = try makeLifeline()
        try close(writer)
        #expect(try readToEnd(reader) == [])
        #expect(!hasHungUp(lifeline.rawValue))
    }

    @Test func `has its write end in no table but its own thread's`() throws {
        let lifeline = try makeLifeline()
        let name = linkTarget("/proc/self/fd/\(lifeline.rawValue)")
        #expect(try descriptors(of: getpid()).values.filter { $0 == name }.count == 1)
        #expect(try threads(withNothingBut: name).count == 1)
    }

    @Test func `leaves the caller's signals as they were, and takes none`() throws {
        let before = try readFile("/proc/thread-self/status")
        let lifeline = try makeLifeline()
        let after = try readFile("/proc/thread-self/status")
        #expect(try statusField("SigBlk", in: after) == statusField("SigBlk", in: before))
        let name = linkTarget("/proc/self/fd/\(lifeline.rawValue)")
        let found = try threads(withNothingBut: name)
        let thread = try #require(found.first)
        let status = try readFile("/proc/self/task/\(thread)/status")
        #expect(try statusField("Name", in: status) == "lifeline")
        // All but SIGKILL, SIGSTOP and the two that the C library keeps for itself.
        #expect(try statusField("SigBlk", in: status) == "fffffffe7ffbfeff")
    }

    /// The threads whose table of descriptors holds this file alone.
    private func threads(withNothingBut name: String) throws -> [String] {
        try names(in: "/proc/self/task").filter { thread in
            let directory = "/proc/self/task/\(thread)/fd"
            // Other threads end meanwhile.
            let numbers = (try? names(in: directory)) ?? []
            return numbers.map { linkTarget("\(directory)/\($0)") } == [name]
        }
    }

    @Test func `is told from what is none`() throws {
        let pipe = try Pipe.create()
        #expect(Lifeline.isReadEnd(pipe.reader.rawValue))
        #expect(!Lifeline.isReadEnd(pipe.writer.rawValue))
        let file = try FileDescriptor.openFile("/dev/null", flags: O_RDONLY)
        #expect(!Lifeline.isReadEnd(file.rawValue))
        let sockets = try PacketSocket.pair(nonblocking: false)
        #expect(!Lifeline.isReadEnd(sockets.theirs.rawValue))
        #expect(!Lifeline.isReadEnd(-1))
        // A FIFO that is open for both never hangs up.
        let directory = try TemporaryDirectory()
        try #require(mkfifo("\(directory.path)/fifo", 0o600) == 0)
        let both = try FileDescriptor.openFile("\(directory.path)/fifo", flags: O_RDWR)
        #expect(!Lifeline.isReadEnd(both.rawValue))
    }
}

@Suite struct `A process that ends` {
    @Test func `is known by its flags until it is reaped`() throws {
        let child = try Child(makeRequest("/bin/sleep", ["1000"]))
        #expect(try outcome(of: child.report) == .executed)
        #expect(!ProcessSituation.isEnding(child.process.pid))
        try child.process.signal(SIGKILL)
        try waitUntilReadable(child.process.rawDescriptor)
        #expect(ProcessSituation.isEnding(child.process.pid))
        let pid = child.process.pid
        _ = try child.process.reap()
        #expect(!ProcessSituation.isEnding(pid))
    }
}
