/// The name that somebody may have meant, for "did you mean" in messages.
///
/// A guess is never run.
///
/// - Parameters:
///   - word: what was written.
///   - names: what exists. For `domain/name` the part after the slash alone is compared too.
/// - Returns: the name at the smallest edit distance, the first in the alphabet among equals; nil
///   when all are further away than two edits or a third of the word, whichever is more.
package func nearest(_ word: String, among names: some Sequence<String>) -> String? {
    nearestNames(to: word, among: names, atMost: 1).first
}

/// As `nearest`, several names, nearest first.
package func nearestNames(
    to word: String,
    among names: some Sequence<String>,
    atMost count: Int
) -> [String] {
    let letters = Array(word.utf8)
    // The work grows with the square of the length, and the words come from outside.
    guard (1...NearestName.longestWord).contains(letters.count) else { return [] }
    // A word of which every letter may change is like any other.
    let limit = min(max(2, letters.count / 3), letters.count - 1)
    var found: [(distance: Int, name: String)] = []
    for name in names where name != word {
        let whole = NearestName.distance(letters, Array(name.utf8), limit: limit)
        let part = name.utf8.lastIndex(of: UInt8(ascii: "/")).flatMap { slash in
            NearestName.distance(
                letters,
                Array(name.utf8[name.utf8.index(after: slash)...]),
                limit: limit
            )
        }
        guard let distance = [whole, part].compactMap(\.self).min() else { continue }
        found.append((distance, name))
    }
    found.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
    return found.prefix(count).map(\.name)
}

enum NearestName {
    /// Bytes of the longest word that is compared.
    static let longestWord = 64

    /// Edits (insert, remove, replace, swap neighbours) from one word to the other; nil above
    /// `limit`.
    ///
    /// Optimal string alignment, row by row, given up as soon as a whole row is above the limit.
    static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int? {
        guard abs(left.count - right.count) <= limit else { return nil }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
                var best = min(replaced, last[column + 1] + 1, current[column] + 1)
                let isSwap =
                    row > 0 && column > 0 && left[row] == right[column - 1]
                    && left[row - 1] == right[column]
                if isSwap { best = min(best, beforeLast[column - 1] + 1) }
                current.append(best)
            }
            guard current.contains(where: { $0 <= limit }) else { return nil }
            beforeLast = last
            last = current
        }
        return last[right.count] <= limit ? last[right.count] : nil
    }
}
