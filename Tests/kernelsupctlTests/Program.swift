import Foundation

/// Runs the built program beside the test bundle.
enum Program {
    struct Outcome: Equatable {
        var status: Int32
        var output: String
        var errors: String
        var bytes: Data = Data()

        static func == (left: Outcome, right: Outcome) -> Bool {
            (left.status, left.output, left.errors) == (right.status, right.output, right.errors)
        }
    }

    /// Runs it with the sockets' directory in the environment, and waits for its end.
    static func run(
        _ arguments: [String],
        directory: String,
        input: Data = Data()
    ) throws -> Outcome {
        let process = Process()
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(fileURLWithPath: bundle)
            .deletingLastPathComponent().appendingPathComponent("kernelsupctl")
        process.arguments = arguments
        process.environment = [
            "KERNELSUPD_RUNTIME_DIR": directory, "TZ": "UTC", "PATH": "/usr/bin:/bin",
        ]
        let files = (0..<3).map { _ in
            FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        }
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        try input.write(to: files[0])
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        for file in files[1...] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        let output = try Data(contentsOf: files[1])
        return Outcome(
            status: process.terminationStatus,
            output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self),
            bytes: output
        )
    }

    /// The repository's root.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
