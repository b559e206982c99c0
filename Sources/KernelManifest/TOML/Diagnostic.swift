/// One error, or warning, in a file, with its place, printed in the form of rustc.
///
///     kernels.d/var.toml:8:1: error: unknown key `max_restart` in [recovery]
///       8 | max_restart = 3
///         | ^^^^^^^^^^^ did you mean `max_restarts`?
///         one of: …
///
/// The first line alone is what editors jump by.
package struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the user named it.
    package var path: String
    package var span: SourceSpan
    package var message: String
    /// Beside the carets: what would be right.
    package var hint: String?
    /// Below: what is allowed, what follows.
    package var note: String?
    /// The line that is quoted; empty for none.
    package var sourceLine: String
    /// Nothing is refused for it.
    package var isWarning = false

    package init(
        path: String,
        span: SourceSpan,
        message: String,
        hint: String? = nil,
        note: String? = nil,
        sourceLine: String = ""
    ) {
        self.path = path
        self.span = span
        self.message = message
        self.hint = hint
        self.note = note
        self.sourceLine = sourceLine
    }

    package init(
        in file: SourceFile,
        at span: SourceSpan,
        _ message: String,
        hint: String? = nil,
        note: String? = nil
    ) {
        self.init(
            path: file.path,
            span: span,
            message: message,
            hint: hint,
            note: note,
            sourceLine: file.line(span.position.line)
        )
    }

    /// `path:line:column`.
    package var place: String {
        "\(path):\(span.position.line):\(span.position.column)"
    }

    /// The error in one line, for the journal: `path:line:column: error: message (hint)`.
    package var firstLine: String {
        "\(place): \(isWarning ? "warning" : "error"): \(message)".printable
    }

    package var description: String {
        var lines = [firstLine]
        if sourceLine.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) {
            let number = String(span.position.line)
            let gutter = String(repeating: " ", count: max(3 - number.count, 0)) + number
            let quote = SourceQuote(line: sourceLine, span: span)
            lines.append("\(gutter) | \(quote.text)".printable)
            let margin = String(repeating: " ", count: gutter.count)
            lines.append("\(margin) | \(quote.carets)" + (hint.map { " \($0.printable)" } ?? ""))
        } else if let hint {
            lines.append("    \(hint.printable)")
        }
        if let note {
            lines.append("    \(note.printable)")
        }
        return lines.joined(separator: "\n")
    }
}

/// The part of a source line around a span, at most 100 scalars of it, with carets to go below.
private struct SourceQuote {
    static let width = 100
    static let lead = 40

    let text: String
    let carets: String

    init(line: String, span: SourceSpan) {
        let scalars = Array(line.unicodeScalars)
        let start = min(span.position.column - 1, scalars.count)
        let first = scalars.count <= SourceQuote.width ? 0 : max(0, start - SourceQuote.lead)
        let end = min(scalars.count, first + SourceQuote.width)
        let shown = String(String.UnicodeScalarView(scalars[first..<end]))
        text = (first > 0 ? "…" : "") + shown + (end < scalars.count ? "…" : "")
        // A tab stays a tab, so that the carets stand under what they mean.
        let indent = scalars[first..<start].map { $0 == "\t" ? "\t" : " " }.joined()
        let count = max(1, min(span.length, end - start))
        carets = (first > 0 ? " " : "") + indent + String(repeating: "^", count: count)
    }
}

extension String {
    /// The text without control characters: what a file says must not steer the reader's terminal.
    package var printable: String {
        var clean = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\t"
            clean.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(clean)
    }
}
