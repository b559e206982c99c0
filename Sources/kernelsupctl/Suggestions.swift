/// The names that someone who wrote `word` may have meant, best first, at most three.
///
/// Near is an edit distance of at most a third of the length, or one name being the start or the
/// last part of the other (`pagerank` for `graph/pagerank`).
func nearestNames(to word: String, among names: [String]) -> [String] {
    let wanted = word.lowercased()
    var found: [(name: String, distance: Int)] = []
    for name in names {
        let candidate = name.lowercased()
        let distance = editDistance(wanted, candidate)
        let lastPart = candidate.split(separator: "/").last.map(String.init) ?? candidate
        if distance <= max(1, max(wanted.count, candidate.count) / 3) {
            found.append((name, distance))
        } else if wanted.count >= 2, candidate.hasPrefix(wanted) || lastPart.hasPrefix(wanted) {
            found.append((name, distance))
        } else if editDistance(wanted, lastPart) <= max(1, wanted.count / 3) {
            found.append((name, distance))
        }
    }
    return found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
}

/// `; did you mean 'x' or 'y'?`, or nothing.
func suggestion(_ names: [String]) -> String {
    guard !names.isEmpty else { return "" }
    return "; did you mean " + names.map { "'\($0)'" }.joined(separator: " or ") + "?"
}

/// Insertions, deletions, replacements and swaps of neighbours that make one word the other.
///
/// Words are cut at 64 characters: this is for names that people type. Source: Damerau, "A
/// technique for computer detection and correction of spelling errors", 1964 (restricted form).
func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left.prefix(64))
    let right = Array(right.prefix(64))
    var before: [Int] = []
    var previous = Array(0...right.count)
    for row in 0..<left.count {
        var current = [row + 1]
        for column in 0..<right.count {
            let replaced = previous[column] + (left[row] == right[column] ? 0 : 1)
            var best = min(previous[column + 1] + 1, current[column] + 1, replaced)
            let isSwap =
                row > 0 && column > 0 && left[row] == right[column - 1]
                && left[row - 1] == right[column]
            if isSwap { best = min(best, before[column - 1] + 1) }
            current.append(best)
        }
        before = previous
        previous = current
    }
    return previous[right.count]
}
