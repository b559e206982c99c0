internal import LinuxSystem
internal import SupervisionKit

/// Decides after how many launches to wait for the device.
///
/// A launch returns before it runs. Waiting after each one would cost more than many kernels take;
/// never waiting would let a cancel, and the heartbeat's progress, run behind by everything that is
/// queued. So the waits follow the time that the launches between them took.
struct LaunchPacer {
    /// Launches between two waits; doubled and halved so that the waits come within these times.
    private var batch = 4
    private var sinceWait = 0
    private var lastWait: UInt64

    private static let shortest: UInt64 = 10_000_000
    private static let longest: UInt64 = 50_000_000
    /// Fewer than the queue keeps events for.
    private static let maxBatch = 256

    init() {
        lastWait = Clock.now()
    }

    /// Counts a launch; true when it is time to wait.
    mutating func launched() -> Bool {
        sinceWait += 1
        return sinceWait >= batch
    }

    /// Notes that the device has caught up; gives the launches since the last time.
    mutating func waited() -> UInt64 {
        let now = Clock.now()
        let elapsed = now &- lastWait
        // Waits that come early for another reason say nothing about the batch.
        if elapsed > LaunchPacer.longest {
            batch = max(1, batch / 2)
        } else if elapsed < LaunchPacer.shortest, sinceWait >= batch {
            batch = min(LaunchPacer.maxBatch, batch * 2)
        }
        lastWait = now
        defer { sinceWait = 0 }
        return UInt64(sinceWait)
    }
}
