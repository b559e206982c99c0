internal import SupervisionKit

/// How many lines of a worker's output go into the log.
struct OutputPolicy: Hashable {
    /// Lines a second in the long run; 0 for no limit.
    var rateLimit = 100
    /// Lines at once, after a time of silence.
    var rateBurst = 1000
}

extension OutputPolicy: Configurable {
    mutating func read(_ keys: inout KeyReader) {
        keys.integer("rate_limit", &rateLimit, in: 0...1_000_000)
        keys.integer("rate_burst", &rateBurst, in: 1...1_000_000)
    }
}

/// A token bucket.
///
/// One that has run dry stays shut until it holds what a second brings, at most a burst. In a flood
/// that goes on, lines so come a second's worth at a time, with the count of what was suppressed
/// between them, and not one by one with a count each.
struct RateLimit {
    var policy: OutputPolicy { didSet { tokens = min(tokens, Double(policy.rateBurst)) } }
    private var tokens: Double
    private var filledAt: Instant
    /// Lines pass.
    private(set) var isOpen = true

    init(_ policy: OutputPolicy, at now: Instant) {
        self.policy = policy
        tokens = Double(policy.rateBurst)
        filledAt = now
    }

    /// Adds what has come since the last time.
    mutating func refill(at now: Instant) {
        let seconds = Double(now.since(filledAt).saturatedNanoseconds) / 1e9
        filledAt = max(filledAt, now)
        tokens = min(Double(policy.rateBurst), tokens + seconds * Double(policy.rateLimit))
        let wanted = min(policy.rateBurst, max(1, policy.rateLimit))
        isOpen = isOpen || policy.rateLimit == 0 || tokens >= Double(wanted)
    }

    /// Whether one more line passes.
    mutating func admit() -> Bool {
        guard policy.rateLimit > 0 else { return true }
        guard isOpen, tokens >= 1 else {
            isOpen = false
            return false
        }
        tokens -= 1
        return true
    }
}
