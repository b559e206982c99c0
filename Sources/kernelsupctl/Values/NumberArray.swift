import SupervisionWire

/// Numbers as they stand on the command line: a scalar, or a JSON array, nested for more
/// dimensions.
struct NumberArray: Hashable {
    /// Elements of one value on the command line: more belong into a file.
    static let maxElements = 1 << 20

    /// Sizes, outermost first; empty for a scalar.
    var shape: [Int]
    var numbers: [Number]

    /// What is wrong with the text, and where.
    struct Problem: Error, Hashable {
        var message: String
    }

    /// - Throws: `Problem` for text that is neither a number nor an array of numbers, for rows of
    ///   different lengths, and beyond eight dimensions.
    init(_ text: String) throws(Problem) {
        var parser = Parser(bytes: Array(text.utf8))
        parser.skipSpaces()
        shape = try parser.value(depth: 0)
        numbers = parser.numbers
        parser.skipSpaces()
        guard parser.position == parser.bytes.count else {
            throw parser.problem("there is more text after the value")
        }
    }

    private struct Parser {
        let bytes: [UInt8]
        var position = 0
        var numbers: [Number] = []

        func problem(_ message: String) -> Problem {
            Problem(message: "\(message) (at character \(position + 1))")
        }

        mutating func skipSpaces() {
            while position < bytes.count, " \n\t\r".utf8.contains(bytes[position]) { position += 1 }
        }

        /// - Returns: the shape of what was read.
        mutating func value(depth: Int) throws(Problem) -> [Int] {
            guard position < bytes.count else { throw problem("a value is missing") }
            guard bytes[position] == UInt8(ascii: "[") else {
                try number()
                return []
            }
            guard depth < Limits.maxRank else {
                throw problem("at most \(Limits.maxRank) dimensions")
            }
            position += 1
            skipSpaces()
            if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
                position += 1
                return [0]
            }
            return try elements(depth: depth)
        }

        private mutating func elements(depth: Int) throws(Problem) -> [Int] {
            var count = 0
            var inner: [Int]?
            while true {
                let shape = try value(depth: depth + 1)
                if let inner, inner != shape {
                    throw problem(
                        "the element before has shape \(shape), those before it \(inner)"
                    )
                }
                inner = shape
                count += 1
                skipSpaces()
                guard position < bytes.count else { throw problem("']' is missing") }
                position += 1
                switch bytes[position - 1] {
                case UInt8(ascii: "]"):
                    return [count] + (inner ?? [])
                case UInt8(ascii: ","):
                    skipSpaces()
                default:
                    position -= 1
                    throw problem("',' or ']' is expected")
                }
            }
        }

        private mutating func number() throws(Problem) {
            let start = position
            while position < bytes.count, !" \n\t\r,[]".utf8.contains(bytes[position]) {
                position += 1
            }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            guard let number = Number(text) else {
                position = start
                throw problem(text.isEmpty ? "a number is missing" : "'\(text)' is no number")
            }
            guard numbers.count < NumberArray.maxElements else {
                throw problem("more than \(NumberArray.maxElements) numbers: use @FILE.npy")
            }
            numbers.append(number)
        }
    }

    /// The type for an argument whose signature is not known: `i32` or `i64` for whole numbers,
    /// else `f32`.
    var impliedType: ElementType {
        var type = ElementType.i32
        for number in numbers {
            guard case .signed(let value) = number else { return .f32 }
            if Int32(exactly: value) == nil { type = .i64 }
        }
        return numbers.isEmpty ? .f32 : type
    }

    /// The elements as bytes.
    ///
    /// - Throws: what does not fit, with its place.
    func bytes(as type: ElementType) throws(Number.Misfit) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: numbers.count * type.size)
        let misfit: Number.Misfit? = bytes.withUnsafeMutableBytes { target in
            for (index, number) in numbers.enumerated() {
                do throws(Number.Misfit) {
                    try number.store(as: type, to: target, at: index * type.size)
                } catch {
                    let place = shape.isEmpty ? "" : "element \(index): "
                    return Number.Misfit(reason: place + error.reason)
                }
            }
            return nil
        }
        if let misfit { throw misfit }
        return bytes
    }
}
