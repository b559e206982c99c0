import ArgumentParser

/// A span on the command line: a number and its unit, `250ms`, `2.5s`, `10min`, `1h`.
struct TimeSpan: ExpressibleByArgument, Hashable, Sendable {
    let duration: Duration

    private static let units: [(name: String, nanoseconds: Double)] = [
        ("us", 1e3), ("ms", 1e6), ("min", 60e9), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    init?(argument: String) {
        for unit in TimeSpan.units where argument.hasSuffix(unit.name) {
            let number = argument.dropLast(unit.name.count)
            guard number.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }),
                let value = Double(number), value > 0, value * unit.nanoseconds < 9e18
            else { continue }
            duration = .nanoseconds(Int64(value * unit.nanoseconds))
            guard duration > .zero else { return nil }
            return
        }
        return nil
    }
}
