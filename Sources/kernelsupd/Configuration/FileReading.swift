internal import Glibc
internal import KernelManifest
internal import LinuxSystem

/// Files of the configuration, read as a whole and bounded.
enum FileReading {
    /// The bytes of a file.
    ///
    /// - Throws: the error of the call, or EFBIG above the limit.
    static func bytes(of path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.openFile(path, flags: O_RDONLY | O_NONBLOCK)
        var contents: [UInt8] = []
        while true {
            guard contents.count <= limit else {
                throw SystemError("read", errno: EFBIG, subject: path)
            }
            let part = try readSome(file)
            guard !part.isEmpty else { return contents }
            contents += part
        }
    }

    private static func readSome(
        _ file: borrowing FileDescriptor
    ) throws(SystemError) -> [UInt8] {
        var count = 0
        var failure: SystemError?
        let part = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, initialized in
            do throws(SystemError) {
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer)) ?? 0
            } catch {
                failure = error
            }
            initialized = count
        }
        if let failure { throw failure }
        return part
    }

    /// Names that end in `.toml` and don't start with a dot, sorted; nil without the directory.
    static func manifests(in directory: String) throws(SystemError) -> [String] {
        guard let stream = opendir(directory) else {
            throw SystemError("opendir", errno: errno, subject: directory)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".toml"), !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// An absolute path without symbolic links; nil when there is no such thing.
    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The same for all names of one file, which need not be there yet.
    static func canonicalPath(_ path: String) -> String {
        if let real = realPath(path) { return real }
        let words = path.split(separator: "/")
        guard let name = words.last else { return path }
        let inner = words.dropLast().joined(separator: "/")
        let directory = path.hasPrefix("/") ? "/" + inner : inner.isEmpty ? "." : inner
        guard directory != path else { return path }
        let place = canonicalPath(directory)
        return place == "/" ? "/\(name)" : "\(place)/\(name)"
    }

    /// Another number when the file has been replaced, written to, or made executable since; 0 when
    /// there is none.
    static func identity(of path: String) -> UInt64 {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        let parts = [
            UInt64(status.st_dev), UInt64(status.st_ino), UInt64(status.st_mode),
            UInt64(bitPattern: Int64(status.st_size)),
            UInt64(bitPattern: Int64(status.st_mtim.tv_sec)),
            UInt64(bitPattern: Int64(status.st_mtim.tv_nsec)),
        ]
        return parts.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1) &* 0x0000_0100_0000_01B3 }
    }

    /// What keeps a command from being started; nil when nothing does, or it is empty.
    static func problem(ofCommand words: [String]) -> String? {
        guard let program = words.first else { return nil }
        guard program.hasPrefix("/") else {
            return "wants the absolute path of a program first, not '\(program)'"
        }
        if words.contains(where: { $0.utf8.contains(0) }) { return "has a word with a zero byte" }
        var status = stat()
        guard stat(program, &status) == 0 else {
            return "names a program that can't be found: \(program): \(errnoDescription(errno))"
        }
        let isFile = status.st_mode & S_IFMT == S_IFREG
        guard isFile, access(program, X_OK) == 0 else {
            return "names \(isFile ? "a file that may not be executed" : "no file"): \(program)"
        }
        return nil
    }

    /// The part before the last slash: "." for a bare name.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// `path` as it stands when it is absolute, else below `directory`.
    static func resolve(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") ? path : directory + "/" + path
    }
}
