/// The instant at which a call ends, whatever becomes of it.
///
/// Absolute, so that time in queues, waits and retries uses it up by itself; a timeout that is
/// handed on would start anew at each step.
public struct Deadline: Hashable, Comparable, Sendable {
    public let instant: Instant

    /// Never.
    public static let none = Deadline(.distantFuture)

    public init(_ instant: Instant) {
        self.instant = instant
    }

    /// So long after `now`: at once for a negative timeout, never for one of 292 years or more.
    public init(after timeout: Duration, from now: Instant) {
        let span = max(0, timeout.saturatedNanoseconds)
        instant = span == .max ? .distantFuture : now + .nanoseconds(span)
    }

    public static func < (left: Deadline, right: Deadline) -> Bool {
        left.instant < right.instant
    }

    /// The time left; zero once it has expired, at most what 63 bits of nanoseconds hold.
    public func remaining(at now: Instant) -> Duration {
        self == .none ? .nanoseconds(Int64.max) : instant.since(now)
    }

    /// Expired at the instant itself: work that starts then is late.
    public func isExpired(at now: Instant) -> Bool {
        self != .none && now >= instant
    }

    /// The deadline of a part of the work: its own timeout from `now` on, and never later than
    /// this one.
    public func child(timeout: Duration, at now: Instant) -> Deadline {
        min(self, Deadline(after: timeout, from: now))
    }
}
