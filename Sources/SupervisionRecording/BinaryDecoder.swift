/// Reads back what `BinaryEncoder` has written; anything else is an error, never a trap.
struct BinaryDecoder: Decoder {
    /// Shared by all containers of one value.
    final class Input {
        let bytes: ArraySlice<UInt8>
        var offset: Int

        init(_ bytes: ArraySlice<UInt8>) {
            self.bytes = bytes
            offset = bytes.startIndex
        }

        var isAtEnd: Bool { offset == bytes.endIndex }

        func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
            let count = Value.bitWidth / 8
            guard bytes.endIndex - offset >= count else { throw RecordingError.truncated }
            var value: Value = 0
            for place in 0..<count {
                value |= Value(truncatingIfNeeded: bytes[offset + place]) << (8 * place)
            }
            offset += count
            return value
        }

        func text() throws -> String {
            let count = Int(try integer(UInt32.self))
            guard bytes.endIndex - offset >= count else { throw RecordingError.truncated }
            let text = String(validating: bytes[offset..<offset + count], as: UTF8.self)
            guard let text else { throw RecordingError.malformed("a text is not UTF-8") }
            offset += count
            return text
        }
    }

    let input: Input
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from bytes: ArraySlice<UInt8>
    ) throws -> Value {
        let decoder = BinaryDecoder(input: Input(bytes))
        let value = try decoder.read(type)
        guard decoder.input.isAtEnd else {
            throw RecordingError.malformed("bytes are left after a value")
        }
        return value
    }

    func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(KeyedReader(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        ListReader(decoder: self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        ValueReader(decoder: self)
    }

    func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value: Any
        switch type {
        case is Bool.Type: value = try input.integer(UInt8.self) != 0
        case is String.Type: value = try input.text()
        case is Double.Type: value = Double(bitPattern: try input.integer(UInt64.self))
        case is Float.Type: value = Float(bitPattern: try input.integer(UInt32.self))
        case let type as any (FixedWidthInteger & Decodable).Type: value = try read(integer: type)
        case let type as any DecodableList.Type: value = try type.read(from: self)
        default: return try Value(from: self)
        }
        guard let value = value as? Value else {
            throw RecordingError.malformed("a value is not of its type")
        }
        return value
    }

    private func read<Value: FixedWidthInteger>(integer type: Value.Type) throws -> Value {
        try input.integer(type)
    }
}

private protocol DecodableList {
    static func read(from decoder: BinaryDecoder) throws -> Self
}

extension BinaryDecoder {
    fileprivate func readList<Element: Decodable>(of type: Element.Type) throws -> [Element] {
        let count = Int(try input.integer(UInt32.self))
        // An element has a byte at least, so that a wrong count can't ask for much.
        guard count <= input.bytes.endIndex - input.offset else { throw RecordingError.truncated }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try read(type)) }
        return elements
    }
}

extension Array: DecodableList where Element: Decodable {
    static func read(from decoder: BinaryDecoder) throws -> [Element] {
        try decoder.readList(of: Element.self)
    }
}

extension Set: DecodableList where Element: Decodable {
    static func read(from decoder: BinaryDecoder) throws -> Set<Element> {
        Set(try decoder.readList(of: Element.self))
    }
}

private struct KeyedReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: BinaryDecoder
    var codingPath: [any CodingKey] { [] }

    /// Asked only by enums: the one key that follows is the case.
    var allKeys: [Key] {
        let offset = decoder.input.offset
        defer { decoder.input.offset = offset }
        guard let name = try? decoder.input.text(), let key = Key(stringValue: name) else {
            return []
        }
        return [key]
    }

    func contains(_ key: Key) -> Bool { true }

    func decodeNil(forKey key: Key) throws -> Bool {
        try decoder.input.integer(UInt8.self) == 0
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder.read(type)
    }

    func decodeIfPresent<Value: Decodable>(
        _ type: Value.Type,
        forKey key: Key
    ) throws -> Value? {
        try readOptional(type)
    }

    func decodeIfPresent(_ type: Bool.Type, forKey _: Key) throws -> Bool? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: String.Type, forKey _: Key) throws -> String? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: Double.Type, forKey _: Key) throws -> Double? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: Float.Type, forKey _: Key) throws -> Float? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: Int.Type, forKey _: Key) throws -> Int? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: Int8.Type, forKey _: Key) throws -> Int8? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: Int16.Type, forKey _: Key) throws -> Int16? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: Int32.Type, forKey _: Key) throws -> Int32? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: Int64.Type, forKey _: Key) throws -> Int64? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: UInt.Type, forKey _: Key) throws -> UInt? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: UInt8.Type, forKey _: Key) throws -> UInt8? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: UInt16.Type, forKey _: Key) throws -> UInt16? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: UInt32.Type, forKey _: Key) throws -> UInt32? {
        try readOptional(type)
    }
    func decodeIfPresent(_ type: UInt64.Type, forKey _: Key) throws -> UInt64? {
        try readOptional(type)
    }

    private func readOptional<Value: Decodable>(_ type: Value.Type) throws -> Value? {
        try decoder.input.integer(UInt8.self) == 0 ? nil : decoder.read(type)
    }

    func nestedContainer<Nested>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        _ = try decoder.input.text()
        return try decoder.container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder.unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { decoder }
}

private struct ListReader: UnkeyedDecodingContainer {
    let decoder: BinaryDecoder
    var codingPath: [any CodingKey] { [] }
    var count: Int? { nil }
    var isAtEnd: Bool { decoder.input.isAtEnd }
    var currentIndex = 0

    init(decoder: BinaryDecoder) {
        self.decoder = decoder
    }

    mutating func decodeNil() throws -> Bool { try decoder.input.integer(UInt8.self) == 0 }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        currentIndex += 1
        return try decoder.read(type)
    }

    mutating func nestedContainer<Nested>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder.container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try decoder.unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { decoder }
}

private struct ValueReader: SingleValueDecodingContainer {
    let decoder: BinaryDecoder
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { (try? decoder.input.integer(UInt8.self)) == 0 }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.read(type) }
}
