import Glibc
import LinuxSystem
import Synchronization

/// A program that a test has started; it does not outlive the test.
final class RunningProcess: Sendable {
    private let handle: ProcessHandle
    private let end = Mutex<ExitReason?>(nil)

    var pid: Int32 { handle.pid }

    private init(_ handle: consuming ProcessHandle) {
        self.handle = handle
    }

    deinit {
        guard end.withLock({ $0 == nil }) else { return }
        try? handle.signal(SIGKILL)
        _ = isReadable(handle.rawDescriptor, within: .seconds(10))
        _ = try? handle.reap()
    }

    /// Starts a program with both outputs in files.
    static func start(
        _ executable: String,
        _ arguments: [String],
        environment: [String] = [],
        output: String,
        errors: String,
        controlGroup: String? = nil
    ) throws -> RunningProcess {
        let flags = O_WRONLY | O_CREAT | O_APPEND
        let outputFile = try FileDescriptor.openFile(output, flags: flags)
        let errorFile = try FileDescriptor.openFile(errors, flags: flags)
        let request = SpawnRequest(
            helperPath: BuildProducts.execHelper,
            executable: executable,
            arguments: arguments,
            environment: ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"] + environment,
            workingDirectory: "/",
            standardOutput: outputFile.rawValue,
            standardError: errorFile.rawValue,
            controlGroup: controlGroup
        )
        return try SpawnThread.shared.run {
            let spawned = try Spawn.start(request)
            let report = spawned.report
            let process = RunningProcess(spawned.process)
            var reader = SpawnReport()
            while true {
                guard isReadable(report.rawValue) else { throw NotInTime(what: executable) }
                switch try reader.read(from: report) {
                case .executed: return process
                case .failed(let failure): throw failure
                case nil: continue
                }
            }
        }
    }

    func signal(_ number: Int32) throws {
        try handle.signal(number)
    }

    /// Waits for the end.
    func wait(within limit: Duration = patience) throws -> ExitReason {
        if let reason = end.withLock({ $0 }) { return reason }
        guard isReadable(handle.rawDescriptor, within: limit), let reason = try handle.reap() else {
            throw NotInTime(what: "the end of process \(pid)")
        }
        end.withLock { $0 = reason }
        return reason
    }

    var isRunning: Bool {
        end.withLock { $0 == nil } && !isReadable(handle.rawDescriptor, within: .zero)
    }
}

/// What a program that ran to its end has left.
struct Finished: Equatable {
    var exit: ExitReason
    var output: String
    var errors: String

    /// The exit status; -1 for a signal.
    var status: Int32 {
        if case .exited(let status) = exit { status } else { -1 }
    }

    static func run(
        _ executable: String,
        _ arguments: [String],
        environment: [String] = []
    ) throws -> Finished {
        let directory = try TestDirectory()
        defer { directory.remove() }
        let process = try RunningProcess.start(
            executable,
            arguments,
            environment: environment,
            output: directory.path + "/output",
            errors: directory.path + "/errors"
        )
        return Finished(
            exit: try process.wait(),
            output: directory.text("output"),
            errors: directory.text("errors")
        )
    }
}
