internal import SupervisionKit

/// Connections by an id whose index is used again and whose generation never is.
struct ConnectionTable<Connection: AnyObject> {
    private var places: [Connection?] = []
    private var generations: [UInt32] = []
    private var free: [Int] = []

    var count: Int { places.count - free.count }

    subscript(id: ClientID) -> Connection? {
        guard id.index < places.count, generations[id.index] == id.generation else { return nil }
        return places[id.index]
    }

    /// The id that the next `insert` takes.
    var nextID: ClientID {
        guard let index = free.last else { return ClientID(index: places.count, generation: 0) }
        return ClientID(index: index, generation: generations[index])
    }

    mutating func insert(_ connection: Connection) {
        if let index = free.popLast() {
            places[index] = connection
        } else {
            places.append(connection)
            generations.append(0)
        }
    }

    mutating func remove(_ id: ClientID) {
        guard self[id] != nil else { return }
        places[id.index] = nil
        generations[id.index] &+= 1
        free.append(id.index)
    }
}
