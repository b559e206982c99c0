/// How often a worker is probed and how many answers move its health.
public struct HealthPolicy: Codable, Hashable, Sendable {
    /// From one probe to the next; at least 1 ms.
    public var interval: Duration = .seconds(10)
    /// A probe that has not been answered by then has failed; at least 1 ms.
    public var timeout: Duration = .seconds(5)
    /// Failures in a row that make a healthy worker unhealthy; at least 1.
    public var failureThreshold = 3
    /// Successes in a row that make an unhealthy worker healthy; at least 1.
    public var successThreshold = 1

    public init() {}
}
