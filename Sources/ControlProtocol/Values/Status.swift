/// The state that acts, as one document: what `kernelsupctl status` prints.
public struct Status: Codable, Hashable, Sendable {
    public var format: Int
    public var version: String
    public var pid: Int
    public var state: HealthState
    /// The daemon still decides: its books agree.
    public var isLive: Bool
    /// Every worker that starts with the daemon has become ready or has shown that it does not.
    public var isStarted: Bool
    /// A call now would be served.
    public var isReady: Bool
    /// The daemon ends: calls in flight finish, new ones are refused.
    public var isDraining: Bool
    public var startedAt: Timestamp
    /// Seconds since the start.
    public var uptime: Double
    public var configuration: Configuration
    public var kernels: [KernelStatus]
    /// Connections on the calls socket.
    public var clients: Int
    public var calls: Calls
    /// Refused input by kind (`malformed_frame`, `unsealed_memfd`), since the start.
    public var badInput: [String: Int]
    public var sockets: Sockets

    enum CodingKeys: String, CodingKey {
        case format, version, pid, state, uptime = "uptime_s", configuration, kernels, clients
        case calls, sockets
        case isLive = "live"
        case isStarted = "started"
        case isReady = "ready"
        case isDraining = "draining"
        case startedAt = "started_at"
        case badInput = "bad_input"
    }

    public init(
        version: String,
        pid: Int,
        state: HealthState,
        isLive: Bool = true,
        isStarted: Bool = true,
        isReady: Bool,
        isDraining: Bool,
        startedAt: Timestamp,
        uptime: Double,
        configuration: Configuration,
        kernels: [KernelStatus],
        clients: Int,
        calls: Calls,
        badInput: [String: Int],
        sockets: Sockets
    ) {
        self.format = DocumentFormat.current
        self.version = version
        self.pid = pid
        self.state = state
        self.isLive = isLive
        self.isStarted = isStarted
        self.isReady = isReady
        self.isDraining = isDraining
        self.startedAt = startedAt
        self.uptime = uptime
        self.configuration = configuration
        self.kernels = kernels
        self.clients = clients
        self.calls = calls
        self.badInput = badInput
        self.sockets = sockets
    }
}
