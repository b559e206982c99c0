/// Numbers of bytes as people write them: `512MiB`, `8GiB`, `4096B`, and `0`.
enum ByteCountText {
    private static let units: [(name: String, shift: UInt64)] = [
        ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0),
    ]

    /// The number, or nil when the text is none or is beyond 2⁶³ bytes.
    static func parse(_ text: String) -> UInt64? {
        guard text != "0" else { return 0 }
        let digits = text.prefix { ("0"..."9").contains($0) }
        let name = text.dropFirst(digits.count)
        guard let unit = units.first(where: { $0.name == name }), let count = UInt64(digits),
            count <= UInt64(Int64.max) >> unit.shift
        else { return nil }
        return count << unit.shift
    }

    /// In the largest unit that divides it.
    static func format(_ count: UInt64) -> String {
        guard count != 0 else { return "0" }
        let unit = units.first { count % (1 << $0.shift) == 0 } ?? ("B", 0)
        return "\(count >> unit.shift)\(unit.name)"
    }
}
