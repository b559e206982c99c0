public import SupervisionKit
internal import Synchronization

/// Tries work again that failed, under one policy and one budget.
///
/// One value stands for one thing that is called, since its budget bounds what that thing gets. It
/// may be used from any number of tasks at once.
///
///     let retry = Retry("graph/pagerank", policy: policies.retry)
///     let ranks = try await retry.execute { attempt in try await client.rank(graph) }
///
/// With the default policy only faults of the classes `transient` and `timeout` are tried again,
/// and an error that says nothing of itself is of the class `failed`: see `ClassifiedError`.
public final class Retry: Sendable {
    /// One try.
    public struct Attempt: Hashable, Sendable {
        /// From 1.
        public var number: Int
        /// No later try begins at or after it.
        public var deadline: Deadline
    }

    private struct State {
        var budget = RetryBudget()
        var random: SplitMix64
    }

    public let name: String
    public let policy: RetryPolicy
    private let clock: any ResilienceClock
    private let onDecision: (@Sendable (RetryEvent) -> Void)?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: for events.
    ///   - policy: when and how often.
    ///   - clock: for waits, the deadline and the budget.
    ///   - seed: of the jitter.
    ///   - onDecision: told after each try that failed, outside of any lock.
    public init(
        _ name: String,
        policy: RetryPolicy = RetryPolicy(),
        clock: some ResilienceClock = BootClock(),
        seed: UInt64 = .random(in: .min ... .max),
        onDecision: (@Sendable (RetryEvent) -> Void)? = nil
    ) {
        self.name = name
        self.policy = policy
        self.clock = clock
        self.onDecision = onDecision
        state = Mutex(State(random: SplitMix64(seed: seed)))
    }

    /// Retries that the budget would grant now.
    public var available: Int {
        let now = clock.now
        return state.withLock { $0.budget.available(at: now, policy: policy) }
    }

    /// Runs `body` until it succeeds, or until the policy has no further try for it.
    ///
    /// - Parameters:
    ///   - idempotent: a second run does no harm. When false, only a try is repeated that never
    ///     began.
    ///   - deadline: no try begins at or after it, and none after the task's own deadline; a wait
    ///     that would end so late is not begun. It does not cut a try that runs.
    ///   - classify: what an error says.
    ///   - body: one try.
    /// - Returns: what the first try returns that succeeds.
    /// - Throws: the error of the last try, as it was, at once when there is no other;
    ///   `DeadlineExceeded` when the deadline has passed before the first; `CancellationError` from
    ///   a wait in which the task is cancelled.
    public func execute<Value>(
        idempotent: Bool = true,
        deadline: Deadline = .current,
        classify: Classify = { Verdict(of: $0) },
        _ body: (Attempt) async throws -> Value
    ) async throws -> Value {
        let deadline = min(deadline, Deadline.current)
        let start = clock.now
        guard !deadline.isExpired(at: start) else {
            throw DeadlineExceeded(deadline, hasStarted: false)
        }
        state.withLock { $0.budget.recordFirst(at: start) }
        var history = History(isRepeatable: idempotent, deadline: deadline)
        while true {
            history.attempt += 1
            do {
                return try await body(Attempt(number: history.attempt, deadline: deadline))
            } catch {
                try await wait(after: error, classify(error), &history)
            }
        }
    }

    /// Returns when the next try is to begin.
    private func wait(
        after error: any Error,
        _ verdict: Verdict,
        _ history: inout History
    ) async throws {
        let now = clock.now
        guard case .fault(let fault) = verdict, !Task.isCancelled else {
            report(history.attempt, verdict, nil)
            throw error
        }
        let failure = history.failure(error, fault)
        let decision = state.withLock { state in
            policy.decide(failure, at: now, budget: &state.budget, using: &state.random)
        }
        report(history.attempt, verdict, decision)
        switch decision {
        case .giveUp: throw error
        case .retry(let instant, let isFree):
            if isFree { history.hasHadFreeTry = true }
            do {
                try await clock.sleep(until: instant)
            } catch {
                if !isFree { state.withLock { $0.budget.giveBack(takenAt: now) } }
                throw error
            }
        }
    }

    private func report(_ attempt: Int, _ verdict: Verdict, _ decision: RetryDecision?) {
        onDecision?(
            RetryEvent(name: name, attempt: attempt, verdict: verdict, decision: decision)
        )
    }
}

/// What the next decision needs of the tries so far.
private struct History {
    var isRepeatable: Bool
    var deadline: Deadline
    var attempt = 0
    var workersLost = 0
    var hasHadFreeTry = false

    mutating func failure(_ error: any Error, _ fault: Fault) -> FailedAttempt {
        switch fault {
        // What died with the work, or was killed for it, counts towards poison.
        case .crashed, .hung: workersLost += 1
        case .connectionLost, .protocolViolation, .device, .outOfMemory, .timedOut, .probeFailed,
            .busy, .failed:
            break
        }
        let classified = error as? any ClassifiedError
        return FailedAttempt(
            fault: fault,
            attempt: attempt,
            isRepeatable: isRepeatable,
            hasStarted: classified?.hasStarted ?? true,
            workersLost: workersLost,
            deadline: deadline.instant,
            hint: classified?.retryAfter,
            hasHadFreeTry: hasHadFreeTry
        )
    }
}
