import Foundation

/// What /proc says of a process.
enum ProcessFigures {
    /// A line of its status in MiB: "VmRSS", "RssAnon".
    static func mebibytes(_ key: String, of pid: Int32) throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        for line in status.split(separator: "\n") where line.hasPrefix(key + ":") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count > 1, let kibibytes = Double(words[1]) { return kibibytes / 1024 }
        }
        throw Failure("/proc/\(pid)/status has no \(key)")
    }

    /// Processor time of all its threads, in nanoseconds.
    static func processorTime(of pid: Int32) throws -> Double {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
            .map {
                try String(contentsOfFile: "/proc/\(pid)/task/\($0)/schedstat", encoding: .utf8)
            }
            .compactMap { $0.split(separator: " ").first.flatMap { Double($0) } }
            .reduce(0, +)
    }
}
