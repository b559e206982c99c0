/// The judgement, with each kernel that is not healthy and why: a monitoring plugin's source.
public struct Health: Codable, Hashable, Sendable {
    /// One kernel that someone should know about; healthy ones are only counted.
    public struct Component: Codable, Hashable, Sendable {
        public var kernel: String
        public var state: KernelState
        @OrNull public var reasonID: String?
        @OrNull public var reason: String?
        @OrNull public var why: String?
        public var since: Timestamp
        @OrNull public var next: NextAction?
        public var resilience: ResilienceStatus

        enum CodingKeys: String, CodingKey {
            case kernel, state, reason, why, since, next, resilience
            case reasonID = "reason_id"
        }

        public init(
            kernel: String,
            state: KernelState,
            reasonID: String? = nil,
            reason: String? = nil,
            why: String? = nil,
            since: Timestamp,
            next: NextAction? = nil,
            resilience: ResilienceStatus = ResilienceStatus()
        ) {
            self.kernel = kernel
            self.state = state
            self.reasonID = reasonID
            self.reason = reason
            self.why = why
            self.since = since
            self.next = next
            self.resilience = resilience
        }
    }

    /// Kernels by state; they add up to all kernels.
    public struct Totals: Codable, Hashable, Sendable {
        public var healthy: Int
        public var degraded: Int
        public var down: Int
        public var unknown: Int

        public init(healthy: Int = 0, degraded: Int = 0, down: Int = 0, unknown: Int = 0) {
            self.healthy = healthy
            self.degraded = degraded
            self.down = down
            self.unknown = unknown
        }

        public var all: Int { healthy + degraded + down + unknown }
    }

    public var format: Int
    public var status: HealthState
    /// Worst first; only those that are not healthy, unless one was asked for by name.
    public var components: [Component]
    /// Acknowledged components, which do not count into `status`.
    public var muted: [Component]
    public var totals: Totals

    public init(
        status: HealthState,
        components: [Component],
        muted: [Component] = [],
        totals: Totals
    ) {
        self.format = DocumentFormat.current
        self.status = status
        self.components = components
        self.muted = muted
        self.totals = totals
    }
}
