import Glibc

/// Rows of a figure, its unit and what was asked for.
struct FigureTable {
    private var rows: [(name: String, value: String, asked: String)] = []

    mutating func add(_ name: String, _ value: Double, _ unit: String, asked: String = "") {
        let digits = value < 10 ? 1 : 0
        let scale = digits == 1 ? 10.0 : 1.0
        let rounded = (value * scale).rounded() / scale
        let text = digits == 1 ? "\(rounded)" : "\(Int(rounded))"
        rows.append((name, "\(text) \(unit)", asked))
    }

    func show() {
        let width = rows.map(\.name.count).max() ?? 0
        var text = ""
        for row in rows {
            text += row.name + String(repeating: " ", count: width - row.name.count + 2)
            text += String(repeating: " ", count: max(0, 12 - row.value.count)) + row.value
            text += row.asked.isEmpty ? "\n" : "   asked: \(row.asked)\n"
        }
        text.withCString { _ = write(STDOUT_FILENO, $0, strlen($0)) }
    }
}

/// How long one run of `body` takes, the best of seven rounds: what is in the way of a round is not
/// the code's.
func nanoseconds(count: Int, _ body: (Int) -> Void) -> Double {
    var best = Double.infinity
    for _ in 0..<7 {
        let start = now()
        for index in 0..<count { body(index) }
        best = min(best, Double(now() - start) / Double(count))
    }
    return best
}

private func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Keeps the optimiser from dropping what is measured.
@inline(never)
func use<Value>(_ value: Value) {
    withExtendedLifetime(value) {}
}
