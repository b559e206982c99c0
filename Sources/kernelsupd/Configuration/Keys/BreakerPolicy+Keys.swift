internal import SupervisionKit

extension BreakerPolicy: Configurable {
    mutating func read(_ keys: inout KeyReader) {
        // A share below this is none: no window has so many calls.
        let shares = 0.001...1.0
        keys.integer("failure_threshold", &failureThreshold, in: 1...1_000_000)
        keys.integer("success_threshold", &successThreshold, in: 1...1_000_000)
        keys.duration("timeout", &timeout, from: .milliseconds(1))
        keys.duration("max_timeout", &maxTimeout, from: .milliseconds(1))
        // Ten buckets, none below the clock ticks of a busy machine.
        keys.duration("window", &window, from: .milliseconds(100))
        keys.numberOrFalse("failure_rate", &failureRate, in: shares)
        keys.integer("minimum_calls", &minimumCalls, in: 1...1_000_000)
        keys.durationOrFalse("slow_call_duration", &slowCallDuration, from: .milliseconds(1))
        keys.numberOrFalse("slow_rate", &slowRate, in: shares)
        keys.integer("half_open_max", &halfOpenMax, in: 1...16)
        keys.word("override", &override)
        keys.check("timeout", timeout, atMost: "max_timeout", maxTimeout)
        keys.check(
            slowRate == nil || slowCallDuration != nil,
            "slow_rate",
            "slow_call_duration",
            message: "`slow_rate` needs `slow_call_duration`: without it no call is slow"
        )
    }
}
