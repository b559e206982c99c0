internal import SupervisionKit

extension LifecyclePolicy: Configurable {
    mutating func read(_ keys: inout KeyReader) {
        let least = Duration.milliseconds(1)
        keys.word("start", &start)
        keys.duration("idle_stop", &idleStop, from: least)
        keys.duration("start_timeout", &startTimeout, from: least)
        keys.duration("stop_timeout", &stopTimeout, from: least)
        keys.duration("kill_timeout", &killTimeout, from: least)
    }
}
