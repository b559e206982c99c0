/// How long a worker may take to start and to stop.
public struct LifecyclePolicy: Codable, Hashable, Sendable {
    /// From spawn to ready.
    public var startTimeout: Duration = .seconds(30)
    /// From the request to stop to SIGTERM: what runs may end.
    public var stopTimeout: Duration = .seconds(5)
    /// From SIGTERM to SIGKILL, and from SIGKILL to "stuck".
    public var killTimeout: Duration = .seconds(2)

    public init() {}
}
