/// A point on CLOCK_BOOTTIME, in nanoseconds since the machine started.
///
/// The boot clock is the only clock that decides: it never jumps with the wall clock and it goes
/// on while the machine is suspended. All arithmetic saturates, so that `now + .seconds(10^18)`
/// is the end of time and not a trap.
public struct Instant: Codable, Comparable, Hashable, Sendable {
    public let nanoseconds: UInt64

    public static let zero = Instant(nanoseconds: 0)
    public static let distantFuture = Instant(nanoseconds: .max)

    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    public static func + (instant: Instant, duration: Duration) -> Instant {
        let span = duration.saturatedNanoseconds
        let (sum, overflow) =
            span >= 0
            ? instant.nanoseconds.addingReportingOverflow(UInt64(span))
            : instant.nanoseconds.subtractingReportingOverflow(span.magnitude)
        guard overflow else { return Instant(nanoseconds: sum) }
        return span >= 0 ? .distantFuture : .zero
    }

    /// The time from `earlier` to this instant; zero when `earlier` is later.
    public func since(_ earlier: Instant) -> Duration {
        guard self > earlier else { return .zero }
        let span = min(nanoseconds - earlier.nanoseconds, UInt64(Int64.max))
        return Duration(attoseconds: Int128(span) &* 1_000_000_000)
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to what an Int64 holds (about 292 years either way).
    public var saturatedNanoseconds: Int64 {
        // A billion is 2⁹ × 1953125: up to 2.6 hours one division of a machine word is enough, and
        // a wider one takes ten times as long.
        let attoseconds = attoseconds
        if attoseconds >= 0, attoseconds < 1 << 73 {
            return Int64(UInt64(truncatingIfNeeded: attoseconds >> 9) / 1_953_125)
        }
        return clampedNanoseconds
    }

    private var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !carried else { return seconds < 0 ? .min : .max }
        return sum
    }

    /// This span doubled `count` times, never more than `limit`.
    ///
    /// Capped before it is multiplied.
    public func doubled(_ count: Int, limit: Duration) -> Duration {
        var span = min(self, limit)
        var left = count
        while left > 0, span > .zero, limit > span {
            span = span > limit / 2 ? limit : span * 2
            left -= 1
        }
        return span
    }
}
