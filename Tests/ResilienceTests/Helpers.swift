import Resilience
import SupervisionKit
import Synchronization

/// An error that says what a test wants it to say.
struct Failure: ClassifiedError, Hashable {
    var fault: Fault
    var retryAfter: Duration?
    var hasStarted = true

    init(_ fault: Fault = .crashed, retryAfter: Duration? = nil, hasStarted: Bool = true) {
        self.fault = fault
        self.retryAfter = retryAfter
        self.hasStarted = hasStarted
    }

    var verdict: Verdict { .fault(fault) }
}

/// A list that several tasks write to.
final class Log<Entry: Sendable>: Sendable {
    private let list = Mutex<[Entry]>([])

    var entries: [Entry] { list.withLock { $0 } }

    func add(_ entry: Entry) {
        list.withLock { $0.append(entry) }
    }
}

func error(of body: () async throws -> some Any) async -> (any Error)? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// A breaker that opens at the first fault, for 30 s to 37.5 s.
func makeBreaker(
    clock: ManualClock,
    halfOpenMax: Int = 1,
    successThreshold: Int = 1,
    lease: Duration = .seconds(30),
    onTransition: (@Sendable (CircuitBreaker.Transition) -> Void)? = nil
) -> Breaker {
    var policy = BreakerPolicy()
    policy.failureThreshold = 1
    policy.successThreshold = successThreshold
    policy.halfOpenMax = halfOpenMax
    return Breaker(
        "graph/pagerank",
        policy: policy,
        lease: lease,
        clock: clock,
        seed: 1,
        onTransition: onTransition
    )
}

extension Breaker {
    /// Opens by a fault, and moves the clock to the end of the open time.
    func fail(_ clock: ManualClock) async {
        _ = await error(of: { try await self.call { throw Failure() } })
        clock.advance(by: statistics.retryAfter ?? .zero)
    }
}
