import ControlProtocol
import Glibc
import SupervisionKit

/// How text is to look: the instant it speaks of, the reader's time zone, colour, width.
struct Presentation: Sendable {
    var now: Timestamp
    /// Seconds east of UTC at a point in time given in Unix seconds.
    var utcOffset: @Sendable (Int64) -> Int64
    var isColored = false
    var width = 80
    /// Where the daemon's sockets are, when the command line says so; advised commands say it too.
    var socketDirectory: String?

    enum Color: String {
        case red = "31"
        case yellow = "33"
        case green = "32"
        case bold = "1"
    }

    func colored(_ text: String, _ color: Color?) -> String {
        guard isColored, let color else { return text }
        return "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m"
    }

    /// A command that asks the same daemon, whole for a shell; one of another program as it is.
    func command(_ words: String) -> String {
        guard let socketDirectory, words.hasPrefix("kernelsupctl ") else { return words }
        return words + " --socket-directory \(shellWord(socketDirectory))"
    }

    /// Local time: `14:05:31` on the day of `now`, `2026-11-23 14:05` on another.
    func clock(_ time: Timestamp) -> String {
        let local = shifted(time).description
        let day = local.prefix(10)
        guard day != shifted(now).description.prefix(10) else {
            return String(local.dropFirst(11).prefix(8))
        }
        return "\(day) \(local.dropFirst(11).prefix(5))"
    }

    /// With milliseconds: `14:05:31.071`, on another day `2026-11-23 14:05:31.071`.
    func preciseClock(_ time: Timestamp) -> String {
        let local = shifted(time).description
        let clock = local.dropFirst(11).prefix(12)
        let isToday = local.prefix(10) == shifted(now).description.prefix(10)
        return isToday ? String(clock) : "\(local.prefix(10)) \(clock)"
    }

    /// `14:05:31 (in 18s)`.
    func due(_ next: NextAction) -> String {
        "\(clock(next.at)) (in \(spanText(.seconds(max(0, next.inSeconds)))))"
    }

    /// The same for what is so far ahead.
    func due(in span: Duration) -> String {
        let micros = span.saturatedNanoseconds / 1000
        let time = Timestamp(unixMicroseconds: now.unixMicroseconds + micros)
        return "\(clock(time)) (in \(spanText(span)))"
    }

    private func shifted(_ time: Timestamp) -> Timestamp {
        let seconds = time.unixMicroseconds / 1_000_000
        return Timestamp(
            unixMicroseconds: time.unixMicroseconds + utcOffset(seconds) * 1_000_000
        )
    }

    /// For this process: the wall clock, the zone of TZ or /etc/localtime.
    static func ofProcess(isColored: Bool) -> Presentation {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Presentation(
            now: Timestamp(
                unixMicroseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
            ),
            utcOffset: { seconds in
                var point = time_t(seconds)
                var parts = tm()
                guard localtime_r(&point, &parts) != nil else { return 0 }
                return Int64(parts.tm_gmtoff)
            },
            isColored: isColored
        )
    }
}

/// A span in its two largest units: `3d 4h`, `41s`, `0.6s`, `212ms`.
func spanText(_ span: Duration) -> String {
    let (whole, attoseconds) = span.components
    guard whole >= 10 else {
        let milliseconds = whole * 1000 + attoseconds / 1_000_000_000_000_000
        guard milliseconds >= 1000 else { return "\(milliseconds)ms" }
        let tenths = milliseconds / 100
        return tenths % 10 == 0 ? "\(tenths / 10)s" : "\(tenths / 10).\(tenths % 10)s"
    }
    let units: [(name: String, seconds: Int64)] = [
        ("d", 86400), ("h", 3600), ("min", 60), ("s", 1),
    ]
    for (index, unit) in units.enumerated() where whole >= unit.seconds {
        let first = "\(whole / unit.seconds)\(unit.name)"
        guard index + 1 < units.count else { return first }
        let rest = whole % unit.seconds / units[index + 1].seconds
        return rest == 0 ? first : "\(first) \(rest)\(units[index + 1].name)"
    }
    return "0s"
}

/// A word as a shell takes it, in quotes where it needs them.
func shellWord(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_./-:,@%+".utf8.contains(byte)
        }
    }
    guard !isPlain || word.isEmpty else { return word }
    return "'" + word.replacing("'", with: "'\\''") + "'"
}

/// Breaks a text at spaces into lines of at most `width` characters; a longer word stays whole.
func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        if line.isEmpty {
            line = String(word)
        } else if line.count + 1 + word.count <= width {
            line += " " + word
        } else {
            lines.append(line)
            line = String(word)
        }
    }
    return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
}

extension String {
    func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }

    func rightAligned(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }

    func trimmingTrailingSpaces() -> String {
        var result = self
        while result.last == " " { result.removeLast() }
        return result
    }
}
