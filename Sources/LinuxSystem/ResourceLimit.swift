internal import CLinux
internal import Glibc

/// A limit of setrlimit(2) for one resource of a process.
public struct ResourceLimit: Hashable, Sendable {
    /// Which resource is limited; the raw value is the kernel's RLIMIT number.
    public struct Resource: RawRepresentable, Hashable, Sendable {
        public let rawValue: Int32

        public init(rawValue: Int32) {
            self.rawValue = rawValue
        }

        /// One more than the highest descriptor number.
        public static let openFiles = Resource(rawValue: clinux_rlimit_nofile)
        /// Bytes of a core dump.
        public static let coreBytes = Resource(rawValue: clinux_rlimit_core)
        /// Bytes of address space.
        public static let addressSpaceBytes = Resource(rawValue: clinux_rlimit_as)
        /// Bytes of private memory that can be written; reserved address space is free.
        public static let dataBytes = Resource(rawValue: clinux_rlimit_data)
        /// Bytes of locked memory.
        public static let lockedBytes = Resource(rawValue: clinux_rlimit_memlock)
        /// Bytes of the main thread's stack.
        public static let stackBytes = Resource(rawValue: clinux_rlimit_stack)
        /// Processes and threads of the user.
        public static let processes = Resource(rawValue: clinux_rlimit_nproc)
        /// Seconds of processor time.
        public static let cpuSeconds = Resource(rawValue: clinux_rlimit_cpu)
    }

    /// No limit.
    public static let unlimited = UInt64.max

    public var resource: Resource
    /// What the kernel enforces.
    public var soft: UInt64
    /// What the process may raise `soft` to.
    public var hard: UInt64

    public init(_ resource: Resource, soft: UInt64, hard: UInt64) {
        self.resource = resource
        self.soft = soft
        self.hard = hard
    }

    /// The limit that this process has now.
    public static func current(_ resource: Resource) throws(SystemError) -> ResourceLimit {
        var limit = ResourceLimit(resource, soft: 0, hard: 0)
        try retrying("getrlimit", "resource \(resource.rawValue)") {
            clinux_getrlimit(resource.rawValue, &limit.soft, &limit.hard)
        }
        return limit
    }

    /// Makes this the limit of the whole process.
    public func apply() throws(SystemError) {
        try retrying("setrlimit", "resource \(resource.rawValue) to \(soft)") {
            clinux_setrlimit(resource.rawValue, soft, hard)
        }
    }

    /// Raises the number of descriptors that this process can have to what it is allowed to.
    ///
    /// Children inherit the higher limit; a program that uses select(2) wants its old one back.
    ///
    /// - Returns: the limit that holds now.
    @discardableResult
    public static func raiseOpenFiles() throws(SystemError) -> UInt64 {
        var limit = try current(.openFiles)
        guard limit.soft < limit.hard else { return limit.soft }
        limit.soft = limit.hard
        try limit.apply()
        return limit.soft
    }
}
