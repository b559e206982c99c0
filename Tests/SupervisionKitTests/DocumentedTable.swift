import Glibc

/// A page of docs/ that a test writes and fails on a difference to.
struct DocumentedTable {
    /// The page's file name, such as `circuit-breaker.md`.
    let name: String

    private var path: String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(root)/docs/\(name)"
    }

    /// Whether the page says this; with UPDATE_TABLES=1 in the environment it is written first.
    func says(_ text: String) -> Bool {
        if getenv("UPDATE_TABLES") != nil, let file = fopen(path, "w") {
            fputs(text, file)
            fclose(file)
        }
        return read() == text
    }

    private func read() -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
