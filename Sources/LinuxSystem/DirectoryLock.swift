internal import Glibc

/// Turns for those who bind sockets in one directory, by flock(2) on the directory itself.
///
/// Finding out that a socket is stale, removing it and binding anew are three calls. Without turns,
/// two daemons that start at once can each remove the socket that the other has just made. A lock
/// file would do too, but it would stay behind.
struct DirectoryLock: ~Copyable {
    /// The turns take microseconds: who waits longer has met somebody who does not end.
    private static let patienceMilliseconds = 1000

    private let directory: FileDescriptor

    private init(directory: consuming FileDescriptor) {
        self.directory = directory
    }

    deinit {
        // Closing would do, but for a child that another thread is starting at this moment: it has
        // a copy until it executes its program, and the lock would live on with that.
        _ = flock(directory.rawValue, LOCK_UN)
    }

    /// Waits for the turn; it ends with this value.
    ///
    /// - Throws: ENOENT or ENOTDIR without the directory, EWOULDBLOCK when the patience ends.
    static func take(
        directoryOf path: String,
        patienceMilliseconds: Int = patienceMilliseconds
    ) throws(SystemError) -> DirectoryLock {
        let parent = Self.directory(of: path)
        let directory = try FileDescriptor.openFile(parent, flags: O_RDONLY | O_DIRECTORY)
        for _ in 0..<patienceMilliseconds {
            let result = try retryingUnlessBlocked("flock", parent) {
                flock(directory.rawValue, LOCK_EX | LOCK_NB)
            }
            if result != nil { return DirectoryLock(directory: directory) }
            var pause = timespec(tv_sec: 0, tv_nsec: 1_000_000)
            _ = nanosleep(&pause, nil)
        }
        throw SystemError(
            "flock",
            errno: EWOULDBLOCK,
            subject: "\(parent), which another process keeps locked"
        )
    }

    /// "/run/x" of "/run/x/y.sock", "." of "y.sock", "/" of "/y.sock".
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
