import Glibc
import LinuxSystem

/// A file or standard input, read from its start to its end.
struct ByteSource: ~Copyable {
    /// For messages: the path, or `standard input`.
    let name: String
    private let file: FileDescriptor?

    /// Opens a file; `-` is standard input.
    init(path: String) throws(CommandFailure) {
        guard path != "-" else {
            name = "standard input"
            file = nil
            return
        }
        name = path
        do throws(SystemError) {
            file = try FileDescriptor.openFile(path, flags: O_RDONLY)
        } catch {
            throw .usage("can't read \(path): \(errnoDescription(error.errno))")
        }
    }

    /// Bytes of a regular file; nil for what has no size, such as a pipe.
    var size: Int? {
        var status = stat()
        guard fstat(rawDescriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            lseek(rawDescriptor, 0, SEEK_CUR) == 0
        else { return nil }
        return status.st_size
    }

    private var rawDescriptor: Int32 {
        switch file {
        case .some(let file): file.rawValue
        case .none: STDIN_FILENO
        }
    }

    /// Fills the buffer as far as there are bytes.
    ///
    /// - Returns: the number of bytes, less than asked for only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CommandFailure) -> Int {
        var done = 0
        while done < buffer.count {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            // Linux moves at most 2 GiB a call; the loop asks for the rest.
            let count = Glibc.read(rawDescriptor, part.baseAddress, part.count)
            if count == 0 { break }
            guard count > 0 || errno == EINTR else {
                throw .usage("can't read \(name): \(errnoDescription(errno))")
            }
            done += max(0, count)
        }
        return done
    }

    /// Reads everything, which must be at most `limit` bytes.
    func readAll(limit: Int) throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let result = chunk.withUnsafeMutableBytes { buffer in
                Result { () throws(CommandFailure) in try read(into: buffer) }
            }
            let count = try result.get()
            guard count > 0 else { return bytes }
            guard bytes.count + count <= limit else {
                throw .usage("\(name) has more than \(limit) bytes")
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }
}
