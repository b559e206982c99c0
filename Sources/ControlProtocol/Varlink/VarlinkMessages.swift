/// The routing part of a request: everything but the parameters, whose form its method decides.
struct VarlinkRequestHead: Decodable {
    var method: String
    var isOneway: Bool
    var wantsUpgrade: Bool
    /// Names of the parameters given, to refuse those that no method knows.
    var parameterNames: [String]

    private enum CodingKeys: String, CodingKey {
        case method, parameters, oneway, upgrade
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        method = try container.decode(String.self, forKey: .method)
        isOneway = try container.decodeIfPresent(Bool.self, forKey: .oneway) ?? false
        wantsUpgrade = try container.decodeIfPresent(Bool.self, forKey: .upgrade) ?? false
        parameterNames =
            try container.decodeIfPresent(KeyNames.self, forKey: .parameters)?.names ?? []
    }
}

/// The keys of a JSON object, whatever stands behind them.
private struct KeyNames: Decodable {
    var names: [String]

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        names = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
    }
}

/// A request, for the side that sends it.
public struct VarlinkRequest<Parameters: Codable & Sendable>: Codable, Sendable {
    /// `interface.Method`.
    public var method: String
    public var parameters: Parameters?
    /// No reply is wanted.
    public var oneway: Bool?
    /// Several replies are wanted, all but the last with `continues`.
    public var more: Bool?
    /// The connection is to change its protocol after the reply; not spoken here.
    public var upgrade: Bool?

    public init(
        method: String,
        parameters: Parameters? = nil,
        oneway: Bool? = nil,
        more: Bool? = nil,
        upgrade: Bool? = nil
    ) {
        self.method = method
        self.parameters = parameters
        self.oneway = oneway
        self.more = more
        self.upgrade = upgrade
    }
}

/// A reply that carries a result.
public struct VarlinkReply<Parameters: Codable & Sendable>: Codable, Sendable {
    public var parameters: Parameters?
    /// More replies to the same request follow.
    public var continues: Bool?

    public init(parameters: Parameters?, continues: Bool? = nil) {
        self.parameters = parameters
        self.continues = continues
    }
}

/// A reply that carries an error.
public struct VarlinkErrorReply<Parameters: Codable & Sendable>: Codable, Sendable {
    /// `interface.Error`.
    public var error: String
    public var parameters: Parameters?

    public init(error: String, parameters: Parameters? = nil) {
        self.error = error
        self.parameters = parameters
    }
}

/// No parameters: an empty object.
public struct NoParameters: Codable, Hashable, Sendable {
    public init() {}
}
