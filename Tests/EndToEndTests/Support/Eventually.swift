import Glibc
import LinuxSystem
import SupervisionKit

/// What a test waited for did not come.
///
/// The bound turns a hang into a failure; nothing else depends on it.
struct NotInTime: Error, CustomStringConvertible {
    let what: String

    var description: String { "waited in vain: \(what)" }
}

/// How long a test waits for what must come.
let patience = Duration.seconds(60)

func now() -> Instant { Instant(nanoseconds: Clock.now()) }

/// Looks again and again until there is a value.
func eventually<Value>(
    _ what: @autoclosure () -> String,
    within limit: Duration = patience,
    _ look: () throws -> Value?
) throws -> Value {
    let end = now() + limit
    while true {
        if let value = try look() { return value }
        guard now() < end else { throw NotInTime(what: what()) }
        usleep(3000)
    }
}

/// Looks again and again until it is so.
func eventually(
    _ what: @autoclosure () -> String,
    within limit: Duration = patience,
    isTrue look: () throws -> Bool
) throws {
    let _: Bool = try eventually(what(), within: limit) { try look() ? true : nil }
}

/// Waits until the descriptor can be read or has ended; false when it takes too long.
func isReadable(_ descriptor: Int32, within limit: Duration = patience) -> Bool {
    let end = now() + limit
    while true {
        let left = end.since(now()).saturatedNanoseconds / 1_000_000
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let result = poll(&entry, 1, Int32(clamping: left))
        if result == 1 { return true }
        if result == 0 || now() >= end { return false }
    }
}
