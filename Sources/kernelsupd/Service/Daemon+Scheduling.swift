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
        let outcome: String
        do {
            outcome = try changeScheduling()
        } catch {
            outcome = "runs without real-time scheduling: \(error)"
        }
        log.write(LogRecord(.info, .configured, outcome))
    }

    private func changeScheduling() throws(SystemError) -> String {
        guard settings.isRealTime else {
            try RealTimeScheduling.stop()
            hasRealTime = false
            return "runs without real-time scheduling"
        }
        guard !RealTimeScheduling.isChosen() else {
            return "keeps the scheduling policy and nice value that it was started with"
        }
        try RealTimeScheduling.start()
        hasRealTime = true
        return "runs with real-time scheduling, SCHED_RR (real_time); its workers do not"
    }
}
