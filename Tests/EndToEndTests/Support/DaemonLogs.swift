import Synchronization
import Testing

/// The logs of the daemons of each test, for those that fail.
enum DaemonLogs {
    private static let paths = Mutex<[Test.ID: [String]]>([:])

    static func add(_ path: String) {
        guard let test = Test.current?.id else { return }
        paths.withLock { $0[test, default: []].append(path) }
    }

    /// The ends of the logs of the running test's daemons.
    static var ofCurrentTest: [String] {
        guard let test = Test.current?.id else { return [] }
        let paths = paths.withLock { $0[test] ?? [] }
        return paths.compactMap { path in
            guard let bytes = try? contents(of: path) else { return nil }
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(60)
            return "log of the daemon in \(path):\n" + lines.joined(separator: "\n")
        }
    }
}

extension Trait where Self == IssueHandlingTrait {
    /// What fails is shown with what the daemon said.
    static var showsDaemonLog: Self {
        .compactMapIssues { issue in
            var issue = issue
            let logs = DaemonLogs.ofCurrentTest.map { Comment(rawValue: $0) }
            // A suite's trait looks at an issue once for the test and once for the suite.
            issue.comments += logs.filter { !issue.comments.contains($0) }
            return issue
        }
    }
}
