/// Finds a kernel by the bytes of its name in a frame, without making a string.
///
/// Open addressing over FNV-1a. The names come from the configuration, not from peers, so nobody
/// can aim for collisions; a peer's name only ever costs one look-up.
struct KernelDirectory: Sendable {
    private var names: [[UInt8]] = []
    private var table: [Int32] = Array(repeating: -1, count: 16)

    func find(_ name: Span<UInt8>) -> KernelID? {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in name.indices {
            hash = (hash ^ UInt64(name[index])) &* 0x0000_0100_0000_01B3
        }
        var place = Int(truncatingIfNeeded: hash) & (table.count - 1)
        while table[place] >= 0 {
            let index = Int(table[place])
            if matches(names[index], name) { return KernelID(index: index) }
            place = (place + 1) & (table.count - 1)
        }
        return nil
    }

    /// Adds a name that is not there yet; ids count up from zero.
    mutating func add(_ name: String) {
        names.append(Array(name.utf8))
        if 2 * names.count > table.count { table = Array(repeating: -1, count: 2 * table.count) }
        rebuild()
    }

    private mutating func rebuild() {
        for place in table.indices { table[place] = -1 }
        for (index, name) in names.enumerated() {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in name { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            var place = Int(truncatingIfNeeded: hash) & (table.count - 1)
            while table[place] >= 0 { place = (place + 1) & (table.count - 1) }
            table[place] = Int32(index)
        }
    }

    private func matches(_ known: [UInt8], _ name: Span<UInt8>) -> Bool {
        guard known.count == name.count else { return false }
        for index in known.indices where known[index] != name[index] { return false }
        return true
    }
}
