internal import CLinux
internal import Glibc

/// Other processes, as /proc shows them.
///
/// A number names a process for certain only while this process is its parent and has not reaped
/// it; everything else here is for people.
public enum ProcessTable {
    /// Makes this process the parent of every descendant whose own parent ends.
    public static func adoptOrphans() throws(SystemError) {
        try retrying("prctl", "PR_SET_CHILD_SUBREAPER") { clinux_adopt_orphans() }
    }

    /// All children of this process, also those that have ended and wait to be reaped.
    public static func children() -> [Int32] {
        var children: [Int32] = []
        for thread in SystemFile.names(in: "/proc/self/task") {
            // A thread that has just ended has none.
            let bytes = try? SystemFile.bytes(of: "/proc/self/task/\(thread)/children")
            guard let bytes else { continue }
            var number: Int32 = 0
            for byte in bytes {
                if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                    number = number &* 10 &+ Int32(byte - UInt8(ascii: "0"))
                } else {
                    if number > 0 { children.append(number) }
                    number = 0
                }
            }
            if number > 0 { children.append(number) }
        }
        return children
    }

    /// Whether the process is on its way out, or has ended and waits to be reaped: it runs no more
    /// code of its program, and what /proc shows of its memory is gone or going.
    public static func isEnding(_ pid: Int32) -> Bool {
        guard let stat = try? SystemFile.text(of: "/proc/\(pid)/stat"),
            let close = stat.lastIndex(of: ")")
        else { return true }
        // Behind the name: state, parent, group, session, terminal, its group, flags; proc(5).
        let fields = stat[close...].dropFirst(2).split(separator: " ")
        return fields.count > 6 && (UInt32(fields[6]) ?? 0) & exiting != 0
    }

    /// PF_EXITING of the kernel's include/linux/sched.h.
    private static let exiting: UInt32 = 0x4

    /// The value of a variable in the environment that the process's program was started with.
    ///
    /// - Returns: nil without it, for a process that has ended, and for one that may not be read.
    public static func variable(_ name: String, of pid: Int32) -> String? {
        let prefix = Array("\(name)=".utf8)
        let environment = (try? SystemFile.bytes(of: "/proc/\(pid)/environ")) ?? []
        let entry = environment.split(separator: 0).first { $0.starts(with: prefix) }
        return entry.map { String(decoding: $0.dropFirst(prefix.count), as: UTF8.self) }
    }
}

/// What a process is doing, for people.
public struct ProcessSituation: Hashable, Sendable, CustomStringConvertible {
    /// Of its program.
    public var name: String
    /// "D" for one that no signal reaches; see proc(5).
    public var state: String
    /// The number of the session's first process.
    public var session: Int32
    /// The function of the kernel that it waits in; empty when it waits in none or may not be seen.
    public var waitChannel: String
    /// The kernel's functions that it is in, innermost first, separated by spaces; empty when it
    /// may not be seen.
    public var stack: String

    /// What is known of the process with this number now; nil when there is none.
    public init?(of pid: Int32) {
        guard let stat = try? SystemFile.text(of: "/proc/\(pid)/stat"),
            let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close
        else { return nil }
        // The name may hold anything, also parentheses and spaces.
        let fields = stat[close...].dropFirst(2).split(separator: " ")
        guard fields.count > 3 else { return nil }
        name = String(stat[open..<close].dropFirst())
        state = String(fields[0])
        session = Int32(fields[3]) ?? 0
        let channel = (try? SystemFile.text(of: "/proc/\(pid)/wchan")) ?? "0"
        waitChannel = channel == "0" ? "" : channel
        // "[<0>] do_wait+0x5c/0xb0" each.
        let frames = (try? SystemFile.text(of: "/proc/\(pid)/stack")) ?? ""
        stack = frames.split(separator: "\n").compactMap { line in
            line.split(separator: " ").last?.split(separator: "+").first.map(String.init)
        }.joined(separator: " ")
    }

    /// Why the process with this number can do nothing at present: "stopped by a signal".
    ///
    /// nil for one that runs, waits for what may come, or is gone.
    public static func hindrance(of pid: Int32) -> String? {
        guard let stat = try? SystemFile.text(of: "/proc/\(pid)/stat"),
            let close = stat.lastIndex(of: ")")
        else { return nil }
        switch stat[close...].dropFirst(2).first {
        case "T": return "stopped by a signal"
        case "t": return "stopped by a debugger"
        case "D":
            let channel = ProcessSituation(of: pid)?.waitChannel ?? ""
            return "uninterruptible in the operating system"
                + (channel.isEmpty ? "" : " in \(channel)")
        default: return nil
        }
    }

    /// Whether the process with this number has begun to end, whoever made it.
    ///
    /// False for one that is gone. One may end for seconds: all of its memory is taken back first.
    public static func isEnding(_ pid: Int32) -> Bool {
        guard let stat = try? SystemFile.text(of: "/proc/\(pid)/stat"),
            let close = stat.lastIndex(of: ")")
        else { return false }
        let fields = stat[close...].dropFirst(2).split(separator: " ")
        guard fields.count > 6, let flags = UInt32(fields[6]) else { return false }
        return flags & isExitingFlag != 0
    }

    /// PF_EXITING of the kernel's include/linux/sched.h, in the ninth field of proc(5)'s stat.
    private static let isExitingFlag: UInt32 = 0x4

    /// "sleep, in state D in nvidia_poll".
    public var description: String {
        "\(name), in state \(state)" + (waitChannel.isEmpty ? "" : " in \(waitChannel)")
    }
}
