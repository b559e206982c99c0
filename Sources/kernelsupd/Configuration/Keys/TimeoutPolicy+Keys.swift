internal import SupervisionKit

extension TimeoutPolicy: Configurable {
    mutating func read(_ keys: inout KeyReader) {
        let least = Duration.milliseconds(1)
        keys.duration("default_timeout", &defaultTimeout, from: least)
        keys.duration("max_timeout", &maxTimeout, from: least)
        keys.boolean("propagate_deadline", &propagateDeadline)
        keys.boolean("include_queue_time", &includeQueueTime)
        keys.duration("cancel_timeout", &cancelTimeout, from: least)
        keys.check("default_timeout", defaultTimeout, atMost: "max_timeout", maxTimeout)
    }
}
