internal import Glibc

/// Who runs first where more threads want a processor than there are.
///
/// A thread under a real-time policy of sched(7) runs as soon as it is woken, before all that has
/// none. Without one it waits, and longest behind a process that dies: the kernel takes the memory
/// of that one apart in one go, up to the next tick.
public enum RealTimeScheduling {
    /// The lowest of the real-time priorities, 1 to 99: above what has none, below what else has.
    private static let priority: Int32 = 1

    /// Linux's sched.h; Swift's module for the C library leaves it out.
    private static let resetOnFork: Int32 = 0x4000_0000

    /// Whether the first thread of a process has a real-time policy, and for 0 the calling thread.
    public static func isOn(_ pid: Int32 = 0) -> Bool {
        isRealTime(policy: sched_getscheduler(pid))
    }

    /// Of what sched_getscheduler returns, which is -1 for a process that is not there.
    private static func isRealTime(policy: Int32) -> Bool {
        policy >= 0 && [SCHED_FIFO, SCHED_RR].contains(policy & ~resetOnFork)
    }

    /// Whether somebody has chosen for the calling thread: any policy but the normal one, or to be
    /// nice to others.
    public static func isChosen() -> Bool {
        // Neither call can fail for the calling thread.
        sched_getscheduler(0) & ~resetOnFork != SCHED_OTHER
            || getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) > 0
    }

    /// Puts the calling thread under SCHED_RR.
    ///
    /// Processes and threads that it makes have no real-time policy, and no negative nice value.
    ///
    /// - Throws: EPERM without CAP_SYS_NICE where RLIMIT_RTPRIO is 0, and in a control group that
    ///   is given no real time.
    public static func start() throws(SystemError) {
        try set(SCHED_RR, "SCHED_RR", priority)
    }

    /// Puts the calling thread back under the normal policy, which it always may.
    public static func stop() throws(SystemError) {
        try set(SCHED_OTHER, "SCHED_OTHER", 0)
    }

    /// Does something as a thread without a real-time policy, if the calling thread has one.
    ///
    /// For what takes long, and for system calls in which the kernel asks again and again for
    /// something that another thread is about to do, and yields in between. It yields to nobody for
    /// a real-time thread, and the other one, which that thread has interrupted on its processor,
    /// never gets to do it. One such loop throws the names of a directory away
    /// (shrink_dcache_parent of Linux's fs/dcache.c).
    public static func yielding<Result, Failure: Error>(
        _ call: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let policy = sched_getscheduler(0)
        var parameters = sched_param()
        guard isRealTime(policy: policy), sched_getparam(0, &parameters) == 0 else {
            return try call()
        }
        var none = sched_param(sched_priority: 0)
        // It always may; and where it may no more have it back, it goes on without.
        _ = sched_setscheduler(0, SCHED_OTHER | policy & resetOnFork, &none)
        defer { _ = sched_setscheduler(0, policy, &parameters) }
        return try call()
    }

    private static func set(
        _ policy: Int32,
        _ name: String,
        _ priority: Int32
    ) throws(SystemError) {
        var parameters = sched_param(sched_priority: priority)
        // To take the flag back would need a right; where there is no policy it does nothing.
        try retrying("sched_setscheduler", name) {
            sched_setscheduler(0, policy | resetOnFork, &parameters)
        }
    }
}
