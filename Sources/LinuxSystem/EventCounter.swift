internal import CLinux
internal import Glibc

/// An eventfd: one thread wakes another that waits in poll or epoll.
///
/// The descriptor is readable from the first `signal` until `clear`. Neither call blocks.
public struct EventCounter: ~Copyable, Sendable {
    public let descriptor: FileDescriptor

    public var rawDescriptor: Int32 { descriptor.rawValue }

    public init() throws(SystemError) {
        descriptor = FileDescriptor(owning: try retrying("eventfd") { clinux_eventfd(0) })
    }

    /// Makes the descriptor readable.
    ///
    /// Safe to call from every thread, however often.
    public func signal() {
        var one: UInt64 = 1
        // The one failure left is EAGAIN for a counter at its maximum, which is readable anyway.
        _ = withUnsafeBytes(of: &one) { try? descriptor.write($0) }
    }

    /// Makes the descriptor unreadable until the next `signal`.
    ///
    /// - Returns: whether there was a signal since the last time.
    @discardableResult
    public func clear() -> Bool {
        var count: UInt64 = 0
        let byteCount = withUnsafeMutableBytes(of: &count) { try? descriptor.read(into: $0) }
        return byteCount == 8
    }
}
