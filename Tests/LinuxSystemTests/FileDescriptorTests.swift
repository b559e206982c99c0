import Glibc
import Testing

@testable import LinuxSystem

@Suite struct `A file descriptor` {
    @Test func `is closed when its owner ends`() throws {
        let pipe = try Pipe.create()
        let reader = pipe.reader
        do {
            let writer = pipe.writer
            #expect(writer.rawValue >= 0)
        }
        #expect(try readToEnd(reader) == [])
    }

    @Test func `stays open when it is released`() throws {
        let pipe = try Pipe.create()
        let number = pipe.writer.release()
        #expect(fcntl(number, F_GETFD) == FD_CLOEXEC)
        try #require(Glibc.close(number) == 0)
        #expect(try readToEnd(pipe.reader) == [])
    }

    @Test func `leads to the same file when it is duplicated`() throws {
        let pipe = try Pipe.create()
        let copy = try pipe.writer.duplicate()
        #expect(fcntl(copy.rawValue, F_GETFD) == FD_CLOEXEC)
        try write("x", to: copy)
        #expect(try readPart(pipe.reader) == Array("x".utf8))
        #expect(
            throws: SystemError(
                "fcntl",
                errno: EBADF,
                subject: "F_DUPFD_CLOEXEC of descriptor -1"
            )
        ) {
            _ = try FileDescriptor.duplicate(-1)
        }
    }

    @Test func `tells nothing to read from the end`() throws {
        let pipe = try Pipe.create()
        let reader = pipe.reader
        var buffer: [UInt8] = [0]
        let nothing = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
        #expect(nothing == nil)
        try close(pipe.writer)
        try waitUntilReadable(reader.rawValue)
        let end = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
        #expect(end == 0)
    }

    @Test func `tells no room to write`() throws {
        let pipe = try Pipe.create()
        try pipe.writer.setNonblocking()
        let bytes = [UInt8](repeating: 1, count: 65_536)
        var counts: [Int?] = []
        repeat {
            counts.append(try bytes.withUnsafeBytes { try pipe.writer.write($0) })
        } while counts.last != .some(nil) && counts.count < 1000
        #expect(counts == [65_536, nil])
    }

    @Test func `of a file is closed on exec, and errors name the path`() throws {
        let file = try FileDescriptor.openFile("/proc/self/status", flags: O_RDONLY)
        #expect(fcntl(file.rawValue, F_GETFD) == FD_CLOEXEC)
        #expect(throws: SystemError("open", errno: ENOENT, subject: "/nowhere")) {
            _ = try FileDescriptor.openFile("/nowhere", flags: O_RDONLY)
        }
    }
}

@Suite struct `An event counter` {
    @Test func `is readable from the first signal until it is cleared`() throws {
        let counter = try EventCounter()
        #expect(counter.clear() == false)
        counter.signal()
        counter.signal()
        try waitUntilReadable(counter.rawDescriptor)
        #expect(counter.clear() == true)
        #expect(counter.clear() == false)
    }

    @Test func `takes more signals than it can count`() throws {
        let counter = try EventCounter()
        var most = UInt64.max - 1
        let count = try withUnsafeBytes(of: &most) { try counter.descriptor.write($0) }
        #expect(count == 8)
        counter.signal()
        #expect(counter.clear() == true)
    }
}

@Suite struct `Clocks and limits` {
    @Test func `the clocks do not go back`() {
        let clocks = [Clock.now, Clock.cpu, Clock.threadCPU]
        for clock in clocks {
            let first = clock()
            #expect(first > 0)
            #expect(clock() >= first)
        }
        // The third of September 2025, before which this was not built.
        #expect(Clock.wall() > 1_756_857_600_000_000_000)
    }

    @Test func `the number of descriptors is raised to what is allowed`() async {
        await #expect(processExitsWith: .success) {
            try ResourceLimit(.openFiles, soft: 100, hard: 900).apply()
            #expect(try ResourceLimit.raiseOpenFiles() == 900)
            #expect(
                try ResourceLimit.current(.openFiles)
                    == ResourceLimit(.openFiles, soft: 900, hard: 900)
            )
            #expect(try ResourceLimit.raiseOpenFiles() == 900)
        }
    }

    @Test func `an unknown resource is an error`() {
        #expect(throws: SystemError("getrlimit", errno: EINVAL, subject: "resource 99")) {
            _ = try ResourceLimit.current(.init(rawValue: 99))
        }
    }
}
