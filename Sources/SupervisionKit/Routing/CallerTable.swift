/// Which calls each caller has that have not been answered.
struct CallerTable: Sendable {
    private var clients = CallerList()
    private var workers = CallerList()

    func count(of caller: CallerID) -> Int {
        switch caller {
        case .client(let client): clients.count(client.index, client.life)
        case .worker(let worker): workers.count(worker.slot.index, worker.life)
        }
    }

    func call(_ callerCall: UInt64, of caller: CallerID) -> Int? {
        switch caller {
        case .client(let client): clients.call(callerCall, client.index, client.life)
        case .worker(let worker): workers.call(callerCall, worker.slot.index, worker.life)
        }
    }

    mutating func add(_ callerCall: UInt64, _ index: Int, of caller: CallerID) {
        switch caller {
        case .client(let client): clients.add(callerCall, index, client.index, client.life)
        case .worker(let worker): workers.add(callerCall, index, worker.slot.index, worker.life)
        }
    }

    mutating func remove(_ callerCall: UInt64, of caller: CallerID) {
        switch caller {
        case .client(let client): clients.remove(callerCall, client.index, client.life)
        case .worker(let worker): workers.remove(callerCall, worker.slot.index, worker.life)
        }
    }

    /// Forgets the caller; returns its calls in a fixed order.
    mutating func removeAll(of caller: CallerID) -> [Int] {
        switch caller {
        case .client(let client): clients.removeAll(client.index, client.life)
        case .worker(let worker): workers.removeAll(worker.slot.index, worker.life)
        }
    }
}

/// Callers of one kind, by place.
///
/// A place is taken again by another caller, so each use of one names the life that it means.
private struct CallerList: Sendable {
    private struct Record: Sendable {
        var life: UInt64
        var calls = CallIndex()
    }

    private var records: [Record] = []

    @inline(__always)
    private func has(_ place: Int, _ life: UInt64) -> Bool {
        place < records.count && records[place].life == life
    }

    func count(_ place: Int, _ life: UInt64) -> Int {
        has(place, life) ? records[place].calls.count : 0
    }

    func call(_ callerCall: UInt64, _ place: Int, _ life: UInt64) -> Int? {
        has(place, life) ? records[place].calls[callerCall] : nil
    }

    mutating func add(_ callerCall: UInt64, _ index: Int, _ place: Int, _ life: UInt64) {
        while place >= records.count { records.append(Record(life: life)) }
        if records[place].life != life { records[place] = Record(life: life) }
        records[place].calls.insert(index, as: callerCall)
    }

    mutating func remove(_ callerCall: UInt64, _ place: Int, _ life: UInt64) {
        guard has(place, life) else { return }
        records[place].calls.remove(callerCall)
    }

    mutating func removeAll(_ place: Int, _ life: UInt64) -> [Int] {
        guard has(place, life) else { return [] }
        let calls = records[place].calls.calls
        records[place].calls = CallIndex()
        return calls
    }
}

extension ClientID {
    fileprivate var life: UInt64 { UInt64(generation) }
}

extension WorkerID {
    fileprivate var life: UInt64 { incarnation.number }
}
