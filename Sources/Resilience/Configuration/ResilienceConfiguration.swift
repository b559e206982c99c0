public import SupervisionKit

/// All policies together, by the resilience guide's name.
///
///     var policies = ResilienceConfiguration.production
///     policies.retry.maxAttempts = 5
///     let breaker = Breaker("graph/pagerank", policy: policies.breaker)
public typealias ResilienceConfiguration = PolicySet

extension PolicySet {
    /// What the daemon takes where nothing else is said.
    public static var `default`: PolicySet { PolicySet(.default) }
    /// More patience, and a slower return to trust.
    public static var production: PolicySet { PolicySet(.production) }
    /// Nothing is hidden from the person who looks on.
    public static var development: PolicySet { PolicySet(.development) }
}
