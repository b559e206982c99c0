import Glibc
import Testing

@testable import LinuxSystem

@Suite struct `A start that fails` {
    /// What must come back for a program that cannot be executed.
    private func expect(
        _ path: String,
        _ stage: SpawnFailure.Stage,
        _ error: Int32,
        status: Int32 = 126,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let failure = SpawnFailure(stage: stage, errno: error, subject: path)
        #expect(
            try run(makeRequest(path))
                == Finished(outcome: .failed(failure), reason: .exited(status)),
            sourceLocation: sourceLocation
        )
    }

    @Test func `names what is wrong with the program`() throws {
        let directory = try TemporaryDirectory()
        let empty = try directory.makeFile("empty", mode: 0o755)
        let text = try directory.makeFile("text", content: "exit 0\n", mode: 0o755)
        let plain = try directory.makeFile("plain", content: "#!/bin/sh\n", mode: 0o644)
        let orphan = try directory.makeFile("orphan", content: "#!/nowhere/sh\n", mode: 0o755)
        let loop = "\(directory.path)/loop"
        try #require(symlink("loop", loop) == 0)

        try expect("\(directory.path)/missing", .exec, ENOENT, status: 127)
        try expect(directory.path, .exec, EACCES)
        try expect(plain, .exec, EACCES)
        try expect(empty, .exec, ENOEXEC)
        try expect(text, .exec, ENOEXEC)
        try expect(orphan, .interpreter, ENOENT)
        try expect("\(plain)/below", .exec, ENOTDIR)
        try expect(loop, .exec, ELOOP)
    }

    @Test func `says so in words`() throws {
        let missing = SpawnFailure(stage: .exec, errno: ENOENT, subject: "/usr/x")
        #expect(missing.description == "execve /usr/x: ENOENT (No such file or directory)")
        let orphan = SpawnFailure(stage: .interpreter, errno: ENOENT, subject: "/usr/x")
        #expect(
            orphan.description
                == "execve /usr/x: ENOENT (No such file or directory): the file is there, its "
                + "interpreter is not"
        )
        let lost = SpawnFailure(stage: .workingDirectory, errno: EACCES, subject: "/y")
        #expect(lost.description == "chdir /y: EACCES (Permission denied)")
    }

    @Test func `names a working directory that cannot be entered`() throws {
        var request = try makeRequest("/bin/true")
        request.workingDirectory = "/nowhere"
        let failure = SpawnFailure(stage: .workingDirectory, errno: ENOENT, subject: "/nowhere")
        #expect(
            try run(request) == Finished(outcome: .failed(failure), reason: .exited(126))
        )
    }

    @Test func `names a limit that the kernel refuses`() throws {
        var request = try makeRequest("/bin/true")
        request.resourceLimits = [ResourceLimit(.openFiles, soft: 20, hard: 10)]
        let failure = SpawnFailure(stage: .limits, errno: EINVAL, subject: "resource 7")
        #expect(
            try run(request) == Finished(outcome: .failed(failure), reason: .exited(126))
        )
    }

    @Test func `names an out-of-memory score that the kernel refuses`() throws {
        var request = try makeRequest("/bin/true")
        request.oomScoreAdjust = 1001
        let failure = SpawnFailure(stage: .outOfMemoryScore, errno: EINVAL, subject: "1001")
        #expect(
            try run(request) == Finished(outcome: .failed(failure), reason: .exited(126))
        )
    }

    @Test func `names a control group that cannot be joined`() throws {
        var request = try makeRequest("/bin/true")
        request.controlGroup = "/nowhere"
        let failure = SpawnFailure(
            stage: .controlGroup,
            errno: ENOENT,
            subject: "/nowhere/cgroup.procs"
        )
        #expect(
            try run(request) == Finished(outcome: .failed(failure), reason: .exited(126))
        )
    }

    @Test func `names the groups that only a privileged process can take`() throws {
        try #require(geteuid() == 0)
        let inner =
            "\(try helperPath()) report=1 parent=$$ groups=1 gid=1 uid=1 "
            + "-- /bin/true true; exit $?"
        var request = try makeRequest(
            "/usr/bin/setpriv",
            ["--reuid=65534", "--clear-groups", "/bin/sh", "-c", inner]
        )
        let pipe = try Pipe.create()
        request.standardOutput = pipe.writer.rawValue
        let child = try Child(request)
        try close(pipe.writer)
        let record = try readToEnd(pipe.reader)
        let failure = SpawnFailure(stage: .groups, errno: EPERM, subject: "setgroups, groups: 1")
        #expect(SpawnReport.decode(record) == failure)
        #expect(failure.description.contains("EPERM"))
        #expect(try reason(of: child.process) == .exited(126))
    }

    @Test func `names descriptor numbers that the limit does not allow`() throws {
        let pipe = try Pipe.create()
        var request = try makeRequest("/bin/true")
        request.inheritedDescriptors = [.init(pipe.reader.rawValue, asNumber: Int32.max - 1)]
        let failure = SpawnFailure(
            stage: .descriptors,
            errno: EINVAL,
            subject: "room for numbers from \(Int32.max)"
        )
        #expect(
            try run(request) == Finished(outcome: .failed(failure), reason: .exited(126))
        )
    }

    @Test func `throws when the helper itself is missing`() throws {
        var request = try makeRequest("/bin/true")
        request.helperPath = "/nowhere/kernelsup-exec"
        #expect(throws: SystemError("posix_spawn", errno: ENOENT, subject: request.helperPath)) {
            _ = try Child(request)
        }
    }

    @Test func `throws for a descriptor that is not open, and names it`() throws {
        var request = try makeRequest("/bin/true")
        request.standardError = Int32.max
        let error = SystemError(
            "fcntl",
            errno: EBADF,
            subject: "descriptor \(Int32.max) for /bin/true"
        )
        #expect(throws: error) { _ = try Child(request) }
    }

    @Test(
        arguments: [
            "relative": { $0.executable = "bin/true" },
            "standard number": { $0.inheritedDescriptors = [.init(0, asNumber: 2)] },
            "number twice": {
                $0.inheritedDescriptors = [.init(0, asNumber: 3), .init(1, asNumber: 3)]
            },
            "254 descriptors": {
                $0.inheritedDescriptors = (0..<254).map { .init(0, asNumber: 3 + $0) }
            },
            "33 limits": {
                $0.resourceLimits = .init(repeating: .init(.coreBytes, soft: 0, hard: 0), count: 33)
            },
            "umask": { $0.umask = 0o1000 },
            "zero byte in an argument": { $0.arguments = ["a\0b"] },
            "zero byte in the environment": { $0.environment = ["A=\0"] },
        ] as [String: @Sendable (inout SpawnRequest) -> Void]
    )
    func `throws for a request that makes no sense`(
        what: String,
        spoil: @Sendable (inout SpawnRequest) -> Void
    ) throws {
        var request = try makeRequest("/bin/true")
        spoil(&request)
        #expect {
            _ = try Child(request)
        } throws: { error in
            (error as? SystemError)?.errno == EINVAL
        }
    }

    @Test func `throws while children are discarded, because it could not hold one`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGCHLD, SIG_IGN)
            #expect {
                _ = try Child(makeRequest("/bin/true"))
            } throws: { error in
                (error as? SystemError)?.errno == ECHILD
            }
        }
    }
}
