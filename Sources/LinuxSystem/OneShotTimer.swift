internal import CLinux

/// A timerfd that expires once: it wakes a thread that waits in poll.
///
/// It wakes nobody when it is stopped in time. Starting and stopping cost one short system call
/// each. Safe to use from several threads.
public struct OneShotTimer: ~Copyable, Sendable {
    public let descriptor: FileDescriptor

    public var rawDescriptor: Int32 { descriptor.rawValue }

    /// A stopped timer on CLOCK_BOOTTIME.
    public init() throws(SystemError) {
        descriptor = FileDescriptor(owning: try retrying("timerfd_create") { clinux_timerfd() })
    }

    /// Lets the descriptor become readable after `nanoseconds` from now; 0 counts as 1.
    ///
    /// A time that was set before is forgotten.
    public func start(nanoseconds: UInt64) {
        // The descriptor is a timer and the time is in order, so the call has no way to fail.
        _ = clinux_timerfd_set(rawDescriptor, max(1, nanoseconds))
    }

    /// Makes the descriptor unreadable until it is started again and expires.
    public func stop() {
        _ = clinux_timerfd_set(rawDescriptor, 0)
    }

    /// Makes the descriptor unreadable until it is started again and expires.
    ///
    /// - Returns: whether it had expired.
    @discardableResult
    public func clear() -> Bool {
        var count: UInt64 = 0
        let byteCount = withUnsafeMutableBytes(of: &count) { try? descriptor.read(into: $0) }
        return byteCount == 8
    }
}
