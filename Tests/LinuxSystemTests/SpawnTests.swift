import Glibc
import Testing

@testable import LinuxSystem

@Suite struct `A started process` {
    @Test func `has no blocked and no ignored signals`() async {
        // Signals are the whole process's affair, so this has a process of its own.
        await #expect(processExitsWith: .success) {
            for number in [SIGHUP, SIGPIPE, SIGUSR1, 34, 37, 64] { signal(number, SIG_IGN) }
            var blocked = sigset_t()
            sigfillset(&blocked)
            pthread_sigmask(SIG_BLOCK, &blocked, nil)
            let ours = try readFile("/proc/thread-self/status")
            #expect(try statusField("SigBlk", in: ours) != "0000000000000000")
            #expect(try statusField("SigIgn", in: ours) != "0000000000000000")

            let status = try output(of: makeRequest("/bin/cat", ["/proc/self/status"]))
            #expect(try statusField("SigBlk", in: status) == "0000000000000000")
            #expect(try statusField("SigIgn", in: status) == "0000000000000000")
            #expect(try statusField("SigCgt", in: status) == "0000000000000000")
        }
    }

    @Test func `has descriptors 0, 1, 2 and those it was promised`() throws {
        let promised = try Pipe.create()
        // Not close-on-exec, as a careless library leaves them.
        let stray = dup(promised.reader.rawValue)
        let high = fcntl(promised.reader.rawValue, F_DUPFD, 500)
        defer {
            close(stray)
            close(high)
        }
        let bystander = try Bystander {
            $0.inheritedDescriptors = [
                .init(promised.writer.rawValue, asNumber: 3),
                .init(promised.reader.rawValue, asNumber: 9),
            ]
        }
        let pipeName = linkTarget("/proc/self/fd/\(promised.writer.rawValue)")
        var found = try descriptors(of: bystander.child.process.pid)
        #expect(Set(found.keys) == [0, 1, 2, 3, 9])
        found[0] = nil
        found[1] = nil
        #expect(found == [2: "/dev/null", 3: pipeName, 9: pipeName])
        #expect(try bystander.end() == .exited(0))
    }

    @Test func `has /dev/null for each standard stream that it was not given`() throws {
        let child = try Child(makeRequest("/bin/sleep", ["1000"]))
        #expect(try outcome(of: child.report) == .executed)
        let found = try descriptors(of: child.process.pid)
        #expect([0, 1, 2].map { found[$0] } == ["/dev/null", "/dev/null", "/dev/null"])
        try child.process.signal(SIGKILL)
        #expect(try reason(of: child.process) == .signaled(SIGKILL, coreDumped: false))
    }

    @Test func `leads a session and a process group of its own`() throws {
        let bystander = try Bystander()
        let pid = bystander.child.process.pid
        #expect(getsid(pid) == pid)
        #expect(getpgid(pid) == pid)
        #expect(try bystander.end() == .exited(0))
    }

    @Test func `gets exactly the environment of the request`() throws {
        let entries = ["B=2", "A=1 with spaces", "EMPTY=", "B=again"]
        let text = try output(of: makeRequest("/usr/bin/env", environment: entries))
        #expect(text == entries.map { $0 + "\n" }.joined())
        #expect(try output(of: makeRequest("/usr/bin/env", environment: [])) == "")
    }

    @Test func `gets exactly the arguments of the request`() throws {
        let arguments = ["", "a b", "--", "fd=1:2", "ü\n"]
        let bytes = try output(of: makeRequest("/usr/bin/printf", ["[%s]"] + arguments))
        #expect(bytes == arguments.map { "[\($0)]" }.joined())
    }

    @Test func `has the working directory, umask and limits of the request`() throws {
        var request = try makeRequest(
            "/bin/sh",
            ["-c", "pwd; umask; ulimit -Sn; ulimit -Hn; ulimit -Sc"]
        )
        request.workingDirectory = "/proc"
        request.umask = 0o027
        request.resourceLimits = [
            ResourceLimit(.openFiles, soft: 40, hard: 60),
            ResourceLimit(.coreBytes, soft: 0, hard: ResourceLimit.unlimited),
        ]
        #expect(try output(of: request) == "/proc\n0027\n40\n60\n0\n")
    }

    @Test(arguments: [(true, "1"), (false, "0")])
    func `can gain privileges only when it was allowed to`(isBarred: Bool, flag: String) throws {
        var request = try makeRequest("/bin/cat", ["/proc/self/status"])
        request.noNewPrivileges = isBarred
        #expect(try statusField("NoNewPrivs", in: output(of: request)) == flag)
    }

    @Test func `has the out-of-memory score of the request`() throws {
        var request = try makeRequest("/bin/cat", ["/proc/self/oom_score_adj"])
        request.oomScoreAdjust = 777
        #expect(try output(of: request) == "777\n")
    }

    @Test func `runs as the user of the request, with that user's groups alone`() throws {
        try #require(geteuid() == 0)
        var request = try makeRequest("/bin/cat", ["/proc/self/status"])
        request.user = UserIdentity(user: 65534, group: 65533, groups: [7, 65533])
        let status = try output(of: request)
        #expect(status.contains("Uid:\t65534\t65534\t65534\t65534\n"))
        #expect(status.contains("Gid:\t65533\t65533\t65533\t65533\n"))
        #expect(try statusField("Groups", in: status) == "7 65533 ")
        #expect(try statusField("CapEff", in: status) == "0000000000000000")
    }

    @Test(arguments: [("exit 3", ExitReason.exited(3)), ("exit 0", .exited(0))])
    func `tells its exit status`(script: String, expected: ExitReason) throws {
        let finished = try run(makeRequest("/bin/sh", ["-c", script]))
        #expect(finished == Finished(outcome: .executed, reason: expected))
    }

    @Test(arguments: [SIGSEGV, SIGABRT, SIGTERM, SIGKILL])
    func `tells the signal that killed it`(number: Int32) throws {
        var request = try makeRequest("/bin/sh", ["-c", "kill -\(number) $$"])
        // One byte: too small for a core file, and the kernel's sign against one through a pipe.
        request.resourceLimits = [ResourceLimit(.coreBytes, soft: 1, hard: 1)]
        let expected = ExitReason.signaled(number, coreDumped: false)
        #expect(try run(request) == Finished(outcome: .executed, reason: expected))
    }
}
