import Glibc
import Testing

@testable import LinuxSystem

/// The exec helper, started with command lines that `Spawn` would not write.
@Suite struct `The exec helper` {
    /// Runs it with these settings; `report=` is added.
    private func run(_ settings: [String], _ command: [String]) throws -> Finished {
        let pipe = try Pipe.create()
        let line = ["x", "report=\(pipe.writer.rawValue)"] + settings + command
        var arguments = try CStringList(line, what: "argument")
        var environment = try CStringList([], what: "entry")
        let attributes = try SpawnSettings(inherited: [pipe.writer.rawValue])
        let helper = try helperPath()
        var pid: Int32 = -1
        let error = arguments.withPointers { arguments in
            environment.withPointers { attributes.start(helper, arguments, $0, &pid) }
        }
        try #require(error == 0)
        let child = Child(process: try ProcessHandle.open(pid: pid), report: pipe.reader)
        try close(pipe.writer)
        return Finished(
            outcome: try outcome(of: child.report),
            reason: try reason(of: child.process)
        )
    }

    private func failed(
        _ stage: SpawnFailure.Stage,
        _ error: Int32,
        _ subject: String
    ) -> Finished {
        Finished(
            outcome: .failed(SpawnFailure(stage: stage, errno: error, subject: subject)),
            reason: .exited(126)
        )
    }

    @Test func `is small, without the runtime of Swift`() throws {
        var status = stat()
        try #require(stat(try helperPath(), &status) == 0)
        #expect(status.st_size < 2 << 20)
    }

    @Test func `ends when its parent is not the one that started it`() throws {
        let stranger = getppid()
        #expect(
            try run(["parent=\(stranger)"], ["--", "/bin/true", "true"])
                == failed(.parentGone, ESRCH, "process \(stranger)")
        )
    }

    @Test(arguments: [
        "colour=red", "umask=8", "umask=1000", "umask=", "fd=1", "fd=1:", "fd=-1:3", "fd=1:3x",
        "fd=1:99999999999", "limit=7:1", "limit=7:1:18446744073709551616", "nonewprivs=1",
        "parent=x", "", "uid=", "uid=4294967295", "gid=-1", "groups=1,x", "groups=,1",
    ])
    func `refuses a setting that it does not understand`(setting: String) throws {
        #expect(
            try run(["parent=\(getpid())", setting], ["--", "/bin/true", "true"])
                == failed(.settings, EINVAL, setting)
        )
    }

    @Test func `refuses a number that is to be filled twice`() throws {
        #expect(
            try run(["parent=\(getpid())", "fd=0:5", "fd=1:5"], ["--", "/bin/true", "true"])
                == failed(.settings, EINVAL, "fd=1:5")
        )
    }

    @Test(arguments: [[], ["--"], ["--", "/bin/true"]])
    func `refuses a command line without a program`(command: [String]) throws {
        #expect(
            try run(["parent=\(getpid())"], command)
                == failed(
                    .settings,
                    EINVAL,
                    "the executable or its first argument is missing"
                )
        )
    }

    @Test func `refuses to run without knowing its parent`() throws {
        #expect(
            try run([], ["--", "/bin/true", "true"])
                == failed(.settings, EINVAL, "parent is missing")
        )
    }

    @Test func `looks for no program in PATH`() throws {
        #expect(
            try run(["parent=\(getpid())"], ["--", "true", "true"])
                == failed(.exec, EINVAL, "true")
        )
    }

    @Test func `names a descriptor that is not there`() throws {
        #expect(
            try run(["parent=\(getpid())", "fd=999999:3"], ["--", "/bin/true", "true"])
                == failed(.descriptors, EBADF, "descriptor 999999")
        )
    }

    @Test func `cuts a subject that is too long for the report`() throws {
        let path = "/" + String(repeating: "x", count: 2000)
        #expect(
            try run(["parent=\(getpid())"], ["--", path, "x"])
                == failed(.exec, ENAMETOOLONG, String(path.prefix(1024)))
        )
    }
}
