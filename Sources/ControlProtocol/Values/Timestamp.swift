/// A point in wall-clock time, written as RFC 3339 in UTC with microseconds:
/// `2026-11-24T14:05:31.000000Z`.
///
/// For people and logs only; nothing is ever decided by it. Years 1 to 9999; what lies outside is
/// clamped, so that a wild clock can't break a reply.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public let unixMicroseconds: Int64

    private static let earliest: Int64 = -62_135_596_800_000_000
    private static let latest: Int64 = 253_402_300_799_999_999

    public init(unixMicroseconds: Int64) {
        self.unixMicroseconds = min(max(unixMicroseconds, Timestamp.earliest), Timestamp.latest)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.unixMicroseconds < right.unixMicroseconds
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String {
        let day = floorDivide(unixMicroseconds, by: 86_400_000_000)
        let inDay = unixMicroseconds - day * 86_400_000_000
        let date = civilDate(daysSinceEpoch: day)
        let seconds = inDay / 1_000_000
        return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
            + "T" + padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2)
            + ":" + padded(seconds % 60, 2) + "." + padded(inDay % 1_000_000, 6) + "Z"
    }

    /// Reads the form that `description` writes, with 0 to 9 digits of fraction; nil for any other.
    ///
    /// Digits below the microsecond are dropped.
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard (20...30).contains(bytes.count), bytes.last == UInt8(ascii: "Z"),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]),
            let minute = number(bytes[14..<16]), let second = number(bytes[17..<19])
        else { return nil }
        let days = daysSinceEpoch(year: year, month: month, day: day)
        guard year >= 1, (1...12).contains(month), hour < 24, minute < 60, second < 60,
            civilDate(daysSinceEpoch: days) == CivilDate(year: year, month: month, day: day)
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            let digits = bytes[20..<bytes.count - 1]
            guard bytes[19] == UInt8(ascii: "."), !digits.isEmpty, number(digits) != nil
            else { return nil }
            let six = digits.prefix(6) + repeatElement(UInt8(ascii: "0"), count: 6)
            fraction = number(six.prefix(6)) ?? 0
        }
        let seconds = days * 86400 + hour * 3600 + minute * 60 + second
        self.init(unixMicroseconds: seconds * 1_000_000 + fraction)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is not an RFC 3339 time in UTC"
            )
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private struct CivilDate: Equatable {
    var year: Int64
    var month: Int64
    var day: Int64
}

/// Days to year, month and day in the proleptic Gregorian calendar.
///
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
private func civilDate(daysSinceEpoch days: Int64) -> CivilDate {
    let shifted = days + 719_468
    let era = floorDivide(shifted, by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return CivilDate(
        year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
        month: month,
        day: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    )
}

/// The inverse of `civilDate`.
///
/// Source: as above, `days_from_civil`.
private func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = floorDivide(shiftedYear, by: 400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func floorDivide(_ value: Int64, by divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The value of a run of at most nine ASCII digits; nil when there is anything else in it.
private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard digits.count <= 9 else { return nil }
    var value: Int64 = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    return value
}
