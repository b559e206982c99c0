import SupervisionWire

extension TableReader {
    /// "did you mean …" when one of the words is near.
    func suggestion(for word: String, among words: some Sequence<String>) -> String? {
        nearest(word, among: Array(words)).map { "did you mean `\($0)`?" }
    }
}
