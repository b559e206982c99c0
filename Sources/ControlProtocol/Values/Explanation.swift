/// Why something is as it is, what follows, and what can be done: what `kernelsupctl explain`
/// prints.
public struct Explanation: Codable, Hashable, Sendable {
    /// What the name stands for.
    ///
    /// A kernel that has workers of its own and its group have one name: it is the kernel's.
    public enum Subject: String, Codable, Hashable, Sendable, CaseIterable {
        case kernel
        case group
        case slot
    }

    public var format = DocumentFormat.current
    public var name: String
    public var subject: Subject
    public var group: String
    /// Of the kernel that is worst off, as are `since`, the reason and `why`.
    public var state: KernelState
    public var since: Timestamp
    @OrNull public var reasonID: String?
    @OrNull public var reason: String?
    @OrNull public var why: String?
    /// What callers have of it, in a few words.
    public var consequence: String
    /// The values that led to this, with their origins.
    public var limits: [Limit]
    /// What the daemon does by itself, in this order; empty when it is done or can do nothing.
    public var next: [ExpectedAction]
    /// Commands that are right in this state.
    public var advice: [Advice]
    /// Of all kernels concerned, since `countedSince`.
    public var calls: Status.Calls
    public var countedSince: Timestamp
    /// Of each slot whose workers have written anything; the one that is to blame first.
    ///
    /// A slot has two where a worker has written something after the last one that ended did, in
    /// this order.
    public var saidLast: [LastWords]
    public var output: [OutputAccount]
    public var events: Events
    /// All that are concerned, worst first.
    public var kernels: [KernelStatus]

    enum CodingKeys: String, CodingKey {
        case format, name, subject, group, state, since, reason, why, consequence, limits, next
        case advice, calls, output, events, kernels
        case reasonID = "reason_id"
        case countedSince = "counted_since"
        case saidLast = "said_last"
    }

    public init(
        name: String,
        subject: Subject,
        group: String,
        kernels: [KernelStatus],
        state: KernelState,
        since: Timestamp,
        reasonID: String? = nil,
        reason: String? = nil,
        why: String? = nil,
        consequence: String,
        limits: [Limit] = [],
        next: [ExpectedAction] = [],
        advice: [Advice] = [],
        calls: Status.Calls,
        countedSince: Timestamp,
        saidLast: [LastWords] = [],
        output: [OutputAccount] = [],
        events: Events
    ) {
        self.name = name
        self.subject = subject
        self.group = group
        self.kernels = kernels
        self.state = state
        self.since = since
        self.reasonID = reasonID
        self.reason = reason
        self.why = why
        self.consequence = consequence
        self.limits = limits
        self.next = next
        self.advice = advice
        self.calls = calls
        self.countedSince = countedSince
        self.saidLast = saidLast
        self.output = output
        self.events = events
    }
}
