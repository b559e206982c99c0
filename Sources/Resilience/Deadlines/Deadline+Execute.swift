public import SupervisionKit

extension Deadline {
    /// The deadline of the work that the current task does; `none` outside of `execute`.
    ///
    /// Child tasks inherit it, and so does a `Task { }` begun within.
    @TaskLocal public static var current = Deadline.none

    /// Runs `body` until this deadline, or the task's own if that is earlier.
    ///
    /// At the deadline `body` is cancelled and the caller gets its error at that instant. A body
    /// that takes no notice is left behind: it runs on without anybody who waits for it, and what
    /// it returns is dropped. When the caller's own task is cancelled, `body` is cancelled and
    /// waited for, as everywhere in structured concurrency, at longest until the deadline.
    ///
    /// - Parameters:
    ///   - clock: tells when the deadline has come.
    ///   - body: runs with this deadline as `Deadline.current`.
    /// - Returns: what `body` returns in time.
    /// - Throws: `DeadlineExceeded`, at once and without a run of `body` when it has passed;
    ///   else what `body` throws.
    public func execute<Value: Sendable>(
        clock: some ResilienceClock = BootClock(),
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let deadline = min(self, Deadline.current)
        guard !deadline.isExpired(at: clock.now) else {
            throw DeadlineExceeded(deadline, hasStarted: false)
        }
        return try await Deadline.$current.withValue(deadline) {
            guard deadline != .none else { return try await body() }
            let race = Race<Value>()
            return try await race.run(body, until: deadline, clock)
        }
    }
}

extension TimeoutPolicy {
    /// The deadline of a call that comes at `now`.
    ///
    /// - Parameters:
    ///   - timeout: what the caller asks for; nil takes `defaultTimeout`.
    ///   - parent: the deadline of the work that makes the call; ignored where
    ///     `propagateDeadline` is off.
    ///   - now: when the call comes.
    /// - Returns: never later than `maxTimeout` from `now` on.
    public func deadline(
        timeout: Duration? = nil,
        parent: Deadline = .current,
        at now: Instant
    ) -> Deadline {
        let longest = Deadline(after: maxTimeout, from: now)
        let own = longest.child(timeout: timeout ?? defaultTimeout, at: now)
        return propagateDeadline ? min(parent, own) : own
    }
}
