internal import Glibc

/// The kernel's clocks, in nanoseconds.
public enum Clock {
    /// Time since the machine started, suspended time included: the clock of every deadline.
    public static func now() -> UInt64 { read(CLOCK_BOOTTIME) }

    /// Processor time that this process has used, all threads together.
    public static func cpu() -> UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    /// Processor time that the calling thread has used.
    public static func threadCPU() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// Time since 1970 for people.
    ///
    /// It jumps; nothing is decided by it.
    public static func wall() -> UInt64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // These clocks exist on every kernel that runs this program, and the pointer is valid, so
        // the call has no way to fail.
        _ = clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
