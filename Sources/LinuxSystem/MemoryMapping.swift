internal import CLinux
internal import Glibc

/// Memory that is mapped from a file, and unmapped at the end of this value's life.
///
/// `bytes` must not be used after that. A value of this type can move to another thread; the bytes
/// themselves have no lock.
public struct MemoryMapping: ~Copyable, @unchecked Sendable {
    // The buffers keep @unchecked right: the struct owns the pages alone, and its parts are
    // constants.

    /// The bytes that were asked for.
    ///
    /// Those of a read-only mapping must not be written to.
    public let bytes: UnsafeMutableRawBufferPointer
    /// The whole pages around `bytes`; empty when nothing is mapped.
    private let pages: UnsafeMutableRawBufferPointer

    private init(pages: UnsafeMutableRawBufferPointer, bytes: UnsafeMutableRawBufferPointer) {
        self.pages = pages
        self.bytes = bytes
    }

    deinit {
        // munmap fails only for an address that was never mapped.
        if pages.count > 0 { _ = munmap(pages.baseAddress, pages.count) }
    }

    /// Maps a part of a file for reading.
    ///
    /// The mapping is private: Linux before 6.7 refuses a shared one of a write-sealed memfd.
    /// Reading stays safe for as long as the file does not shrink, so check its seals before.
    ///
    /// - Parameters:
    ///   - descriptor: an open file; it can be closed once it is mapped.
    ///   - offset: the first byte, not necessarily at the start of a page.
    ///   - byteCount: how many; 0 gives an empty buffer and maps nothing.
    /// - Returns: the mapped part.
    /// - Throws: ENXIO when the file ends before the part does, and what fstat and mmap report.
    public static func readOnly(
        _ descriptor: Int32,
        offset: UInt64,
        byteCount: UInt64
    ) throws(SystemError) -> MemoryMapping {
        let size = try fileSize(descriptor)
        let (end, overflow) = offset.addingReportingOverflow(byteCount)
        guard !overflow, end <= size else {
            throw SystemError(
                "mmap",
                errno: ENXIO,
                subject: "\(byteCount) bytes from byte \(offset) of a file of \(size) bytes"
            )
        }
        return try map(
            descriptor,
            offset: offset,
            byteCount: byteCount,
            protection: PROT_READ,
            flags: MAP_PRIVATE
        )
    }

    /// Maps the first bytes of a file so that what is written is in the file.
    ///
    /// - Parameters:
    ///   - descriptor: an open file of at least `byteCount` bytes.
    ///   - byteCount: how many; 0 gives an empty buffer and maps nothing.
    /// - Returns: the mapped bytes.
    /// - Throws: what mmap reports, EPERM for memory that is sealed.
    static func shared(
        _ descriptor: Int32,
        byteCount: UInt64
    ) throws(SystemError) -> MemoryMapping {
        try map(
            descriptor,
            offset: 0,
            byteCount: byteCount,
            protection: PROT_READ | PROT_WRITE,
            flags: MAP_SHARED
        )
    }

    /// The size of an open file, in bytes.
    static func fileSize(_ descriptor: Int32) throws(SystemError) -> UInt64 {
        var status = stat()
        try retrying("fstat", "descriptor \(descriptor)") { fstat(descriptor, &status) }
        return UInt64(clamping: status.st_size)
    }

    private static func map(
        _ descriptor: Int32,
        offset: UInt64,
        byteCount: UInt64,
        protection: Int32,
        flags: Int32
    ) throws(SystemError) -> MemoryMapping {
        let empty = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        guard byteCount > 0 else { return MemoryMapping(pages: empty, bytes: empty) }
        let lead = offset % UInt64(sysconf(Int32(_SC_PAGESIZE)))
        guard let start = off_t(exactly: offset - lead), let count = Int(exactly: byteCount),
            let length = Int(exactly: byteCount + lead)
        else {
            throw SystemError("mmap", errno: EOVERFLOW, subject: "\(byteCount) bytes")
        }
        guard let address = mmap(nil, length, protection, flags, descriptor, start),
            address != MAP_FAILED
        else {
            throw SystemError.last(
                "mmap",
                subject: "\(byteCount) bytes of descriptor \(descriptor)"
            )
        }
        return MemoryMapping(
            pages: UnsafeMutableRawBufferPointer(start: address, count: length),
            bytes: UnsafeMutableRawBufferPointer(start: address + Int(lead), count: count)
        )
    }
}
