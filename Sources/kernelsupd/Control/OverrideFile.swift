internal import Glibc
internal import LinuxSystem
internal import SupervisionKit

/// What operators have said of breakers, kept beside the sockets: it outlives the daemon, so that a
/// breaker that a person holds open is not let go by a crash or a restart at night.
///
/// One line for each kernel, `forced_open core/echo`. Kernels that are not configured keep their
/// lines: they may come back.
struct OverrideFile {
    private let path: String
    private var words: [String: BreakerOverride] = [:]

    /// Why the file was not read or written, for people.
    struct Problem: Error {
        let message: String
    }

    init(directory: String) {
        path = directory + "/overrides"
    }

    /// Takes in what stands there; nothing where there is no file.
    ///
    /// - Throws: when there is one that can't be read or has lines that say nothing; what the other
    ///   lines say is taken all the same.
    mutating func read() throws(Problem) {
        guard let text = try text() else { return }
        var unread = 0
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let word = BreakerOverride(rawValue: String(parts[0])) else {
                unread += 1
                continue
            }
            words[String(parts[1])] = word
        }
        guard unread == 0 else {
            throw Problem(message: "\(unread) lines of \(path) say nothing about a breaker")
        }
    }

    /// In the order of the names.
    var all: [(kernel: String, word: BreakerOverride)] {
        words.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Takes in an operator's word, nil where it was taken back, and writes the file anew.
    ///
    /// The new file takes the old one's place at once: a reader sees one or the other.
    mutating func keep(_ word: BreakerOverride?, of kernel: String) throws(Problem) {
        guard words[kernel] != word else { return }
        words[kernel] = word
        let text = all.map { "\($0.word.rawValue) \($0.kernel)\n" }.joined()
        do {
            let file = try FileDescriptor.openFile(
                path + ".new",
                flags: O_WRONLY | O_CREAT | O_TRUNC
            )
            try write(Array(text.utf8), to: file)
        } catch {
            throw lost(kernel, "\(error)")
        }
        guard rename(path + ".new", path) == 0 else {
            throw lost(kernel, String(cString: strerror(errno)))
        }
    }

    private func write(_ bytes: [UInt8], to file: borrowing FileDescriptor) throws {
        var start = 0
        while start < bytes.count {
            let count = try bytes.withUnsafeBytes { bytes in
                try file.write(UnsafeRawBufferPointer(rebasing: bytes[start...]))
            }
            start += count ?? 0
        }
    }

    private func lost(_ kernel: String, _ why: String) -> Problem {
        Problem(
            message:
                "the operator's word about the breaker of \(kernel) holds until the daemon ends, "
                + "for \(path) can't be written: \(why)"
        )
    }

    /// nil when there is no file; of one that is longer than any of ours its beginning.
    private func text() throws(Problem) -> String? {
        do {
            let file = try FileDescriptor.openFile(path, flags: O_RDONLY)
            return String(decoding: try Self.bytes(of: file), as: UTF8.self)
        } catch let error as SystemError where error.errno == ENOENT {
            return nil
        } catch {
            throw Problem(message: "\(error)")
        }
    }

    private static func bytes(of file: borrowing FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < 1 << 20 {
            let count = try part.withUnsafeMutableBytes { room in try file.read(into: room) }
            guard let count, count > 0 else { break }
            bytes += part[..<count]
        }
        return bytes
    }
}
