internal import Glibc
public import SupervisionKit

/// CLOCK_BOOTTIME: the clock of every deadline of the daemon and of its workers.
///
/// It goes on while the machine is suspended. A wait that was under way then may end late, by less
/// than a minute.
public struct BootClock: ResilienceClock {
    /// A wait looks at the clock at least this often.
    private static let longestNap = Duration.seconds(60)

    public init() {}

    public var now: Instant {
        var time = timespec()
        // The clock exists on every kernel that runs this program, and the pointer is valid for
        // the call, so that it has no way to fail.
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    public func sleep(until instant: Instant) async throws(CancellationError) {
        var left = instant.since(now)
        while left > .zero {
            do {
                try await Task.sleep(for: min(left, Self.longestNap))
            } catch {
                throw CancellationError()
            }
            left = instant.since(now)
        }
    }
}
