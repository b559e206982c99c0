internal import CLinux
internal import Glibc

/// Anonymous memory behind a descriptor (memfd), which can be passed on and then be sealed.
///
/// The order that works: `create`, `mapWritable`, write, end the mapping, `seal`, send
/// `rawDescriptor`.
public struct SharedMemory: ~Copyable, Sendable {
    public let descriptor: FileDescriptor
    /// The size when this value was made.
    public let byteCount: Int

    public var rawDescriptor: Int32 { descriptor.rawValue }

    /// Takes over a memfd that somebody sent.
    ///
    /// Its seals are not looked at: ask `isSealed`.
    public init(owning descriptor: consuming FileDescriptor) throws(SystemError) {
        let size = try MemoryMapping.fileSize(descriptor.rawValue)
        self.descriptor = descriptor
        self.byteCount = Int(clamping: size)
    }

    private init(descriptor: consuming FileDescriptor, byteCount: Int) {
        self.descriptor = descriptor
        self.byteCount = byteCount
    }

    /// Makes memory of `byteCount` zero bytes.
    ///
    /// Pages are taken as they are written.
    ///
    /// - Parameters:
    ///   - name: for people, seen in /proc; at most 249 bytes. Two can have the same.
    ///   - byteCount: the size, not negative.
    /// - Returns: the memory, close-on-exec and not sealed.
    /// - Throws: what memfd_create and ftruncate report.
    public static func create(name: String, byteCount: Int) throws(SystemError) -> SharedMemory {
        let descriptor = FileDescriptor(owning: try createDescriptor(name: name))
        try retrying("ftruncate", "memfd '\(name)' to \(byteCount) bytes") {
            ftruncate(descriptor.rawValue, byteCount)
        }
        return SharedMemory(descriptor: descriptor, byteCount: byteCount)
    }

    /// A system can demand that memfds cannot be executed (vm.memfd_noexec), and Linux before 6.3
    /// does not know how to say so: ask for it, and do without where the kernel does not know the
    /// flag.
    private static func createDescriptor(name: String) throws(SystemError) -> Int32 {
        let flags = clinux_mfd_cloexec | clinux_mfd_allow_sealing
        let strict = clinux_memfd_create(name, flags | clinux_mfd_noexec_seal)
        if strict >= 0 { return strict }
        return try retrying("memfd_create", "'\(name)'") { clinux_memfd_create(name, flags) }
    }

    /// Fixes size and content for ever; nobody can take a seal off or add one.
    ///
    /// - Throws: EBUSY while a writable mapping exists anywhere; EPERM when it is sealed already.
    public func seal() throws(SystemError) {
        let seals =
            clinux_f_seal_shrink | clinux_f_seal_grow | clinux_f_seal_write | clinux_f_seal_seal
        try retrying("fcntl", "F_ADD_SEALS of descriptor \(rawDescriptor)") {
            clinux_fcntl(rawDescriptor, clinux_f_add_seals, seals)
        }
    }

    /// Whether a descriptor that came from outside is memory that can be read without danger.
    public static func isSealed(_ descriptor: Int32) -> SealCheck {
        SealCheck.of(descriptor)
    }

    /// Maps all of it for reading and writing; what is written is seen by all who have the memory.
    public func mapWritable() throws(SystemError) -> MemoryMapping {
        try MemoryMapping.shared(rawDescriptor, byteCount: UInt64(byteCount))
    }

    /// Maps all of it for reading.
    public func mapReadOnly() throws(SystemError) -> MemoryMapping {
        try MemoryMapping.readOnly(rawDescriptor, offset: 0, byteCount: UInt64(byteCount))
    }
}
