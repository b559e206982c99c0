internal import CLinux
internal import Glibc

/// A process, held by a pidfd.
///
/// A pid is a number that the kernel gives to somebody else once the process has been reaped; the
/// pidfd goes on meaning this process, so a late signal reaches nobody instead of a stranger. The
/// descriptor becomes readable when the process ends.
public struct ProcessHandle: ~Copyable, Sendable {
    /// For people and for /proc.
    ///
    /// Nothing is decided by it.
    public let pid: Int32
    public let descriptor: FileDescriptor

    public var rawDescriptor: Int32 { descriptor.rawValue }

    /// Takes over a pidfd of the process with this pid.
    public init(pid: Int32, owning descriptor: consuming FileDescriptor) {
        self.pid = pid
        self.descriptor = descriptor
    }

    /// Opens the process that has this pid now.
    ///
    /// Only for a child that has not been reaped, or for the calling process itself, is it certain
    /// which process that is.
    public static func open(pid: Int32) throws(SystemError) -> ProcessHandle {
        let descriptor = FileDescriptor(
            owning: try retrying("pidfd_open", "process \(pid)") { clinux_pidfd_open(pid) }
        )
        return ProcessHandle(pid: pid, owning: descriptor)
    }

    /// Sends a signal to the process; 0 only checks that there is one to be signalled.
    ///
    /// - Throws: ESRCH when the process has been reaped. A signal to one that has ended but was not
    ///   reaped is lost without an error.
    public func signal(_ signal: Int32) throws(SystemError) {
        try retrying("pidfd_send_signal", "\(signalName(signal)) to process \(pid)") {
            clinux_pidfd_send_signal(rawDescriptor, signal)
        }
    }

    /// Sends a signal to all processes of the group that this process leads.
    ///
    /// A child between its start and its `setsid` leads no group yet; then the process alone gets
    /// the signal. Call this before the process is reaped: its pid, which is the group's number, is
    /// reserved until then. Afterwards the call throws ESRCH and signals nobody.
    public func signalGroup(_ signal: Int32) throws(SystemError) {
        try self.signal(0)
        if kill(-pid, signal) == 0 { return }
        let number = clinux_errno()
        guard number == ESRCH else {
            throw SystemError("kill", errno: number, subject: "process group \(pid)")
        }
        try self.signal(signal)
    }

    /// Kills the child and its group, and reaps it.
    ///
    /// Waits for a second at most: a killed process is gone in microseconds, unless it hangs in the
    /// kernel, and then nothing helps.
    public func endNow() {
        try? signalGroup(SIGKILL)
        var entry = pollfd(fd: rawDescriptor, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, 1000)
        _ = try? reap()
    }

    /// Takes the child's exit status if it has ended.
    ///
    /// - Returns: nil while the process runs.
    /// - Throws: ECHILD when it is no child of this process or has already been reaped.
    public func reap() throws(SystemError) -> ExitReason? {
        var pid: Int32 = 0
        var code: Int32 = 0
        var status: Int32 = 0
        // The end of a process is the end of its directory in /proc.
        try RealTimeScheduling.yielding { () throws(SystemError) in
            _ = try retrying("waitid", "process \(self.pid)") {
                clinux_wait_pidfd(rawDescriptor, &pid, &code, &status)
            }
        }
        guard pid != 0 else { return nil }
        return ExitReason(code: code, status: status)
    }
}
