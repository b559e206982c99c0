extension CircuitBreaker {
    /// Whether calls pass; every state brings its own time.
    public enum State: Hashable, Sendable {
        /// All pass.
        case closed(since: Instant)
        /// None passes; trials may from `until` on.
        case open(since: Instant, until: Instant)
        /// A few pass as trials.
        case halfOpen(since: Instant)

        public var since: Instant {
            switch self {
            case .closed(let since), .open(let since, _), .halfOpen(let since): since
            }
        }

        /// The name in text and JSON output.
        public var name: String {
            switch self {
            case .closed: "closed"
            case .open: "open"
            case .halfOpen: "half_open"
            }
        }
    }

    /// What one attempt holds between admission and settlement.
    ///
    /// It counts only for the generation of the breaker that gave it.
    public struct Permit: Hashable, Sendable {
        public let admittedAt: Instant
        /// The window's bucket in which the attempt counts as slow; zero when it is in none.
        var slowBucket: UInt64 = 0
        let generation: UInt32
        /// The trial's number; zero when it is none.
        var trial: UInt32 = 0

        public var isTrial: Bool { trial != 0 }
        public var isCountedSlow: Bool { slowBucket != 0 }
    }

    public enum Admission: Hashable, Sendable {
        /// Settle the permit, whatever becomes of the attempt.
        case admitted(Permit)
        /// There is nothing to settle.
        case refused(Refusal)
    }

    /// Why a call does not pass, and when it is worth asking again.
    public struct Refusal: Hashable, Sendable {
        public enum Reason: Hashable, Sendable {
            case open
            /// Half-open, and all trials that may be in flight are.
            case trialsInFlight
            /// By a person's word.
            case forcedOpen
        }

        public var reason: Reason
        /// Until the open time or the first trial's lease is over; where a person holds the
        /// breaker open nobody knows, and it is the policy's `timeout`.
        public var retryAfter: Duration
    }

    /// A change of state, and why.
    public enum Transition: Hashable, Sendable {
        case opened(OpeningCause, until: Instant)
        case halfOpened
        case closed
    }

    public enum OpeningCause: Hashable, Sendable {
        /// So many attempts in a row.
        case consecutiveFaults(Int)
        /// This share of the window's attempts.
        case failureRate(Double)
        /// This share of the window's attempts.
        case slowRate(Double)
        case trialFailed(Fault)
        /// The trial took longer than `slowCallDuration`, and a rate of slow calls opens.
        case trialSlow
        /// The trial did not end within its lease.
        case trialLeaseOver

        /// The worker answers, but late.
        public var isSlowness: Bool {
            switch self {
            case .slowRate, .trialSlow: true
            case .consecutiveFaults, .failureRate, .trialFailed, .trialLeaseOver: false
            }
        }

        /// For people, after the breaker's name and "opened:".
        public var phrase: String {
            switch self {
            case .consecutiveFaults(1): "an attempt failed"
            case .consecutiveFaults(let count): "\(count) attempts in a row failed"
            case .failureRate(let rate): "\(Self.percent(rate)) of the attempts failed"
            case .slowRate(let rate): "\(Self.percent(rate)) of the attempts were slow"
            case .trialFailed(let fault): "the trial failed (\(fault.rawValue))"
            case .trialSlow: "the trial was slow"
            case .trialLeaseOver: "the trial did not end in time"
            }
        }

        private static func percent(_ rate: Double) -> String {
            "\(Int((min(max(rate, 0), 1) * 100).rounded())) %"
        }
    }
}
