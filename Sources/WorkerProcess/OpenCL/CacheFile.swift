internal import Glibc

/// The few file operations of the program cache, each of which says by its result how it ended.
enum CacheFile {
    /// The bytes of a regular file of at most `limit` bytes; nil for anything else.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size > 0, status.st_size <= limit
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: status.st_size)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: filled), $0.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            filled += count
        }
        return bytes
    }

    /// Makes the directory, for its owner alone, when it is missing; gives what went wrong.
    static func makeDirectory(_ path: String) -> String? {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return nil }
        return warning("mkdir", path)
    }

    /// Writes a file beside `path` and renames it into place; gives what went wrong.
    static func replace(_ path: String, with bytes: [UInt8]) -> String? {
        let temporary = "\(path).\(getpid()).tmp"
        // A file of that name is left over from an earlier process with this id.
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return warning("open", temporary) }
        var written = 0
        var problem: String?
        while written < bytes.count, problem == nil {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                problem = warning("write", temporary)
            }
        }
        close(descriptor)
        if problem == nil, rename(temporary, path) != 0 { problem = warning("rename", path) }
        if problem != nil { unlink(temporary) }
        return problem
    }

    private static func warning(_ call: String, _ path: String) -> String {
        "the program cache is not written: \(call) \(path): \(String(cString: strerror(errno)))"
    }
}
