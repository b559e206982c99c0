internal import SupervisionKit

/// Policies within what a person might write, with the odd extreme.
extension GroupConfiguration {
    static func drawn(_ name: String, using random: inout SplitMix64) -> GroupConfiguration {
        var group = GroupConfiguration(name: name, launchFingerprint: 1)
        group.replicas = random.one(of: [(4, 1), (3, 2), (2, 3)], or: 1)
        group.maxEjected = Double(random.number(0...4)) / 4
        // From a copy: what is drawn after it stays as it was.
        var own = random
        group.standbys = own.one(of: [(6, 0), (2, 1), (1, 2)], or: 0)
        group.lifecycle.start = own.one(of: [(4, .eager), (1, .onDemand)], or: .eager)
        group.lifecycle.idleStop = own.milliseconds(1000...30_000)
        group.drawPolicies(using: &random)
        return group
    }

    mutating func drawPolicies(using random: inout SplitMix64) {
        lifecycle.startTimeout = random.milliseconds(1000...30_000)
        lifecycle.stopTimeout = random.milliseconds(200...5000)
        lifecycle.killTimeout = random.milliseconds(100...2000)
        recovery.maxRestarts = random.number(0...5)
        recovery.window = random.milliseconds(2000...60_000)
        recovery.restartDelay = random.chance(75) ? .zero : random.milliseconds(1...500)
        recovery.initialBackoff = random.milliseconds(10...500)
        recovery.maxRestartDelay = random.milliseconds(500...30_000)
        recovery.stableAfter = random.milliseconds(2000...300_000)
        recovery.retryQuarantined = recovery.window + random.milliseconds(0...60_000)
        recovery.maxQuarantine = recovery.retryQuarantined * random.number(1...4)
        recovery.permanentExitCodes = random.chance(20) ? [3] : []
        health.interval = random.milliseconds(2000...20_000)
        health.timeout = random.milliseconds(500...5000)
        health.failureThreshold = random.number(1...3)
        health.successThreshold = random.number(1...2)
    }
}

extension KernelConfiguration {
    static func drawn(
        _ name: String,
        in group: String,
        using random: inout SplitMix64
    ) -> KernelConfiguration {
        var kernel = KernelConfiguration(name: name, group: group)
        kernel.isIdempotent = random.one(of: [(2, nil), (1, true), (1, false)], or: nil)
        kernel.drawPolicies(using: &random)
        // From a copy: what is drawn after it stays as it was.
        var own = random
        if own.chance(25) { kernel.degraded = "degraded~" + name }
        if own.chance(25) { kernel.backup = "backup~" + name }
        return kernel
    }

    mutating func drawPolicies(using random: inout SplitMix64) {
        timeout.defaultTimeout = random.milliseconds(500...30_000)
        timeout.maxTimeout = random.milliseconds(2000...120_000)
        timeout.cancelTimeout = random.milliseconds(100...2000)
        timeout.includeQueueTime = random.chance(80)
        timeout.propagateDeadline = random.chance(80)
        bulkhead.maxQueued = random.one(of: [(1, 0), (3, 4), (3, 16), (2, 64)], or: 16)
        drawRetry(using: &random)
        drawBreaker(using: &random)
    }

    private mutating func drawRetry(using random: inout SplitMix64) {
        retry.maxAttempts = random.number(1...4)
        retry.backoff = Backoff.allCases.randomElement(using: &random) ?? .fixed
        retry.initial = random.milliseconds(1...500)
        retry.max = random.milliseconds(100...10_000)
        retry.multiplier = Double(random.number(2...6)) / 2
        retry.retryableErrors = Set(ErrorClass.allCases.filter { _ in random.chance(70) })
        retry.budgetRatio = Double(random.number(0...5)) / 5
        retry.budgetPerSecond = Double(random.number(0...5))
    }

    private mutating func drawBreaker(using random: inout SplitMix64) {
        breaker.failureThreshold = random.number(1...5)
        breaker.successThreshold = random.number(1...3)
        breaker.timeout = random.milliseconds(1000...30_000)
        breaker.maxTimeout = breaker.timeout * random.number(1...4)
        breaker.window = random.milliseconds(1000...10_000)
        breaker.failureRate = random.chance(70) ? Double(random.number(1...10)) / 10 : nil
        breaker.minimumCalls = random.number(2...20)
        breaker.slowCallDuration = random.chance(30) ? random.milliseconds(50...2000) : nil
        breaker.slowRate = random.chance(70) ? Double(random.number(3...10)) / 10 : nil
        breaker.halfOpenMax = random.number(1...4)
        breaker.override = random.one(
            of: [(20, .none), (1, .observe), (1, .forcedClosed)],
            or: .none
        )
    }
}
