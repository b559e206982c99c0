/// A value of a TOML document that knows where it stands.
package struct TOMLNode: Hashable, Sendable {
    package indirect enum Value: Hashable, Sendable {
        case string(String)
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        /// A date, a time or both, as written.
        case dateTime(String)
        case array([TOMLNode])
        case table(Table)
    }

    package struct Entry: Hashable, Sendable {
        package var key: String
        package var keySpan: SourceSpan
        package var node: TOMLNode
    }

    /// Keys and values in the order of the document.
    package struct Table: Hashable, Sendable {
        package var entries: [Entry]

        package subscript(key: String) -> Entry? {
            entries.first { $0.key == key }
        }
    }

    package var value: Value
    /// The value's text; for a table under a header, the header.
    package var span: SourceSpan

    /// What the value is, in words: "a string", "an array".
    package var kind: String {
        switch value {
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a number with a fraction"
        case .boolean: "a boolean"
        case .dateTime: "a date or time"
        case .array: "an array"
        case .table: "a table"
        }
    }
}
