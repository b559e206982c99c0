/// Which calls each client has that have not been answered.
struct ClientTable: Sendable {
    private struct Record: Sendable {
        var generation: UInt32
        /// Index in the call table by the client's own id of the call.
        var calls: [UInt64: Int]
    }

    private var records: [Record?] = []

    func count(of client: ClientID) -> Int {
        guard client.index < records.count, let record = records[client.index],
            record.generation == client.generation
        else { return 0 }
        return record.calls.count
    }

    func call(_ clientCall: UInt64, of client: ClientID) -> Int? {
        guard client.index < records.count, let record = records[client.index],
            record.generation == client.generation
        else { return nil }
        return record.calls[clientCall]
    }

    mutating func add(_ clientCall: UInt64, _ index: Int, of client: ClientID) {
        while client.index >= records.count { records.append(nil) }
        if records[client.index]?.generation != client.generation {
            records[client.index] = Record(generation: client.generation, calls: [:])
        }
        records[client.index]?.calls[clientCall] = index
    }

    mutating func remove(_ clientCall: UInt64, of client: ClientID) {
        guard client.index < records.count,
            records[client.index]?.generation == client.generation
        else { return }
        records[client.index]?.calls[clientCall] = nil
    }

    /// Forgets the client; returns its calls in a fixed order.
    mutating func removeAll(of client: ClientID) -> [Int] {
        guard client.index < records.count, let record = records[client.index],
            record.generation == client.generation
        else { return [] }
        records[client.index] = nil
        return record.calls.values.sorted()
    }
}
