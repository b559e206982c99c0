/// An optional that is always written: `null` says "not known" where a missing key would leave the
/// reader guessing whether this daemon knows the field at all.
///
/// A missing key reads as nil, so that a newer client understands an older daemon.
@propertyWrapper
public struct OrNull<Wrapped: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    public var wrappedValue: Wrapped?

    public init(wrappedValue: Wrapped?) {
        self.wrappedValue = wrappedValue
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Wrapped.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue {
            try container.encode(wrappedValue)
        } else {
            try container.encodeNil()
        }
    }
}

extension KeyedDecodingContainer {
    /// What the synthesized decoders of this module call for an `@OrNull` property.
    func decode<Wrapped>(
        _ type: OrNull<Wrapped>.Type,
        forKey key: Key
    ) throws -> OrNull<Wrapped> {
        try decodeIfPresent(type, forKey: key) ?? OrNull(wrappedValue: nil)
    }
}
