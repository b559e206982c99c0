import Glibc
import Testing

@testable import LinuxSystem

@Suite struct `A process handle` {
    @Test func `reports nothing while the process runs`() throws {
        let bystander = try Bystander()
        #expect(try bystander.child.process.reap() == nil)
        #expect(try bystander.end() == .exited(0))
    }

    // D01
    @Test func `signals nobody once the process is reaped`() throws {
        let child = try Child(makeRequest("/bin/true"))
        let pid = child.process.pid
        #expect(try reason(of: child.process) == .exited(0))
        #expect(
            throws: SystemError(
                "pidfd_send_signal",
                errno: ESRCH,
                subject: "SIGKILL to process \(pid)"
            )
        ) {
            try child.process.signal(SIGKILL)
        }
        #expect(
            throws: SystemError(
                "pidfd_send_signal",
                errno: ESRCH,
                subject: "signal 0 to process \(pid)"
            )
        ) {
            try child.process.signalGroup(SIGKILL)
        }
        #expect(throws: SystemError("waitid", errno: ECHILD, subject: "process \(pid)")) {
            _ = try child.process.reap()
        }
    }

    @Test func `signals the descendants with the group`() throws {
        let pipe = try Pipe.create()
        var request = try makeRequest("/bin/sh", ["-c", "sleep 1000 & echo ready; wait"])
        request.standardOutput = pipe.writer.rawValue
        let child = try Child(request)
        try close(pipe.writer)
        #expect(try readPart(pipe.reader) == Array("ready\n".utf8))
        try child.process.signalGroup(SIGKILL)
        // The pipe ends when shell and descendant are both gone.
        #expect(try readToEnd(pipe.reader) == [])
        #expect(
            try reason(of: child.process) == .signaled(SIGKILL, coreDumped: false)
        )
    }

    @Test func `signals a leader that has ended but whose group lives on`() throws {
        let pipe = try Pipe.create()
        var request = try makeRequest("/bin/sh", ["-c", "sleep 1000 & echo ready"])
        request.standardOutput = pipe.writer.rawValue
        let child = try Child(request)
        try close(pipe.writer)
        #expect(try readPart(pipe.reader) == Array("ready\n".utf8))
        try waitUntilReadable(child.process.rawDescriptor)
        try child.process.signalGroup(SIGKILL)
        #expect(try readToEnd(pipe.reader) == [])
        #expect(try reason(of: child.process) == .exited(0))
    }

    @Test func `reaches a process that leads no group`() async {
        await #expect(processExitsWith: .success) {
            // As between a start and its setsid: this process belongs to somebody else's group.
            try #require(getpgrp() != getpid() || setpgid(0, getppid()) == 0)
            signal(SIGUSR1, SIG_IGN)
            let handle = try ProcessHandle.open(pid: getpid())
            try handle.signalGroup(SIGUSR1)
        }
    }

    @Test func `cannot be had of a process that is not there`() {
        #expect(throws: SystemError("pidfd_open", errno: ESRCH, subject: "process 4194304")) {
            // One above the highest pid that Linux gives out.
            _ = try ProcessHandle.open(pid: 4_194_304)
        }
    }

    // The kernel clears the signal of the parent's death when the user changes.
    @Test func `finds no process of another user of a daemon that was killed`() async throws {
        let result = await #expect(
            processExitsWith: .signal(SIGKILL),
            observing: [\.standardOutputContent]
        ) {
            var request = try makeRequest("/bin/sleep", ["1000"])
            request.user = UserIdentity(user: 65534, group: 65534, groups: [])
            let spawned = try Spawn.start(request)
            let pid = spawned.process.pid
            try #require(try outcome(of: spawned.report) == .executed)
            try write("\npids \(pid)\n", to: FileDescriptor.duplicate(1))
            kill(getpid(), SIGKILL)
        }
        try expectEnds(ofProcessesIn: try #require(result).standardOutputContent, count: 1)
    }

    @Test func `finds no process of a daemon that was killed in the middle of 200 starts`()
        async throws
    {
        let result = await #expect(
            processExitsWith: .signal(SIGKILL),
            observing: [\.standardOutputContent]
        ) {
            let request = try makeRequest("/bin/sleep", ["1000"])
            var line = "\npids"
            for _ in 0..<200 {
                // The report is not waited for: some are still in the helper when the end comes.
                let spawned = try Spawn.start(request)
                line += " \(spawned.process.pid)"
            }
            try write(line + "\n", to: FileDescriptor.duplicate(1))
            kill(getpid(), SIGKILL)
        }
        try expectEnds(ofProcessesIn: try #require(result).standardOutputContent, count: 200)
    }

    private func expectEnds(ofProcessesIn output: [UInt8], count: Int) throws {
        let text = String(decoding: output, as: UTF8.self)
        let line = try #require(text.split(separator: "\n").last { $0.hasPrefix("pids ") })
        let pids = line.split(separator: " ").compactMap { Int32($0) }
        try #require(pids.count == count)
        for pid in pids {
            do {
                let orphan = try ProcessHandle.open(pid: pid)
                try waitUntilReadable(orphan.rawDescriptor)
            } catch let error as SystemError {
                #expect(error.errno == ESRCH)
            }
        }
    }
}
