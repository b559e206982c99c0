internal import SupervisionKit

extension RetryPolicy: Configurable {
    mutating func read(_ keys: inout KeyReader) {
        keys.integer("max_attempts", &maxAttempts, in: 1...100)
        keys.word("backoff", &backoff)
        keys.duration("initial", &initial, from: .zero)
        keys.duration("max", &max, from: .zero)
        keys.number("multiplier", &multiplier, in: 1...100)
        keys.words("retryable_errors", &retryableErrors)
        keys.number("budget_ratio", &budgetRatio, in: 0...1)
        keys.number("budget_per_second", &budgetPerSecond, in: 0...10_000)
        keys.check("initial", initial, atMost: "max", max)
    }
}
