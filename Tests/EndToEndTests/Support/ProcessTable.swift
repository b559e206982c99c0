import Glibc
import Testing

/// Processes as /proc shows them.
enum ProcessTable {
    /// Processes that run and have this entry in their environment.
    ///
    /// One that has ended and was not reaped has none any more.
    static func processes(withEnvironment entry: String) -> [Int32] {
        let wanted = Array(entry.utf8)
        return ((try? names(in: "/proc")) ?? []).compactMap(Int32.init).filter { pid in
            guard let environment = try? contents(of: "/proc/\(pid)/environ") else { return false }
            return environment.split(separator: 0).contains { $0.elementsEqual(wanted) }
        }
    }

    static func isAlive(_ pid: Int32) -> Bool {
        guard let stat = try? String(decoding: contents(of: "/proc/\(pid)/stat"), as: UTF8.self)
        else { return false }
        // Behind the name, which is in parentheses and may hold anything.
        let rest = stat.split(separator: ")").last?.split(separator: " ") ?? []
        return rest.first.map { $0 != "Z" && $0 != "X" } ?? false
    }

    /// Children of a process that have ended and were not reaped.
    static func zombies(of parent: Int32) throws -> [Int32] {
        var zombies: [Int32] = []
        for thread in try names(in: "/proc/\(parent)/task") {
            let text = try contents(of: "/proc/\(parent)/task/\(thread)/children")
            zombies += String(decoding: text, as: UTF8.self).split(separator: " ")
                .compactMap { Int32($0) }.filter { !isAlive($0) }
        }
        return zombies
    }

    static func environment(of pid: Int32) throws -> [String] {
        try contents(of: "/proc/\(pid)/environ").split(separator: 0)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// What is behind each descriptor of a process.
    static func descriptors(of pid: Int32) throws -> [Int32: String] {
        var result: [Int32: String] = [:]
        for name in try names(in: "/proc/\(pid)/fd") {
            guard let number = Int32(name) else { continue }
            result[number] = linkTarget("/proc/\(pid)/fd/\(name)")
        }
        return result
    }

    /// Shared memory that a process has open or mapped.
    static func sharedMemory(of pid: Int32) throws -> [String] {
        let open = try descriptors(of: pid).values.filter { $0.contains("memfd:") }
        let maps = try String(decoding: contents(of: "/proc/\(pid)/maps"), as: UTF8.self)
        return open + maps.split(separator: "\n").map(String.init).filter { $0.contains("memfd:") }
    }

    /// A field of /proc/PID/status, such as "SigBlk".
    static func statusField(_ name: String, of pid: Int32) throws -> String {
        let status = try String(decoding: contents(of: "/proc/\(pid)/status"), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
        return String(try #require(line.split(separator: "\t").last))
    }

    private static func linkTarget(_ path: String) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink(path, $0, bytes.count) } ?? 0
        }
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
