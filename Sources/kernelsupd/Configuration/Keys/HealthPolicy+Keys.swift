internal import KernelManifest
internal import SupervisionKit

extension HealthPolicy: Configurable {
    mutating func read(_ keys: inout KeyReader) {
        let least = Duration.milliseconds(1)
        keys.duration("interval", &interval, from: least)
        keys.duration("timeout", &timeout, from: least)
        keys.integer("failure_threshold", &failureThreshold, in: 1...1000)
        keys.integer("success_threshold", &successThreshold, in: 1...1000)
        keys.check(
            timeout < interval,
            "timeout",
            "interval",
            message: "a probe's `timeout` (\(DurationText.format(timeout))) must be shorter than "
                + "`interval` (\(DurationText.format(interval)))"
        )
    }
}
