/// Prints rows of text in columns, the first one to the left and the others to the right.
struct Table {
    private var rows: [[String]]

    init(_ titles: [String]) {
        rows = [titles]
    }

    mutating func add(_ row: [String]) {
        rows.append(row)
    }

    /// As a table of Markdown, which also reads well on a terminal.
    func print() {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for (number, row) in rows.enumerated() {
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + space : space + row[column]
            }
            Swift.print("| " + cells.joined(separator: " | ") + " |")
            guard number == 0 else { continue }
            let lines = widths.enumerated().map { column, width in
                String(repeating: "-", count: column == 0 ? width : width - 1)
                    + (column == 0 ? "" : ":")
            }
            Swift.print("| " + lines.joined(separator: " | ") + " |")
        }
        Swift.print()
    }
}

/// A number with about three digits that matter.
func short(_ value: Double) -> String {
    let digits =
        value.magnitude >= 100 ? 0 : value.magnitude >= 10 ? 1 : value.magnitude >= 0.1 ? 2 : 4
    let scale = [1.0, 10, 100, 1000, 10000][digits]
    let rounded = (value * scale).rounded() / scale
    return digits == 0 ? "\(Int(rounded))" : "\(rounded)"
}
