import ControlProtocol
import Glibc
import LinuxSystem
import Testing

/// A real daemon with real workers, in a directory of its own.
final class DaemonUnderTest: Sendable {
    let directory: TestDirectory
    let process: RunningProcess

    var callsPath: String { directory.path + "/run/calls.sock" }
    var controlPath: String { directory.path + "/run/control.sock" }
    var configurationPath: String { directory.path + "/kernelsupd.toml" }
    var log: String { directory.text("daemon.log") }
    /// Which all workers of this daemon have in their environment.
    var workerMark: String { "KSUP_TEST=\(directory.path)" }
    var pid: Int32 { process.pid }

    /// Writes the files and starts the daemon; it may not listen yet.
    ///
    /// Its output goes into `daemon.log` unless a path is given.
    init(_ configuration: DaemonConfiguration, outputInto path: String? = nil) throws {
        directory = try DaemonUnderTest.makeDirectory(configuration)
        process = try DaemonUnderTest.start(
            in: directory,
            log: path ?? "daemon.log",
            recording: configuration.recording,
            controlGroup: configuration.controlGroup,
            wrapper: configuration.wrapper
        )
        DaemonLogs.add(directory.path + "/daemon.log")
    }

    deinit {
        try? process.signal(SIGKILL)
        _ = try? process.wait(within: .seconds(10))
        directory.remove()
    }

    static func makeDirectory(_ configuration: DaemonConfiguration) throws -> TestDirectory {
        let directory = try TestDirectory()
        for name in ["run", "cache", "kernels.d"] { try directory.makeDirectory(name) }
        try write(configuration, to: directory)
        return directory
    }

    static func write(_ configuration: DaemonConfiguration, to directory: TestDirectory) throws {
        try directory.write("kernelsupd.toml", configuration.text(in: directory.path))
        for kernel in configuration.kernels {
            try directory.write("kernels.d/\(kernel.fileName)", kernel.text)
            for (name, content) in kernel.companions {
                try directory.write("kernels.d/\(name)", content)
            }
        }
    }

    /// Starts a daemon on the files of a directory; a second one too.
    ///
    /// Its output goes to `log`, a path or a name in that directory.
    static func start(
        in directory: TestDirectory,
        log: String,
        recording: String? = nil,
        controlGroup: String? = nil,
        wrapper: [String] = []
    ) throws -> RunningProcess {
        let log = log.hasPrefix("/") ? log : "\(directory.path)/\(log)"
        let record = recording.map { ["--record", "\(directory.path)/\($0)"] } ?? []
        let words = ["--config", "\(directory.path)/kernelsupd.toml"] + record
        let command = wrapper + [BuildProducts.daemon] + words
        return try RunningProcess.start(
            command[0],
            Array(command.dropFirst()),
            output: log,
            errors: log,
            controlGroup: controlGroup
        )
    }

    // MARK: - Ends

    /// SIGTERM, and the exit status.
    func stop() throws -> ExitReason {
        try process.signal(SIGTERM)
        return try process.wait()
    }

    /// Processes of workers that run.
    var workers: [Int32] { ProcessTable.processes(withEnvironment: workerMark) }

    func waitUntilNoWorkerLives() throws {
        try eventually("the end of all workers, still there: \(workers)") { workers.isEmpty }
    }

    var sockets: [String] {
        [callsPath, controlPath].filter { access($0, F_OK) == 0 }
    }

    // MARK: - Looking in

    private var descriptorCount: Int {
        get throws { try ProcessTable.descriptors(of: pid).count }
    }

    /// How many descriptors the daemon has when nothing is going on: the number that stays.
    ///
    /// A connection that a test has just closed may still be open on the daemon's side.
    func restingDescriptorCount() throws -> Int {
        var last = -1
        var sightings = 0
        return try eventually("a number of descriptors that stays") {
            let count = try descriptorCount
            sightings = count == last ? sightings + 1 : 0
            last = count
            return sightings == 50 ? count : nil
        }
    }

    /// How many descriptors the daemon had at each of so many looks.
    func descriptorCounts(atLeast looks: Int) throws -> [Int] {
        try (0..<looks).map { _ in
            usleep(1000)
            return try descriptorCount
        }
    }

    /// How often kernels of the fault worker ran.
    var runs: Int { directory.text("runs").utf8.count }
}

/// Runs a test with a daemon whose status is as wanted (ready, unless said otherwise), and ends the
/// daemon after it.
func withDaemon<Value>(
    _ configuration: DaemonConfiguration,
    outputInto path: String? = nil,
    until isReady: (Status) -> Bool = { $0.isReady },
    _ body: (DaemonUnderTest) throws -> Value
) throws -> Value {
    let daemon = try DaemonUnderTest(configuration, outputInto: path)
    // It would otherwise end with its last use in the test.
    defer { withExtendedLifetime(daemon) {} }
    do {
        try daemon.waitUntil("it is ready", isReady)
        return try body(daemon)
    } catch {
        throw FailedWithDaemon(error: error, log: daemon.log)
    }
}

/// What ended a test, with what the daemon said.
struct FailedWithDaemon: Error, CustomStringConvertible {
    let error: any Error
    let log: String

    var description: String {
        let lines = log.split(separator: "\n").suffix(60).joined(separator: "\n")
        return "\(error)\nlog of the daemon:\n\(lines)"
    }
}

/// As above, with kernels and the configuration of these tests.
func withDaemon<Value>(
    _ kernels: KernelFile...,
    body: (DaemonUnderTest) throws -> Value
) throws -> Value {
    try withDaemon(DaemonConfiguration(kernels), body)
}
