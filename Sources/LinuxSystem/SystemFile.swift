internal import CLinux
internal import Glibc

/// Small files of the kernel's own file systems: /proc, /sys.
public enum SystemFile {
    /// The bytes of a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - limit: bytes behind this many are not read.
    /// - Returns: what there is, up to the limit.
    /// - Throws: what open and read report, ESRCH among it for a process that is gone.
    public static func bytes(
        of path: String,
        atMost limit: Int = 1 << 20
    ) throws(SystemError) -> [UInt8] {
        try bytes(of: FileDescriptor.openFile(path, flags: O_RDONLY | O_NONBLOCK), atMost: limit)
    }

    static func bytes(
        of file: borrowing FileDescriptor,
        atMost limit: Int
    ) throws(SystemError) -> [UInt8] {
        var contents: [UInt8] = []
        while contents.count < limit {
            var count = 0
            var failure: SystemError?
            let part = [UInt8](unsafeUninitializedCapacity: 16 * 1024) { buffer, initialized in
                do throws(SystemError) {
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer)) ?? 0
                } catch {
                    failure = error
                }
                initialized = count
            }
            if let failure { throw failure }
            guard !part.isEmpty else { break }
            contents += part
        }
        return Array(contents.prefix(limit))
    }

    public static func text(
        of path: String,
        atMost limit: Int = 1 << 20
    ) throws(SystemError) -> String {
        String(decoding: try bytes(of: path, atMost: limit), as: UTF8.self)
    }

    /// Writes the text in one call, as the kernel's files want it.
    public static func write(_ text: String, to path: String) throws(SystemError) {
        let file = try FileDescriptor.openFile(path, flags: O_WRONLY)
        let bytes = Array(text.utf8)
        try retrying("write", "'\(text)' to \(path)") {
            bytes.withUnsafeBytes { Glibc.write(file.rawValue, $0.baseAddress, $0.count) }
        }
    }

    /// Names in a directory, without "." and ".."; empty when it can't be read.
    public static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
