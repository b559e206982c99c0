/// When a worker starts, and how long it may take to start and to stop.
public struct LifecyclePolicy: Codable, Hashable, Sendable {
    public var start = StartMode.eager
    /// A worker that was started on demand stops when nobody has called it for so long.
    public var idleStop: Duration = .seconds(600)
    /// From spawn to ready.
    public var startTimeout: Duration = .seconds(30)
    /// From the request to stop to SIGTERM: what runs may end.
    public var stopTimeout: Duration = .seconds(5)
    /// From SIGTERM to SIGKILL, and from SIGKILL to "stuck".
    public var killTimeout: Duration = .seconds(2)

    public init() {}
}

/// When the workers of a group are started.
public enum StartMode: String, Codable, CaseIterable, Hashable, Sendable {
    /// With the daemon.
    case eager
    /// When the first call comes, which waits for them inside its own deadline.
    case onDemand = "on_demand"
}
