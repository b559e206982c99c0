/// An estimate of how long a call of a kernel runs, and from it how long a new one would wait.
///
/// An exponentially weighted mean: each call moves it by an eighth of the difference. It follows a
/// change within some ten calls and one outlier moves it little. It is kept in eighths of a
/// nanosecond, so that integer division never stalls it.
///
/// Source: Jacobson, "Congestion Avoidance and Control", 1988, appendix A (the round-trip
/// estimator).
public struct ServiceTime: Hashable, Sendable {
    /// More counts as this; about 18 years.
    private static let longest = Int64.max / 16

    /// Eight times the mean, in nanoseconds.
    private var eighths: Int64?

    public init() {}

    /// The mean; nil before the first call.
    public var mean: Duration? { eighths.map { .nanoseconds($0 / 8) } }

    /// Takes in how long a call ran, from its hand-over to its answer.
    ///
    /// Calls that were cut short say nothing about it and are not for here.
    public mutating func record(_ duration: Duration) {
        let sample = min(max(0, duration.saturatedNanoseconds), Self.longest)
        eighths = eighths.map { $0 - $0 / 8 + sample } ?? sample * 8
    }

    /// How long a call would wait for a place.
    ///
    /// What the running calls still need is not counted: the estimate errs on the side of letting
    /// a call in, so that what is refused at the door could hardly have been served.
    ///
    /// - Parameters:
    ///   - queued: calls that wait ahead of it; 0 where a place is free.
    ///   - capacity: calls that run at once, over all ready workers.
    /// - Returns: nil where nothing can be said: without a worker, or before the first call.
    public func wait(queued: Int, capacity: Int) -> Duration? {
        guard capacity > 0 else { return nil }
        guard queued > 0 else { return .zero }
        guard let eighths else { return nil }
        let total = UInt128(eighths.magnitude) * UInt128(queued.magnitude)
        return .nanoseconds(Int64(clamping: total / 8 / UInt128(capacity.magnitude)))
    }
}
