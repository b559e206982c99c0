/// What a health monitor says to the three questions that are asked of a service.
///
/// They are separate facts: a service that has just started is live and not ready, and one that is
/// not ready for a while need not be killed.
public struct HealthFacts: Hashable, Sendable {
    /// Every part has answered well at least once; false without parts.
    public var isStarted: Bool
    /// Every part is healthy or degraded; false without parts.
    public var isReady: Bool
    /// No part has failed so often that only a new start can help.
    public var isLive: Bool

    public init(isStarted: Bool, isReady: Bool, isLive: Bool) {
        self.isStarted = isStarted
        self.isReady = isReady
        self.isLive = isLive
    }
}
