import Foundation

/// The repository as text.
enum SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A file with its path from the root.
    struct File: Hashable {
        let path: String
        let text: String

        var lines: [String] {
            text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }

        /// The lines with the contents of comments and strings blanked, so that only code is left.
        var code: [String] { CodeText.code(of: text) }
    }

    /// Files below a directory whose names end so, sorted by path; what is built is left out.
    static func files(below directory: String, endings: [String]) -> [File] {
        let start = directory.isEmpty ? root : root.appending(path: directory)
        guard
            let walk = FileManager.default.enumerator(
                at: start,
                includingPropertiesForKeys: nil,
                options: [.skipsHiddenFiles]
            )
        else { return [] }
        var files: [File] = []
        for case let url as URL in walk where endings.contains(where: url.path.hasSuffix) {
            if let file = file(String(url.path.dropFirst(root.path.count + 1))) {
                files.append(file)
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    /// One file; nil when it is not there or is no text.
    static func file(_ path: String) -> File? {
        (try? String(contentsOf: root.appending(path: path), encoding: .utf8))
            .map { File(path: path, text: $0) }
    }

    static func path(of path: String) -> String {
        root.appending(path: path).path
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: self.path(of: path))
    }
}
