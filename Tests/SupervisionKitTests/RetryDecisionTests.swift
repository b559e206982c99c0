import SupervisionKit
import Testing

@Suite("Whether a call is tried again")
struct RetryDecisionTests {
    static let now = Instant(nanoseconds: 1_000_000_000_000)

    static func makeFailure(
        _ fault: Fault = .crashed,
        attempt: Int = 1,
        isRepeatable: Bool = true,
        hasStarted: Bool = true,
        workersLost: Int = 0,
        deadline: Duration = .seconds(30),
        hint: Duration? = nil,
        needsWait: Bool = true,
        hasHadFreeTry: Bool = false
    ) -> FailedAttempt {
        FailedAttempt(
            fault: fault,
            attempt: attempt,
            isRepeatable: isRepeatable,
            hasStarted: hasStarted,
            workersLost: workersLost,
            deadline: now + deadline,
            hint: hint,
            needsWait: needsWait,
            hasHadFreeTry: hasHadFreeTry
        )
    }

    /// Without jitter, so that instants can be told.
    static func makePolicy() -> RetryPolicy {
        var policy = RetryPolicy()
        policy.backoff = .exponential
        return policy
    }

    /// The decision, and how much it drew from the budget.
    static func decide(
        _ failure: FailedAttempt,
        _ policy: RetryPolicy = makePolicy(),
        spent: Bool = false
    ) -> (decision: RetryDecision, drawn: Int) {
        var budget = RetryBudget()
        if spent { while budget.take(at: now, policy: policy) {} }
        let before = budget.available(at: now, policy: policy)
        var random = SplitMix64(seed: 1)
        let decision = policy.decide(failure, at: now, budget: &budget, using: &random)
        return (decision, before - budget.available(at: now, policy: policy))
    }

    static func retry(after wait: Duration, isFree: Bool = false) -> RetryDecision {
        .retry(at: now + wait, isFree: isFree)
    }

    // MARK: - When

    @Test func `a retry comes after the wait of its attempt and draws one from the budget`() {
        #expect(Self.decide(Self.makeFailure()) == (Self.retry(after: .milliseconds(100)), 1))
        let second = Self.makeFailure(attempt: 2)
        #expect(Self.decide(second) == (Self.retry(after: .milliseconds(200)), 1))
    }

    @Test func `a hint is a floor under the wait, and above the cap too`() {
        let short = Self.makeFailure(hint: .milliseconds(50))
        #expect(Self.decide(short) == (Self.retry(after: .milliseconds(100)), 1))
        let long = Self.makeFailure(hint: .seconds(20))
        #expect(Self.decide(long) == (Self.retry(after: .seconds(20)), 1))
        let negative = Self.makeFailure(hint: .seconds(-20), needsWait: false)
        #expect(Self.decide(negative) == (Self.retry(after: .zero), 1))
    }

    @Test func `another worker is tried at once`() {
        #expect(Self.decide(Self.makeFailure(needsWait: false)) == (Self.retry(after: .zero), 1))
    }

    @Test func `a retry at once draws no random number`() {
        var random = SplitMix64(seed: 1)
        var untouched = random
        var budget = RetryBudget()
        _ = RetryPolicy().decide(
            Self.makeFailure(needsWait: false),
            at: Self.now,
            budget: &budget,
            using: &random
        )
        #expect(random.next() == untouched.next())
    }

    // R03
    @Test(arguments: [
        (Duration.milliseconds(99), false), (.milliseconds(100), false), (.nanoseconds(1), false),
        (.zero, false), (.seconds(-1), false), (.nanoseconds(100_000_001), true),
    ])
    func `a retry that would start at the deadline or after it gives up`(
        left: Duration,
        isTried: Bool
    ) {
        let expected: (RetryDecision, Int) =
            isTried ? (Self.retry(after: .milliseconds(100)), 1) : (.giveUp(.deadline), 0)
        #expect(Self.decide(Self.makeFailure(deadline: left)) == expected)
    }

    @Test func `a hint past the deadline gives up, whatever its size`() {
        for hint in [Duration.seconds(30), .seconds(Int64.max)] {
            #expect(Self.decide(Self.makeFailure(hint: hint)) == (.giveUp(.deadline), 0))
        }
    }

    // MARK: - Free tries

    // R08
    @Test func `a try that never started is repeated once free of charge`() {
        var policy = Self.makePolicy()
        policy.maxAttempts = 1
        policy.retryableErrors = []
        let failure = Self.makeFailure(
            .failed,
            isRepeatable: false,
            hasStarted: false,
            needsWait: false
        )
        let free = (Self.retry(after: .zero, isFree: true), 0)
        #expect(Self.decide(failure, policy, spent: true) == free)
    }

    @Test func `the second try that never started is charged and still safe`() {
        let failure = Self.makeFailure(
            attempt: 2,
            isRepeatable: false,
            hasStarted: false,
            hasHadFreeTry: true
        )
        #expect(Self.decide(failure) == (Self.retry(after: .milliseconds(100)), 1))
        #expect(Self.decide(failure, spent: true) == (.giveUp(.budgetSpent), 0))
    }

    @Test func `a free try is not one of the attempts`() {
        let third = Self.makeFailure(attempt: 3, hasHadFreeTry: true)
        #expect(Self.decide(third) == (Self.retry(after: .milliseconds(200)), 1))
        let fourth = Self.makeFailure(attempt: 4, hasHadFreeTry: true)
        #expect(Self.decide(fourth) == (.giveUp(.attemptsSpent), 0))
    }

    @Test func `poison and the deadline stand against a free try too`() {
        let poison = Self.makeFailure(hasStarted: false, workersLost: 2)
        #expect(Self.decide(poison) == (.giveUp(.poison), 0))
        let late = Self.makeFailure(hasStarted: false, deadline: .zero, needsWait: false)
        #expect(Self.decide(late) == (.giveUp(.deadline), 0))
    }

    // R08
    @Test func `what started and is not idempotent is never tried again`() {
        for fault in Fault.allCases {
            var policy = Self.makePolicy()
            policy.retryableErrors = Set(ErrorClass.allCases)
            let failure = Self.makeFailure(fault, isRepeatable: false)
            #expect(Self.decide(failure, policy) == (.giveUp(.mayHaveRun), 0))
        }
    }

    // MARK: - Reasons

    @Test func `the second worker lost is the last`() {
        #expect(Self.decide(Self.makeFailure(workersLost: 1)).drawn == 1)
        #expect(Self.decide(Self.makeFailure(workersLost: 2)) == (.giveUp(.poison), 0))
        #expect(Self.decide(Self.makeFailure(workersLost: .max)) == (.giveUp(.poison), 0))
    }

    // R05
    @Test func `only faults of the retryable classes are tried again`() {
        let refused = Fault.allCases.filter {
            Self.decide(Self.makeFailure($0)) == (.giveUp(.notRetryable), 0)
        }
        #expect(refused == [.failed])
        for kind in ErrorClass.allCases {
            var policy = Self.makePolicy()
            policy.retryableErrors = [kind]
            for fault in Fault.allCases {
                let isRefused =
                    Self.decide(Self.makeFailure(fault), policy).decision == .giveUp(.notRetryable)
                #expect(isRefused == (fault.errorClass != kind))
            }
        }
    }

    // R07
    @Test(arguments: [(Int.min, 1), (-1, 1), (0, 1), (1, 1), (3, 3), (1_000_000_000, 50)])
    func `max attempts count the first try, and are at least one`(limit: Int, expected: Int) {
        var policy = Self.makePolicy()
        policy.maxAttempts = limit
        policy.budgetPerSecond = 100
        var tries = 1
        while tries < 50, Self.decide(Self.makeFailure(attempt: tries), policy).drawn == 1 {
            tries += 1
        }
        #expect(tries == expected)
    }

    @Test func `tries below one count as one`() {
        #expect(
            Self.decide(Self.makeFailure(attempt: .min, hasHadFreeTry: true))
                == (Self.retry(after: .milliseconds(100)), 1)
        )
    }

    /// All reasons with and without each other: the first in the documented order is given, no
    /// reason means a retry, and only a retry that is not free draws from the budget.
    @Test(arguments: [true, false], [true, false])
    func `of several reasons the first counts`(hasStarted: Bool, hasHadFreeTry: Bool) {
        for bits in 0..<(1 << RetryDecision.Reason.allCases.count) {
            let wanted = Set(
                RetryDecision.Reason.allCases.enumerated()
                    .filter { bits >> $0.offset & 1 == 1 }.map(\.element)
            )
            let failure = Self.makeFailure(
                wanted.contains(.notRetryable) ? .failed : .hung,
                attempt: wanted.contains(.attemptsSpent) ? 4 : 2,
                isRepeatable: !wanted.contains(.mayHaveRun),
                hasStarted: hasStarted,
                workersLost: wanted.contains(.poison) ? 2 : 0,
                deadline: wanted.contains(.deadline) ? .milliseconds(1) : .seconds(30),
                hasHadFreeTry: hasHadFreeTry
            )
            let isFree = !hasStarted && !hasHadFreeTry
            let first = RetryDecision.Reason.allCases.first { reason in
                guard wanted.contains(reason) else { return false }
                return switch reason {
                case .poison, .deadline: true
                case .mayHaveRun: hasStarted
                case .notRetryable, .attemptsSpent, .budgetSpent: !isFree
                }
            }
            let (decision, drawn) = Self.decide(failure, spent: wanted.contains(.budgetSpent))
            if let first {
                #expect((decision, drawn) == (.giveUp(first), 0), "\(wanted)")
            } else if case .retry(_, isFree) = decision {
                #expect(drawn == (isFree ? 0 : 1))
            } else {
                Issue.record("\(decision) with \(wanted)")
            }
        }
    }

    @Test func `the order of the reasons is the documented one`() {
        let names = RetryDecision.Reason.allCases.map(\.rawValue)
        #expect(
            names == [
                "poison", "not_retryable", "may_have_run", "attempts_spent", "deadline",
                "budget_spent",
            ]
        )
    }

    @Test func `a loop of failures ends`() {
        var policy = RetryPolicy()
        policy.maxAttempts = 1_000_000_000
        policy.budgetPerSecond = .infinity
        var budget = RetryBudget()
        var random = SplitMix64(seed: 6)
        var now = Self.now
        var failure = Self.makeFailure()
        while case .retry(let start, _) = policy.decide(
            failure,
            at: now,
            budget: &budget,
            using: &random
        ) {
            #expect(start > now && start < failure.deadline)
            now = start
            failure.attempt += 1
        }
        #expect(failure.attempt > 5 && failure.attempt < 100)
    }
}
