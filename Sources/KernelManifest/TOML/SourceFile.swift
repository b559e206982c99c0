/// A place in a file: line and column from 1, the column in Unicode scalars as editors count them.
package struct SourcePosition: Hashable, Comparable, Sendable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A stretch of one line: where it starts and how many scalars it has.
///
/// What goes over several lines (a multi-line string, an array) is spanned to the end of its first
/// line.
package struct SourceSpan: Hashable, Sendable {
    package var position: SourcePosition
    package var length: Int

    package init(line: Int, column: Int, length: Int) {
        position = SourcePosition(line: line, column: column)
        self.length = length
    }

    /// The first character of a file: the place of what belongs to the whole file.
    package static let start = SourceSpan(line: 1, column: 1, length: 1)

    /// The part from the `offset`th scalar on, for an error inside a string.
    package func part(from offset: Int, length: Int) -> SourceSpan {
        SourceSpan(line: position.line, column: position.column + offset, length: length)
    }
}

/// A text file's path, as it is shown in messages, and its lines for quoting.
package final class SourceFile: Sendable {
    package let path: String
    private let lines: [String]

    package init(path: String, text: String) {
        self.path = path
        lines = text.unicodeScalars
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                String(line.last == "\r" ? line.dropLast() : line)
            }
    }

    /// The line with this number, from 1, without its line end; empty when there is none.
    package func line(_ number: Int) -> String {
        lines.indices.contains(number - 1) ? lines[number - 1] : ""
    }
}
