/// Durations as people write them: `250ms`, `30s`, `1.5s`, `5min`, `1h`, `2d`, and `0`.
package enum DurationText {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("min", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ]

    /// Words that people use for a unit, for the correction only.
    private static let aliases: [String: String] = [
        "sec": "s", "secs": "s", "second": "s", "seconds": "s", "": "s",
        "m": "min", "mins": "min", "minute": "min", "minutes": "min",
        "hour": "h", "hours": "h", "hr": "h", "day": "d", "days": "d",
        "msec": "ms", "millis": "ms", "usec": "us", "µs": "us", "nsec": "ns",
    ]

    /// The duration, or nil when the text is none, is finer than a nanosecond, or is longer than
    /// 2⁶³ nanoseconds (292 years).
    package static func parse(_ text: String) -> Duration? {
        guard text != "0" else { return .zero }
        guard let (number, name) = split(text),
            let unit = units.first(where: { $0.name == name })
        else { return nil }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ (1...18).contains($0.utf8.count) }),
            let whole = Int128(parts[0]), let fraction = parts.count == 2 ? Int128(parts[1]) : 0
        else { return nil }
        var scale: Int128 = 1
        for _ in 0..<(parts.count == 2 ? parts[1].utf8.count : 0) { scale *= 10 }
        // At most 10¹⁸ each for number and scale and 10¹⁴ for the unit: far below 2¹²⁷.
        let scaled = fraction * Int128(unit.nanoseconds)
        guard scaled % scale == 0,
            let total = Int64(exactly: whole * Int128(unit.nanoseconds) + scaled / scale)
        else { return nil }
        return .nanoseconds(total)
    }

    /// In the largest unit that divides it: `90s` and not `1.5min`.
    package static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (total, overflowSum) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !overflow, !overflowSum else { return "\(seconds)s" }
        guard total != 0 else { return "0" }
        for unit in units where total % unit.nanoseconds == 0 {
            return "\(total / unit.nanoseconds)\(unit.name)"
        }
        return "\(total)ns"
    }

    /// What a text that is almost a duration probably means.
    static func correction(of text: String) -> String? {
        guard let (number, name) = split(text) else { return nil }
        let plain = name.drop { $0 == " " }.lowercased()
        let unit = units.contains { $0.name == plain } ? plain : aliases[plain]
        guard let unit, parse(number + unit) != nil else { return nil }
        return number + unit
    }

    /// Digits and points in front, the rest behind.
    private static func split(_ text: String) -> (number: String, unit: String)? {
        let number = text.unicodeScalars.prefix { ("0"..."9").contains($0) || $0 == "." }
        guard !number.isEmpty else { return nil }
        return (String(number), String(text.unicodeScalars.dropFirst(number.count)))
    }
}
