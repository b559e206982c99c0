import Foundation
import Glibc
import KernelClient

/// A release daemon with a configuration of its own in a temporary directory.
final class DaemonUnderTest {
    private let program: Program
    private let directory: String

    var pid: Int32 { program.pid }
    var socketPath: String { directory + "/run/calls.sock" }

    /// - Parameters:
    ///   - programs: the directory of the release programs.
    ///   - group: the one group, of one worker, that all kernels share.
    ///   - kernels: by name, the line of their manifests that says what serves them.
    /// - Throws: when the files can't be written or the daemon can't be started.
    init(programs: String, group: String, kernels: [String: String]) throws {
        directory = NSTemporaryDirectory() + "kernelsupd-bench.\(getpid()).\(group)"
        let files = FileManager.default
        for name in ["kernels.d", "run"] {
            try files.createDirectory(
                atPath: "\(directory)/\(name)",
                withIntermediateDirectories: true
            )
        }
        let configuration = """
            [daemon]
            runtime_directory = "\(directory)/run"
            cache_directory = "\(directory)/cache"

            [groups.\(group)]

            """
        try configuration.write(
            toFile: directory + "/kernelsupd.toml",
            atomically: false,
            encoding: .utf8
        )
        for (name, source) in kernels {
            let file = name.replacingOccurrences(of: "/", with: "-")
            try "group = \"\(group)\"\n\n[kernel]\nname = \"\(name)\"\n\(source)\n".write(
                toFile: "\(directory)/kernels.d/\(file).toml",
                atomically: false,
                encoding: .utf8
            )
        }
        let log = directory + "/log"
        guard files.createFile(atPath: log, contents: nil) else {
            throw Failure("\(log) can't be written")
        }
        program = try Program(
            programs + "/kernelsupd",
            ["--config", directory + "/kernelsupd.toml"],
            errors: FileHandle(forWritingAtPath: log)
        )
    }

    /// Waits until a call of this kernel is answered with its result.
    func waitUntilServing(_ kernel: String, _ arguments: [Tensor]) throws {
        var client = BlockingKernelClient(path: socketPath)
        let deadline = Date(timeIntervalSinceNow: 60)
        while true {
            do {
                _ = try client.call(kernel, arguments, options: CallOptions(timeout: .seconds(60)))
                return
            } catch {
                guard program.isRunning, Date() < deadline, error.code == .unreachable else {
                    throw Failure("\(kernel) is not served: \(error)\n\(log)")
                }
                usleep(20_000)
            }
        }
    }

    private var log: String {
        (try? String(contentsOfFile: directory + "/log", encoding: .utf8)) ?? ""
    }

    func stop() {
        program.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }
}
