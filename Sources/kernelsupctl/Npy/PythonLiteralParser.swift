/// Reads the one kind of Python literal that an npy header holds: a dictionary of texts, booleans
/// and tuples of whole numbers.
///
/// Evaluates nothing.
struct PythonLiteralParser {
    enum Value: Hashable {
        case text(String)
        case boolean(Bool)
        case tuple([Int])
        /// A list, for structured types: recognized, not read.
        case list
    }

    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func dictionary() throws(NpyHeader.Problem) -> [String: Value] {
        var entries: [String: Value] = [:]
        try expect("{")
        while !takes("}") {
            guard case .text(let key) = try value() else { throw problem("a key is no text") }
            try expect(":")
            let value = try value()
            guard entries.updateValue(value, forKey: key) == nil else {
                throw problem("the key '\(key)' is there twice")
            }
            // What is in a list isn't read, so nothing behind it can be either.
            if value == .list { throw listProblem }
            guard takes(",") else {
                try expect("}")
                break
            }
        }
        skipSpaces()
        guard position == bytes.count else { throw problem("there is more behind the dictionary") }
        return entries
    }

    private var listProblem: NpyHeader.Problem {
        NpyHeader.Problem(message: "structured arrays are not read, only plain numbers")
    }

    private func problem(_ message: String) -> NpyHeader.Problem {
        NpyHeader.Problem(message: "the header is damaged: \(message) (at byte \(position))")
    }

    private mutating func skipSpaces() {
        while position < bytes.count, " \n\t\r".utf8.contains(bytes[position]) { position += 1 }
    }

    private mutating func takes(_ character: Character) -> Bool {
        skipSpaces()
        guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Character) throws(NpyHeader.Problem) {
        guard takes(character) else { throw problem("'\(character)' is missing") }
    }

    private mutating func value() throws(NpyHeader.Problem) -> Value {
        skipSpaces()
        guard position < bytes.count else { throw problem("it ends too early") }
        switch bytes[position] {
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            return .text(try text())
        case UInt8(ascii: "("):
            return .tuple(try tuple())
        case UInt8(ascii: "["):
            return .list
        default:
            return .boolean(try boolean())
        }
    }

    private mutating func text() throws(NpyHeader.Problem) -> String {
        let quote = bytes[position]
        guard let end = bytes[(position + 1)...].firstIndex(of: quote) else {
            throw problem("a text has no end")
        }
        let content = bytes[position + 1..<end]
        guard !content.contains(UInt8(ascii: "\\")),
            let text = String(validating: content, as: UTF8.self)
        else { throw problem("a text is not plain") }
        position = end + 1
        return text
    }

    private mutating func boolean() throws(NpyHeader.Problem) -> Bool {
        let rest = bytes[position...]
        if rest.starts(with: "True".utf8) {
            position += 4
            return true
        }
        guard rest.starts(with: "False".utf8) else { throw problem("an unknown word") }
        position += 5
        return false
    }

    private mutating func tuple() throws(NpyHeader.Problem) -> [Int] {
        position += 1
        var sizes: [Int] = []
        while !takes(")") {
            skipSpaces()
            let digits = bytes[position...].prefix { (UInt8(ascii: "0")...57).contains($0) }
            guard let size = Int(String(decoding: digits, as: UTF8.self)), sizes.count < 64 else {
                throw problem("a size is no whole number")
            }
            position += digits.count
            // Python 2 wrote long numbers with an L.
            _ = takes("L")
            sizes.append(size)
            guard takes(",") else {
                try expect(")")
                break
            }
        }
        return sizes
    }
}
