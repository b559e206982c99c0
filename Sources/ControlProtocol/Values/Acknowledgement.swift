/// What became of the wish to acknowledge an alert.
public struct Acknowledgement: Codable, Hashable, Sendable {
    public var group: String
    /// An alert waited, and no longer does.
    public var acknowledged: Bool
    /// After it.
    public var alert: AlertState
    /// How the group came to stand where it does on its ladder; nil when nothing is wrong.
    @OrNull public var recovery: String?

    public init(group: String, acknowledged: Bool, alert: AlertState, recovery: String? = nil) {
        self.group = group
        self.acknowledged = acknowledged
        self.alert = alert
        self.recovery = recovery
    }
}
