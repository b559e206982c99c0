public import SupervisionKit

/// Asks registered parts how they are, at intervals and on demand.
///
/// The core's `HealthProbe` judges: one answer below the policy's thresholds changes nothing, a
/// check that is late counts as failed, and what nobody has answered for is unknown, which is not
/// healthy. Checks run at once, one a part at most.
///
///     let monitor = HealthMonitor(policy: policies.health)
///     await monitor.register("graph/pagerank") { try await client.ping() ? .ok : .failed("…") }
///     async let probing: Void = monitor.run()
public actor HealthMonitor {
    /// An asynchronous check; one that throws has failed.
    public typealias Check = @Sendable () async throws -> ProbeResult

    private struct Part {
        var check: Check
        var policy: HealthPolicy
        var probe = HealthProbe()
        /// A later registration of the same name has another one.
        var life: Int
        var hasStarted = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    public let policy: HealthPolicy
    private let clock: any ResilienceClock
    private let onChange: (@Sendable (String, HealthStatus) -> Void)?
    private var random: SplitMix64
    private var parts: [String: Part] = [:]
    private var lastLife = 0
    /// Names that `run` has to look after; nil while it does not run.
    private var arrivals: AsyncStream<String>.Continuation?

    /// - Parameters:
    ///   - policy: for parts that bring none.
    ///   - clock: for intervals and timeouts.
    ///   - seed: of the jitter.
    ///   - onChange: told of each part's new status.
    public init(
        policy: HealthPolicy = HealthPolicy(),
        clock: some ResilienceClock = BootClock(),
        seed: UInt64 = .random(in: .min ... .max),
        onChange: (@Sendable (String, HealthStatus) -> Void)? = nil
    ) {
        self.policy = policy
        self.clock = clock
        self.onChange = onChange
        random = SplitMix64(seed: seed)
    }

    // MARK: - Parts

    /// Adds a part, or replaces it, with a clean sheet: it is unknown until it has answered.
    public func register(_ name: String, policy: HealthPolicy? = nil, check: @escaping Check) {
        unregister(name)
        lastLife += 1
        var part = Part(check: check, policy: policy ?? self.policy, life: lastLife)
        part.probe.started(policy: part.policy, at: clock.now, using: &random)
        parts[name] = part
        arrivals?.yield(name)
    }

    public func unregister(_ name: String) {
        guard let part = parts.removeValue(forKey: name) else { return }
        for waiter in part.waiters { waiter.resume() }
    }

    // MARK: - What is known

    /// nil for a name that is not registered.
    public func status(of name: String) -> HealthStatus? { parts[name]?.probe.status }

    public var statuses: [String: HealthStatus] { parts.mapValues(\.probe.status) }

    /// The worst part's, the first by name of several as bad; without parts unknown.
    public var aggregate: HealthStatus {
        HealthStatus.aggregate(parts.sorted { $0.key < $1.key }.map(\.value.probe.status))
    }

    /// Three facts for three questions.
    public var facts: HealthFacts {
        HealthFacts(
            isStarted: !parts.isEmpty && parts.values.allSatisfy(\.hasStarted),
            isReady: !parts.isEmpty && parts.values.allSatisfy(\.probe.status.serves),
            isLive: parts.values.allSatisfy { $0.probe.state != .condemned }
        )
    }

    // MARK: - Checks

    /// Checks a part now, or waits for the check that runs.
    ///
    /// A condemned part is not checked again until it is registered anew.
    ///
    /// - Returns: its status afterwards; nil for a name that is not registered.
    @discardableResult
    public func check(_ name: String) async -> HealthStatus? {
        guard let part = parts[name] else { return nil }
        switch parts[name]?.probe.probeNow(policy: part.policy, at: clock.now) {
        case .probe(let number): await perform(name, part, number)
        case .none?, .becameHealthy, .becameUnhealthy, .condemned, nil:
            guard parts[name]?.probe.numberInFlight != nil else { break }
            await ended(name)
        }
        return parts[name]?.probe.status
    }

    /// Checks all parts at once.
    @discardableResult
    public func checkAll() async -> [String: HealthStatus] {
        await withDiscardingTaskGroup { group in
            for name in parts.keys { group.addTask { _ = await self.check(name) } }
        }
        return statuses
    }

    /// Probes all parts at their intervals until the task is cancelled, later ones included.
    ///
    /// A second run takes over from the first, which returns.
    public func run() async {
        let (names, continuation) = AsyncStream.makeStream(of: String.self)
        arrivals?.finish()
        arrivals = continuation
        for name in parts.keys { continuation.yield(name) }
        await withDiscardingTaskGroup { group in
            for await name in names { group.addTask { await self.watch(name) } }
            group.cancelAll()
        }
    }

    // MARK: - Helpers

    private func watch(_ name: String) async {
        guard let life = parts[name]?.life else { return }
        while let part = parts[name], part.life == life, let due = part.probe.deadline {
            guard part.probe.numberInFlight == nil else {
                await ended(name)
                continue
            }
            guard (try? await clock.sleep(until: due)) != nil else { return }
            guard parts[name]?.life == life, parts[name]?.probe.numberInFlight == nil else {
                continue
            }
            let action = parts[name]?.probe.deadlinePassed(
                policy: part.policy,
                at: clock.now,
                using: &random
            )
            if case .probe(let number) = action { await perform(name, part, number) }
        }
    }

    /// Returns when the check that runs has ended, at the latest by its timeout.
    private func ended(_ name: String) async {
        await withCheckedContinuation { parts[name]?.waiters.append($0) }
    }

    /// Runs a check that the probe has sent, and takes in its answer.
    private func perform(_ name: String, _ part: Part, _ number: UInt32) async {
        guard let until = parts[name]?.probe.deadline else { return }
        let result: ProbeResult?
        do {
            result = try await Deadline(until).execute(clock: clock, part.check)
        } catch {
            // Who is cancelled has learnt nothing; what is late is the probe's own to judge.
            if Task.isCancelled {
                result = .busy
            } else {
                result = clock.now >= until ? nil : .failed("\(error)")
            }
        }
        guard parts[name]?.life == part.life, let before = parts[name]?.probe.status else { return }
        if let result {
            _ = parts[name]?.probe.answered(
                number: number,
                result,
                policy: part.policy,
                at: clock.now,
                using: &random
            )
        } else {
            _ = parts[name]?.probe.deadlinePassed(
                policy: part.policy,
                at: clock.now,
                using: &random
            )
        }
        finish(name, before)
    }

    private func finish(_ name: String, _ before: HealthStatus) {
        guard let status = parts[name]?.probe.status else { return }
        if status.serves { parts[name]?.hasStarted = true }
        let waiters = parts[name]?.waiters ?? []
        parts[name]?.waiters = []
        for waiter in waiters { waiter.resume() }
        if status != before { onChange?(name, status) }
    }
}

extension HealthStatus {
    fileprivate var serves: Bool {
        switch self {
        case .healthy, .degraded: true
        case .unknown, .unhealthy: false
        }
    }
}
