@testable import SupervisionKit
import Testing

/// A breaker with a made-up clock, whose open times are not jittered unless `random` says so.
struct BreakerHarness {
    /// Always draws the same.
    struct Constant: RandomNumberGenerator {
        var value: UInt64 = 0
        mutating func next() -> UInt64 { value }
    }

    var breaker: CircuitBreaker
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var random = Constant()
    var lease = Duration.seconds(30)

    init(_ change: (inout BreakerPolicy) -> Void = { _ in }) {
        var policy = BreakerPolicy()
        change(&policy)
        breaker = CircuitBreaker(policy: policy, at: now)
    }

    /// The permit, or nil where it is refused.
    mutating func admit() -> CircuitBreaker.Permit? {
        switch breaker.admit(at: now, lease: lease) {
        case .admitted(let permit): permit
        case .refused: nil
        }
    }

    /// A permit that must be had.
    mutating func permit() throws -> CircuitBreaker.Permit {
        let permit = admit()
        return try #require(permit)
    }

    @discardableResult
    mutating func settle(
        _ permit: CircuitBreaker.Permit?,
        _ verdict: Verdict
    ) -> CircuitBreaker.Transition? {
        guard let permit else { return nil }
        return breaker.settle(permit, verdict, at: now, using: &random)
    }

    /// Admits an attempt and settles it at once.
    @discardableResult
    mutating func attempt(_ verdict: Verdict, times: Int = 1) -> CircuitBreaker.Transition? {
        var last: CircuitBreaker.Transition?
        for _ in 0..<times { last = settle(admit(), verdict) }
        return last
    }

    @discardableResult
    mutating func becameSlow(_ permit: inout CircuitBreaker.Permit) -> CircuitBreaker.Transition? {
        breaker.becameSlow(&permit, at: now, using: &random)
    }

    @discardableResult
    mutating func passDeadline() -> CircuitBreaker.Transition? {
        breaker.deadlinePassed(at: now, using: &random)
    }

    mutating func pass(_ duration: Duration) {
        now = now + duration
    }

    /// Opens it by faults, and lets the open time pass.
    mutating func reachHalfOpen() {
        attempt(.fault(.crashed), times: 5)
        now = breaker.deadline ?? now
        passDeadline()
    }

    var refusal: CircuitBreaker.Refusal? { breaker.refusal(at: now) }
    var statistics: BreakerStatistics { breaker.statistics(at: now) }
}
