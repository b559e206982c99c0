internal import CSystemd
internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// What the daemon tells systemd, when it runs under it: the protocol of sd_notify(3).
struct ServiceManager {
    /// How often the core shall report that it decides: half of what systemd allows; nil without.
    static func watchdogInterval() -> Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 1 else { return nil }
        return .microseconds(Int64(clamping: microseconds / 2))
    }

    func tell(_ notification: Notification) {
        switch notification {
        case .ready: send("READY=1")
        case .status(let line): send("STATUS=\(line)")
        case .stopping: send("STOPPING=1")
        case .watchdog: send("WATCHDOG=1")
        case .reloading:
            // systemd 253 pairs RELOADING=1 with a time; older ones ignore the line.
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            let microseconds = time.tv_sec * 1_000_000 + time.tv_nsec / 1000
            send("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
        }
    }

    private func send(_ text: String) {
        sd_notify(0, text)
    }
}
