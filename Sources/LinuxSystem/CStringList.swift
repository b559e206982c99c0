internal import Glibc

/// Strings for `execve`: a null-terminated array of zero-terminated strings.
struct CStringList {
    private var bytes: [CChar] = []
    private var starts: [Int] = []

    /// - Throws: EINVAL when a string has a zero byte, which would cut it without a word.
    init(_ strings: [String], what: String) throws(SystemError) {
        for (index, string) in strings.enumerated() {
            starts.append(bytes.count)
            for unit in string.utf8 {
                guard unit != 0 else {
                    throw SystemError(
                        "posix_spawn",
                        errno: EINVAL,
                        subject: "\(what) \(index), which has a zero byte"
                    )
                }
                bytes.append(CChar(bitPattern: unit))
            }
            bytes.append(0)
        }
    }

    /// Lends the array.
    ///
    /// The pointers are valid during the call only.
    mutating func withPointers<Result>(
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
    ) -> Result {
        let starts = self.starts
        return bytes.withUnsafeMutableBufferPointer { buffer in
            // An empty list has no base address, and no start either.
            var pointers: [UnsafeMutablePointer<CChar>?] = starts.map { start in
                buffer.baseAddress.map { $0 + start }
            }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
