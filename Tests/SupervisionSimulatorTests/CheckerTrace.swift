internal import SupervisionKit
internal import SupervisionSimulator

/// A story that is made up, and what a checker says to it.
struct CheckerTrace {
    static let start = Instant(nanoseconds: 1_000_000_000)

    static let client = CallerID.client(ClientID(index: 0, generation: 0))
    static let worker = WorkerID(slot: SlotID(index: 0), incarnation: Incarnation(number: 1))
    static let successor = WorkerID(slot: SlotID(index: 0), incarnation: Incarnation(number: 2))

    private var moments: [(Duration, Fact)] = []

    /// A call with five seconds left, unless told.
    static func call(
        by caller: CallerID = client,
        _ change: (inout SentCall) -> Void = { _ in }
    ) -> SentCall {
        var call = SentCall(caller: caller, kernel: "ash/one", deadline: start + .seconds(5))
        change(&call)
        return call
    }

    mutating func add(_ fact: Fact, after time: Duration = .zero) {
        moments.append((time, fact))
    }

    mutating func add(_ fact: CallFact, after time: Duration = .zero) {
        add(.call(fact), after: time)
    }

    mutating func add(_ fact: WorkerFact, after time: Duration = .zero) {
        add(.worker(fact), after: time)
    }

    mutating func endTurn(after time: Duration = .zero) {
        add(.core(.turnEnded(isConsistent: true)), after: time)
    }

    /// The first complaint.
    func judge(by checker: any Checker.Type) -> String? {
        var checker = checker.init()
        for (time, fact) in moments {
            if let complaint = checker.observe(fact, at: Self.start + time) { return complaint }
        }
        return nil
    }
}

extension CheckerTrace {
    /// The facts one after another, at the start.
    init(_ facts: [Fact]) {
        for fact in facts { add(fact) }
    }
}
