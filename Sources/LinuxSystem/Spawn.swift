internal import CLinux
internal import Glibc

/// Starts processes without running code of this program in the child.
///
/// posix_spawn starts the small static program `kernelsup-exec`, which sets everything up and
/// becomes the program. The usual alternative, our own code between fork and exec, runs in a copy
/// of a process whose other threads are gone with their locks held, and costs more the more memory
/// this process has.
public enum Spawn {
    /// Starts a process; that its program runs is known when `Spawned.report` ends.
    ///
    /// The child dies when the *thread* that called this ends, because that is what Linux calls the
    /// parent: call it on a thread that lives as long as the process.
    ///
    /// - Throws: what is wrong with the request (EINVAL, EBADF), and what pipe2, posix_spawn (of
    ///   the helper) and pidfd_open report. Then no process is left behind. What goes wrong later
    ///   comes through the report.
    public static func start(_ request: SpawnRequest) throws(SystemError) -> Spawned {
        try request.check()
        guard clinux_children_are_discarded() == 0 else {
            // A pid could belong to a stranger by the time it is opened.
            throw SystemError(
                "posix_spawn",
                errno: ECHILD,
                subject: "\(request.executable): SIGCHLD is ignored here, so no child can be held"
            )
        }
        let pipe = try Pipe.create()
        var arguments = try CStringList(
            request.helperArguments(report: pipe.writer.rawValue),
            what: "argument"
        )
        var environment = try CStringList(request.environment, what: "environment entry")
        let settings = try SpawnSettings(
            inherited: request.sources + [pipe.writer.rawValue]
        )
        var pid: Int32 = -1
        let error = arguments.withPointers { arguments in
            environment.withPointers { environment in
                settings.start(request.helperPath, arguments, environment, &pid)
            }
        }
        guard error == 0 else {
            throw SystemError("posix_spawn", errno: error, subject: request.helperPath)
        }
        return try adopt(pid, pipe)
    }

    /// Takes hold of a child that has just been started.
    private static func adopt(
        _ pid: Int32,
        _ pipe: consuming Pipe
    ) throws(SystemError) -> Spawned {
        let report = pipe.reader
        // The child has its own; as long as this one is open, the report does not end. Its number
        // is free for the pidfd, so that this cannot fail for want of descriptors.
        _ = consume pipe.writer
        do {
            return Spawned(process: try ProcessHandle.open(pid: pid), report: report)
        } catch {
            // Nobody could hold this child, so it must not live. It has not been reaped: its pid is
            // its own.
            _ = kill(pid, SIGKILL)
            while waitpid(pid, nil, 0) < 0, clinux_errno() == EINTR {}
            throw error
        }
    }
}
