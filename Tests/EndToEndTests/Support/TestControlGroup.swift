import Glibc
import LinuxSystem
import Testing

/// A control group for one daemon; it goes with the value, with all that is in it.
final class TestControlGroup: Sendable {
    let group: ControlGroup

    var path: String { group.path }

    init() throws {
        let parent = try #require(ControlGroup.ofThisProcess())
        group = parent.child("ksup-test-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        try group.create()
    }

    deinit {
        try? group.kill()
        for part in group.children + [group] {
            _ = try? eventually("\(part.path) is empty", within: .seconds(10)) {
                (try? part.remove()) != nil
            }
        }
    }

    /// Whether this machine lets a test make groups.
    static let isAvailable: Bool = {
        guard access("/run/systemd/system", F_OK) != 0, let made = try? TestControlGroup() else {
            return false
        }
        return made.group.canBeKilled
    }()
}
