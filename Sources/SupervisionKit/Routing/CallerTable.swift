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
        record(of: caller)?.calls.count ?? 0
    }

    func call(_ callerCall: UInt64, of caller: CallerID) -> Int? {
        record(of: caller)?.calls[callerCall]
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
        guard let record = record(of: caller) else { return [] }
        switch caller {
        case .client: clients[caller.place] = nil
        case .worker: workers[caller.place] = nil
        }
        return record.calls.values.sorted()
    }

    private func record(of caller: CallerID) -> Record? {
        let records =
            switch caller {
            case .client: clients
            case .worker: workers
            }
        guard caller.place < records.count, let record = records[caller.place],
            record.life == caller.life
        else { return nil }
        return record
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
        guard caller.place < records.count, records[caller.place]?.life == caller.life else {
            return
        }
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
