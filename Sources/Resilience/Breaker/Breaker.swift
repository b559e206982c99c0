public import SupervisionKit
internal import Synchronization

/// A circuit breaker around asynchronous work: the core's `CircuitBreaker`, shared between tasks.
///
///     let breaker = Breaker("graph/pagerank", policy: policies.breaker)
///     let ranks = try await breaker.call { try await client.rank(graph) }
///
/// It needs no timer. Whatever time alone brings (the end of the open time, a trial's lease, an
/// attempt that has become slow) is made good at the next use, in its order and at its own instant.
public final class Breaker: Sendable {
    fileprivate struct State {
        var breaker: CircuitBreaker
        var policy: BreakerPolicy
        var random: SplitMix64
        /// Attempts in flight that may become slow, by their numbers.
        var watched: [UInt64: CircuitBreaker.Permit] = [:]
        var lastNumber: UInt64 = 0
        /// Transitions that nobody has been told of yet, the oldest first.
        var news: [CircuitBreaker.Transition] = []
        var isTelling = false
        /// Somebody wants the news; otherwise none is kept.
        var isTold: Bool
    }

    /// An attempt that was let pass; settle it, whatever becomes of it.
    public struct Admitted: Sendable {
        fileprivate let permit: CircuitBreaker.Permit
        fileprivate let number: UInt64

        public var isTrial: Bool { permit.isTrial }
    }

    public let name: String
    /// How long a trial may take, and how long an attempt takes at least before a passed deadline
    /// is evidence.
    public let lease: Duration
    private let clock: any ResilienceClock
    private let onTransition: (@Sendable (CircuitBreaker.Transition) -> Void)?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: for refusals.
    ///   - policy: when it opens and closes.
    ///   - lease: the service timeout.
    ///   - clock: for all its times.
    ///   - seed: of the random part of its open times.
    ///   - onTransition: told of each change once, in order, outside of any lock: it may use the
    ///     breaker.
    public init(
        _ name: String,
        policy: BreakerPolicy = BreakerPolicy(),
        lease: Duration = TimeoutPolicy().defaultTimeout,
        clock: some ResilienceClock = BootClock(),
        seed: UInt64 = .random(in: .min ... .max),
        onTransition: (@Sendable (CircuitBreaker.Transition) -> Void)? = nil
    ) {
        self.name = name
        self.lease = lease
        self.clock = clock
        self.onTransition = onTransition
        state = Mutex(
            State(
                breaker: CircuitBreaker(policy: policy, at: clock.now),
                policy: policy,
                random: SplitMix64(seed: seed),
                isTold: onTransition != nil
            )
        )
    }

    // MARK: - Calls

    /// Runs `body` if the breaker lets it pass.
    ///
    /// A body that never returns is not cut here; put a `Deadline` around it. A trial that does
    /// not return is given up by its lease.
    ///
    /// - Parameters:
    ///   - classify: what an error of `body` says.
    ///   - body: one attempt.
    /// - Returns: what `body` returns.
    /// - Throws: `Refusal`, and `body` did not run; else what `body` throws, as it is.
    public func call<Value>(
        classify: Classify = { Verdict(of: $0) },
        _ body: () async throws -> Value
    ) async throws -> Value {
        let admitted = try admit()
        do {
            let value = try await body()
            settle(admitted, .ok)
            return value
        } catch {
            settle(admitted, verdict(classify(error), admitted))
            throw error
        }
    }

    /// Asks to let one attempt pass: for work that is not one closure.
    public func admit() throws(Refusal) -> Admitted {
        let now = clock.now
        let (admission, number) = state.withLock { state in
            state.catchUp(to: now)
            let admission = state.breaker.admit(at: now, lease: lease)
            return (admission, state.watch(admission))
        }
        tell()
        switch admission {
        case .admitted(let permit): return Admitted(permit: permit, number: number)
        case .refused(let refusal):
            throw Refusal(name, .circuit(refusal.reason), retryAfter: refusal.retryAfter)
        }
    }

    /// Reports how an admitted attempt ended; a second report counts nowhere for a trial.
    public func settle(_ admitted: Admitted, _ verdict: Verdict) {
        let now = clock.now
        state.withLock { state in
            state.catchUp(to: now)
            let permit = state.watched.removeValue(forKey: admitted.number) ?? admitted.permit
            state.note(
                state.breaker.settle(permit, verdict, at: now, using: &state.random)
            )
        }
        tell()
    }

    /// A passed deadline is evidence only after a full service timeout.
    private func verdict(_ verdict: Verdict, _ admitted: Admitted) -> Verdict {
        guard verdict == .neutral(.callerDeadline),
            clock.now.since(admitted.permit.admittedAt) >= lease
        else { return verdict }
        return .fault(.timedOut)
    }

    // MARK: - A person's side

    public var statistics: BreakerStatistics {
        let now = clock.now
        let statistics = state.withLock { state in
            state.catchUp(to: now)
            return state.breaker.statistics(at: now)
        }
        tell()
        return statistics
    }

    /// A person's word, which stands above the state until a person takes it back.
    public var override: BreakerOverride {
        get { state.withLock { $0.policy.override } }
        set {
            let now = clock.now
            state.withLock { state in
                state.catchUp(to: now)
                state.policy.override = newValue
                state.breaker.configure(state.policy, at: now)
            }
            tell()
        }
    }

    /// What is called was restarted: its next call may be the trial, however long the breaker would
    /// have stayed open.
    public func bringForward() {
        let now = clock.now
        state.withLock { state in
            state.catchUp(to: now)
            state.note(state.breaker.bringForward(at: now))
        }
        tell()
    }

    // MARK: - News

    /// Tells of what has changed, one task at a time, so that the order is kept and a callback that
    /// comes back here is not told of its own news within itself.
    private func tell() {
        guard let onTransition, state.withLock({ $0.beginTelling() }) else { return }
        while let transition = state.withLock({ $0.nextNews() }) { onTransition(transition) }
    }
}

extension Breaker.State {
    /// Makes all that time has brought by `now`, each at its own instant.
    fileprivate mutating func catchUp(to now: Instant) {
        while true {
            let slow = nextSlow()
            let due = breaker.deadline
            if let due, due <= now, due <= slow?.at ?? .distantFuture {
                note(breaker.deadlinePassed(at: due, using: &random))
                // What did not move on would be due for ever.
                if breaker.deadline == due { return }
            } else if let slow, slow.at <= now {
                var permit = slow.permit
                note(breaker.becameSlow(&permit, at: slow.at, using: &random))
                watched[slow.number] = permit
                if breaker.slowDeadline(of: permit) == slow.at { watched[slow.number] = nil }
            } else {
                return
            }
        }
    }

    private func nextSlow() -> (number: UInt64, permit: CircuitBreaker.Permit, at: Instant)? {
        var first: (number: UInt64, permit: CircuitBreaker.Permit, at: Instant)?
        for (number, permit) in watched {
            guard let at = breaker.slowDeadline(of: permit) else { continue }
            if let found = first, (found.at, found.number) < (at, number) { continue }
            first = (number, permit, at)
        }
        return first
    }

    /// - Returns: the attempt's number; 0 when it need not be watched.
    fileprivate mutating func watch(_ admission: CircuitBreaker.Admission) -> UInt64 {
        switch admission {
        case .refused: return 0
        case .admitted(let permit):
            guard breaker.slowDeadline(of: permit) != nil else { return 0 }
            lastNumber += 1
            watched[lastNumber] = permit
            return lastNumber
        }
    }

    fileprivate mutating func note(_ transition: CircuitBreaker.Transition?) {
        if isTold, let transition { news.append(transition) }
    }

    fileprivate mutating func beginTelling() -> Bool {
        guard !isTelling, !news.isEmpty else { return false }
        isTelling = true
        return true
    }

    fileprivate mutating func nextNews() -> CircuitBreaker.Transition? {
        guard news.isEmpty else { return news.removeFirst() }
        isTelling = false
        return nil
    }
}
