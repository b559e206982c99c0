/// Which calls each caller has that have not been answered.
struct CallerTable: Sendable {
    private struct Record: Sendable {
        /// Of a client its generation, of a worker its incarnation.
        var life: UInt64
        /// Index in the call table by the caller's own id of the call.
        var calls: [UInt64: Int]
    }

    private var clients: [Record?] = []
    private var workers: [Record?] = []

    func count(of caller: CallerID) -> Int {
        switch caller {
        case .client: Self.count(of: caller, in: clients)
        case .worker: Self.count(of: caller, in: workers)
        }
    }

    func call(_ callerCall: UInt64, of caller: CallerID) -> Int? {
        switch caller {
        case .client: Self.call(callerCall, of: caller, in: clients)
        case .worker: Self.call(callerCall, of: caller, in: workers)
        }
    }

    mutating func add(_ callerCall: UInt64, _ index: Int, of caller: CallerID) {
        switch caller {
        case .client: Self.add(callerCall, index, of: caller, to: &clients)
        case .worker: Self.add(callerCall, index, of: caller, to: &workers)
        }
    }

    mutating func remove(_ callerCall: UInt64, of caller: CallerID) {
        switch caller {
        case .client: Self.remove(callerCall, of: caller, from: &clients)
        case .worker: Self.remove(callerCall, of: caller, from: &workers)
        }
    }

    /// Forgets the caller; returns its calls in a fixed order.
    mutating func removeAll(of caller: CallerID) -> [Int] {
        switch caller {
        case .client: Self.removeAll(of: caller, from: &clients)
        case .worker: Self.removeAll(of: caller, from: &workers)
        }
    }

    // Records are read in place: a copy counts references, and each call looks here four times.

    private static func has(_ caller: CallerID, in records: [Record?]) -> Bool {
        caller.place < records.count && records[caller.place]?.life == caller.life
    }

    private static func count(of caller: CallerID, in records: [Record?]) -> Int {
        has(caller, in: records) ? records[caller.place]?.calls.count ?? 0 : 0
    }

    private static func call(
        _ callerCall: UInt64,
        of caller: CallerID,
        in records: [Record?]
    ) -> Int? {
        has(caller, in: records) ? records[caller.place]?.calls[callerCall] : nil
    }

    private static func removeAll(of caller: CallerID, from records: inout [Record?]) -> [Int] {
        guard has(caller, in: records) else { return [] }
        let calls = records[caller.place]?.calls.values.sorted() ?? []
        records[caller.place] = nil
        return calls
    }

    private static func add(
        _ callerCall: UInt64,
        _ index: Int,
        of caller: CallerID,
        to records: inout [Record?]
    ) {
        while caller.place >= records.count { records.append(nil) }
        if records[caller.place]?.life != caller.life {
            records[caller.place] = Record(life: caller.life, calls: [:])
        }
        records[caller.place]?.calls[callerCall] = index
    }

    private static func remove(
        _ callerCall: UInt64,
        of caller: CallerID,
        from records: inout [Record?]
    ) {
        guard has(caller, in: records) else { return }
        records[caller.place]?.calls[callerCall] = nil
    }
}

extension CallerID {
    fileprivate var place: Int {
        switch self {
        case .client(let client): client.index
        case .worker(let worker): worker.slot.index
        }
    }

    fileprivate var life: UInt64 {
        switch self {
        case .client(let client): UInt64(client.generation)
        case .worker(let worker): worker.incarnation.number
        }
    }
}
