/// All policies together: what a kernel and its workers get where nothing else is said.
public struct PolicySet: Hashable, Sendable {
    public var breaker = BreakerPolicy()
    public var retry = RetryPolicy()
    public var timeout = TimeoutPolicy()
    public var bulkhead = BulkheadPolicy()
    public var health = HealthPolicy()
    public var recovery = RecoveryPolicy()
    public var lifecycle = LifecyclePolicy()

    /// The `default` preset.
    public init() {}

    public init(_ preset: Preset) {
        switch preset {
        case .default: break
        case .production:
            breaker.successThreshold = 3
            breaker.timeout = .seconds(60)
            timeout.defaultTimeout = .seconds(60)
            timeout.maxTimeout = .seconds(600)
        case .development:
            // A person is looking on: nothing is hidden behind a retry or a refusal, a debugger may
            // hold a kernel, and what was mended is tried again soon.
            breaker.override = .observe
            retry.maxAttempts = 1
            timeout.defaultTimeout = .seconds(300)
            timeout.maxTimeout = .seconds(3600)
            health.interval = .seconds(2)
            health.timeout = .seconds(1)
            recovery.maxRestarts = 10
            recovery.maxRestartDelay = .seconds(1)
            recovery.retryQuarantined = .seconds(10)
            recovery.maxQuarantine = .seconds(60)
        }
    }
}

/// A named set of policies to start from.
public enum Preset: String, CaseIterable, Hashable, Sendable {
    case `default`
    case production
    case development
}
