/// The trials in flight of a half-open breaker, each with the end of its lease.
///
/// A trial is known by a number that no other trial has, and not by its place: one that is ended
/// twice then takes no other trial's place.
struct TrialLeases: Hashable, Sendable {
    private struct Lease: Hashable, Sendable {
        var number: UInt32 = 0
        var end = Instant.zero
    }

    /// More trials at once are never admitted.
    static let maxCount = 16

    private var leases = InlineArray<16, Lease>(repeating: Lease())
    private(set) var count = 0
    private var lastNumber: UInt32 = 0

    static func == (left: TrialLeases, right: TrialLeases) -> Bool {
        left.count == right.count && left.lastNumber == right.lastNumber
            && (0..<left.count).allSatisfy { left.leases[$0] == right.leases[$0] }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(lastNumber)
        for place in 0..<count { hasher.combine(leases[place]) }
    }

    /// When the first lease is over; nil without trials.
    var earliestEnd: Instant? {
        (0..<count).lazy.map { leases[$0].end }.min()
    }

    /// - Returns: the trial's number, never zero.
    mutating func begin(until end: Instant) -> UInt32 {
        precondition(count < Self.maxCount, "no place for a trial")
        lastNumber = lastNumber == .max ? 1 : lastNumber + 1
        leases[count] = Lease(number: lastNumber, end: end)
        count += 1
        return lastNumber
    }

    /// - Returns: whether it was in flight.
    mutating func end(_ number: UInt32) -> Bool {
        guard let place = (0..<count).first(where: { leases[$0].number == number }) else {
            return false
        }
        count -= 1
        leases[place] = leases[count]
        return true
    }

    mutating func removeAll() {
        count = 0
    }
}
