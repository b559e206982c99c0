/// Turns a value into bytes, by position: no names, except those of an enum's cases.
///
/// Little-endian integers of their own width, `Int` and `UInt` as eight bytes, texts and lists with
/// their length in four bytes before them, an optional with one byte before it. What is read back
/// must be of the same type in the same version of the program; the file says which.
struct BinaryEncoder: Encoder {
    /// Shared by all containers of one value.
    final class Output {
        var bytes: [UInt8] = []

        func append(_ value: some FixedWidthInteger) {
            for shift in stride(from: 0, to: value.bitWidth, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }

        func append(_ text: String) {
            let utf8 = Array(text.utf8)
            append(UInt32(clamping: utf8.count))
            bytes += utf8
        }
    }

    let output: Output
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = BinaryEncoder(output: Output())
        try encoder.write(value)
        return encoder.output.bytes
    }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(KeyedWriter(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        ListWriter(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ValueWriter(encoder: self)
    }

    /// Lists are written here, for only here is their length known before their elements.
    func write(_ value: some Encodable) throws {
        switch value {
        case let value as Bool: output.append(value ? 1 as UInt8 : 0)
        case let value as String: output.append(value)
        case let value as Double: output.append(value.bitPattern)
        case let value as Float: output.append(value.bitPattern)
        case let value as any FixedWidthInteger & Encodable: write(integer: value)
        case let value as any EncodableList: try write(list: value.elements)
        default: try value.encode(to: self)
        }
    }

    private func write(integer: some FixedWidthInteger) {
        output.append(integer)
    }

    private func write(list: [any Encodable]) throws {
        output.append(UInt32(clamping: list.count))
        for element in list { try write(element) }
    }
}

private protocol EncodableList {
    var elements: [any Encodable] { get }
}

extension Array: EncodableList where Element: Encodable {
    var elements: [any Encodable] { self }
}

extension Set: EncodableList where Element: Encodable {
    var elements: [any Encodable] { Array(self) }
}

private struct KeyedWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: BinaryEncoder
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil(forKey key: Key) { encoder.output.append(0 as UInt8) }

    mutating func encode(_ value: some Encodable, forKey key: Key) throws {
        try encoder.write(value)
    }

    mutating func encodeIfPresent(_ value: (some Encodable)?, forKey key: Key) throws {
        try write(optional: value)
    }

    // The protocol's own forms of these write nothing for nil, and a position can't be left out.
    mutating func encodeIfPresent(_ value: Bool?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: String?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: Double?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: Float?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: Int?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: Int8?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: Int16?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: Int32?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: Int64?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: UInt?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: UInt8?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: UInt16?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: UInt32?, forKey _: Key) throws {
        try write(optional: value)
    }
    mutating func encodeIfPresent(_ value: UInt64?, forKey _: Key) throws {
        try write(optional: value)
    }

    private func write(optional value: (some Encodable)?) throws {
        encoder.output.append(value == nil ? 0 as UInt8 : 1)
        if let value { try encoder.write(value) }
    }

    /// Only an enum opens one: its key is the case.
    mutating func nestedContainer<Nested>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        encoder.output.append(key.stringValue)
        return encoder.container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { encoder }
    mutating func superEncoder(forKey key: Key) -> any Encoder { encoder }
}

/// For types that write their parts in a row by themselves, such as `Duration`.
private struct ListWriter: UnkeyedEncodingContainer {
    let encoder: BinaryEncoder
    var codingPath: [any CodingKey] { [] }
    var count = 0

    init(encoder: BinaryEncoder) {
        self.encoder = encoder
    }

    mutating func encodeNil() { encoder.output.append(0 as UInt8) }

    mutating func encode(_ value: some Encodable) throws {
        count += 1
        try encoder.write(value)
    }

    mutating func nestedContainer<Nested>(
        keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        encoder.container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        encoder.unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { encoder }
}

private struct ValueWriter: SingleValueEncodingContainer {
    let encoder: BinaryEncoder
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() { encoder.output.append(0 as UInt8) }
    mutating func encode(_ value: some Encodable) throws { try encoder.write(value) }
}
