/// Swift and C source without what only people read.
///
/// Knows line and block comments and strings of one and of several lines. Interpolations count as
/// parts of their string, which is enough for looking for words that must not stand in code.
struct CodeText {
    private enum Place {
        case code
        case lineComment
        case blockComment(depth: Int)
        case string(delimiter: StaticString)
    }

    private let source: [UInt8]
    private var index = 0
    private var place = Place.code
    private var code: [UInt8] = []

    /// The lines of a text, as many as there were, with nothing but code on them.
    static func code(of text: String) -> [String] {
        var reader = CodeText(source: Array(text.utf8))
        while reader.index < reader.source.count { reader.step() }
        return reader.code.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private init(source: [UInt8]) {
        self.source = source
    }

    private mutating func step() {
        let byte = source[index]
        guard byte != UInt8(ascii: "\n") else {
            code.append(byte)
            if case .lineComment = place { place = .code }
            index += 1
            return
        }
        switch place {
        case .code: stepInCode(byte)
        case .lineComment: index += 1
        case .blockComment(let depth):
            if take("/*") {
                place = .blockComment(depth: depth + 1)
            } else if take("*/") {
                place = depth == 1 ? .code : .blockComment(depth: depth - 1)
            } else {
                index += 1
            }
        case .string(let delimiter):
            if take(delimiter) {
                place = .code
            } else if take("\\\"") || take("\\\\") {
                // An escaped quote ends nothing.
            } else {
                index += 1
            }
        }
    }

    private mutating func stepInCode(_ byte: UInt8) {
        if take("//") {
            place = .lineComment
        } else if take("/*") {
            place = .blockComment(depth: 1)
        } else if take("\"\"\"") {
            place = .string(delimiter: "\"\"\"")
        } else if take("\"") {
            place = .string(delimiter: "\"")
        } else {
            code.append(byte)
            index += 1
        }
    }

    /// Steps over a word when it stands here.
    private mutating func take(_ word: StaticString) -> Bool {
        let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard source[index...].starts(with: bytes) else { return false }
        index += bytes.count
        return true
    }
}
