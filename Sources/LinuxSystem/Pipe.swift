internal import CLinux

/// The two ends of a new pipe, both close-on-exec.
@frozen
public struct Pipe: ~Copyable, Sendable {
    /// Bytes come out here; does not block.
    public var reader: FileDescriptor
    /// Bytes go in here; blocks while the pipe is full.
    public var writer: FileDescriptor

    /// Makes a pipe.
    ///
    /// Take the ends out of the value to own them one by one.
    public static func create() throws(SystemError) -> Pipe {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            clinux_pipe(bytes.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard result == 0 else { throw SystemError.last("pipe2") }
        let pipe = Pipe(
            reader: FileDescriptor(owning: ends.0),
            writer: FileDescriptor(owning: ends.1)
        )
        try pipe.reader.setNonblocking()
        return pipe
    }

    init(reader: consuming FileDescriptor, writer: consuming FileDescriptor) {
        self.reader = reader
        self.writer = writer
    }
}
