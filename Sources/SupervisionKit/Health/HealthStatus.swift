/// What is known about how well something works.
public enum HealthStatus: Hashable, Sendable {
    /// Nothing is known, or not yet. Not healthy.
    case unknown
    case healthy
    /// It works, worse than it should, for this reason.
    case degraded(String)
    /// It does not work, for this reason.
    case unhealthy(String)

    public var isHealthy: Bool { self == .healthy }

    /// The status of a whole: its worst part's, the first one's of several as bad.
    ///
    /// From best to worst: healthy, unknown, degraded, unhealthy. A known fault outweighs what is
    /// not known, and brings its reason along. A whole without parts is unknown.
    public static func aggregate(_ parts: some Sequence<HealthStatus>) -> HealthStatus {
        var worst: HealthStatus?
        for part in parts where part.severity > worst?.severity ?? -1 { worst = part }
        return worst ?? .unknown
    }

    private var severity: Int {
        switch self {
        case .healthy: 0
        case .unknown: 1
        case .degraded: 2
        case .unhealthy: 3
        }
    }
}
