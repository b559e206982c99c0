import TOMLKit

/// A TOML file as a tree in which every key and value knows its place.
///
/// A scanner of ours reads the text into the tree with places, which TOMLKit does not give; TOMLKit
/// then decides whether the text is TOML to the letter (dates, digits, redefinitions). The scanner
/// goes first and TOMLKit only sees what the scanner took: its parser is recursive and could be led
/// to the end of its stack, and it aborts the process on an assertion for some texts that are not
/// TOML, such as a header that begins with no key.
package struct TOMLDocument: Sendable {
    /// Bytes of a file.
    package static let maxBytes = 1 << 20
    /// Tables, arrays and dotted keys inside one another.
    package static let maxDepth = 32

    package let file: SourceFile
    package let root: TOMLNode.Table

    /// Reads the bytes of a file.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - path: How messages name the file.
    /// - Throws: What is wrong with its place: size, UTF-8, or what `init(parsing:path:)` throws.
    package init(parsing bytes: [UInt8], path: String) throws(ConfigurationErrors) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let file = SourceFile(path: path, text: String(decoding: bytes, as: UTF8.self))
            let span = TOMLDocument.firstInvalidUTF8(in: bytes)
            throw ConfigurationErrors([Diagnostic(in: file, at: span, "the file is not UTF-8")])
        }
        try self.init(parsing: text, path: path)
    }

    /// Reads a text.
    ///
    /// - Throws: The first error of syntax with its place; a parser can't go on behind it.
    package init(parsing text: String, path: String) throws(ConfigurationErrors) {
        let size = text.utf8.count
        guard size <= TOMLDocument.maxBytes else {
            throw ConfigurationErrors([
                Diagnostic(
                    path: path,
                    span: .start,
                    message: "the file has \(size) bytes, at most \(TOMLDocument.maxBytes)"
                )
            ])
        }
        let file = SourceFile(path: path, text: text)
        do throws(TOMLScanner.Failure) {
            var scanner = TOMLScanner(text)
            root = try scanner.scan()
            self.file = file
        } catch {
            throw ConfigurationErrors([Diagnostic(in: file, at: error.span, error.message)])
        }
        if let error = TOMLSyntax.firstError(in: text) {
            throw ConfigurationErrors([
                Diagnostic(in: file, at: error.span, error.message)
            ])
        }
    }

    /// A reader of the whole document, whose errors go to `diagnostics`.
    package func reader(collecting diagnostics: Diagnostics) -> TableReader {
        TableReader(root, span: .start, path: [], file: file, diagnostics: diagnostics)
    }

    private static func firstInvalidUTF8(in bytes: [UInt8]) -> SourceSpan {
        var span = SourceSpan.start
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            if scalar == "\n" {
                span.position.line += 1
                span.position.column = 1
            } else {
                span.position.column += 1
            }
        }
        return span
    }
}

/// The only use of TOMLKit: whether a text is TOML.
private enum TOMLSyntax {
    /// The first error, or nil when the text is TOML.
    ///
    /// The text holds no NUL, at which it would end.
    static func firstError(in text: String) -> (message: String, span: SourceSpan)? {
        do {
            // TOMLKit never frees a table; emptied, it keeps a few bytes a file.
            try TOMLTable(string: text).clear()
            return nil
        } catch let error as TOMLParseError {
            let begin = error.source.begin
            let span = SourceSpan(line: begin.line, column: begin.column, length: 1)
            return (plain(error.description), span)
        } catch {
            return ("the file is not TOML: \(error)", .start)
        }
    }

    /// "Error while parsing key: expected …" without the words that every message here has anyway.
    private static func plain(_ description: String) -> String {
        let prefix = "Error while parsing "
        guard description.hasPrefix(prefix) else { return description }
        return String(description.dropFirst(prefix.count))
    }
}
