/// Steps of a plan as text: "3,17,20-25".
package struct StepRanges: Hashable, Sendable {
    package var indices: [Int]

    package init(_ indices: [Int]) {
        self.indices = indices
    }

    /// nil for text that is not such a list, or that names more than `Self.maxCount` steps.
    package init?(parsing text: String) {
        indices = []
        guard !text.isEmpty else { return }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
                .map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last,
                last - first < Self.maxCount, indices.count < Self.maxCount
            else { return nil }
            indices += first...last
        }
    }

    static let maxCount = 100_000

    package var text: String {
        var parts: [String] = []
        var index = 0
        while index < indices.count {
            let first = indices[index]
            while index + 1 < indices.count, indices[index + 1] == indices[index] + 1 { index += 1 }
            parts.append(first == indices[index] ? "\(first)" : "\(first)-\(indices[index])")
            index += 1
        }
        return parts.joined(separator: ",")
    }
}
