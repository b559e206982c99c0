/// What stands between a kernel's callers and its trouble: breakers, retries and the recovery of
/// its group.
public struct ResilienceStatus: Codable, Hashable, Sendable {
    /// One a slot, in the order of the slots.
    public var breakers: [BreakerStatus]
    /// Calls that were refused because of them, ever.
    @OrNull public var refusedByBreaker: Int?
    /// Retries that the kernel's budget allows right now.
    @OrNull public var retriesLeft: Int?
    /// How the group came to stand where it does on its ladder; nil when nothing is wrong.
    @OrNull public var recovery: String?
    /// The group's.
    public var alert: AlertState

    enum CodingKeys: String, CodingKey {
        case breakers, recovery, alert
        case refusedByBreaker = "refused_by_breaker"
        case retriesLeft = "retries_left"
    }

    public init(
        breakers: [BreakerStatus] = [],
        refusedByBreaker: Int? = nil,
        retriesLeft: Int? = nil,
        recovery: String? = nil,
        alert: AlertState = .none
    ) {
        self.breakers = breakers
        self.refusedByBreaker = refusedByBreaker
        self.retriesLeft = retriesLeft
        self.recovery = recovery
        self.alert = alert
    }
}

/// Whether someone is to look after a group that does not recover by itself.
public enum AlertState: String, Codable, Hashable, Sendable, CaseIterable {
    case none
    /// Stays, over the recovery too, until someone takes note.
    case raised
    /// Stays until the recovery.
    case acknowledged
}

extension KeyedDecodingContainer {
    /// What the synthesized decoders of this module call; an older daemon knows nothing of it.
    func decode(_ type: ResilienceStatus.Type, forKey key: Key) throws -> ResilienceStatus {
        try decodeIfPresent(type, forKey: key) ?? ResilienceStatus()
    }
}
