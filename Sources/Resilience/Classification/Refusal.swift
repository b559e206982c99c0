public import SupervisionKit

/// A breaker or a bulkhead did not let a call begin.
///
/// Neutral to every breaker above and never tried again: it says nothing of the work itself.
public struct Refusal: ClassifiedError, Hashable {
    public enum Reason: Hashable, Sendable {
        case circuit(CircuitBreaker.Refusal.Reason)
        /// `maxQueued` calls wait already.
        case queueFull
    }

    /// The breaker's or the bulkhead's name.
    public var name: String
    public var reason: Reason
    /// When a call has a chance again; zero where that is not known.
    public var retryDelay: Duration

    public init(_ name: String, _ reason: Reason, retryAfter: Duration = .zero) {
        self.name = name
        self.reason = reason
        retryDelay = retryAfter
    }

    public var verdict: Verdict { .neutral(.shed) }
    public var retryAfter: Duration? { retryDelay > .zero ? retryDelay : nil }
    public var hasStarted: Bool { false }
}

extension Refusal: CustomStringConvertible {
    public var description: String {
        switch reason {
        case .circuit(.open):
            "\(name) refused the call: circuit open, a trial in \(retryDelay.inWords)"
        case .circuit(.trialsInFlight): "\(name) refused the call: circuit half-open, a trial runs"
        case .circuit(.forcedOpen):
            "\(name) refused the call: circuit open by an operator's word"
        case .queueFull: "\(name) refused the call: its queue is full"
        }
    }
}
