internal import LinuxSystem
internal import SupervisionKit

/// When the daemon runs on a machine that has more to do than processors to do it.
///
/// A turn takes microseconds, and the calls of a worker that died wait for it. Without a real-time
/// policy it comes behind the end of that very process, for which the kernel takes milliseconds.
extension Daemon {
    /// Puts `real_time` into force; what whoever started the daemon has chosen stays.
    func applyScheduling() {
        guard settings.isRealTime != hasRealTime else { return }
        do {
            if !settings.isRealTime {
                try RealTimeScheduling.stop()
                hasRealTime = false
                log.write(LogRecord(.info, .configured, "runs without real-time scheduling"))
            } else if RealTimeScheduling.isChosen() {
                let message = "keeps the scheduling policy and nice value that it was started with"
                log.write(LogRecord(.info, .configured, message))
            } else {
                try RealTimeScheduling.start()
                hasRealTime = true
                let message = "runs before what is not real-time (real_time); its workers do not"
                log.write(LogRecord(.info, .configured, message))
            }
        } catch {
            let message = "runs without real-time scheduling: \(error)"
            log.write(LogRecord(.info, .configured, message))
        }
    }
}
