import Foundation

/// What a program that was run gave.
struct ProgramOutput: Equatable {
    var status: Int32
    var text: String
}

/// Runs a program and waits for its end; its standard output and error are one text.
func run(_ path: String, _ arguments: [String]) throws -> ProgramOutput {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return ProgramOutput(
        status: process.terminationStatus,
        text: String(decoding: bytes, as: UTF8.self)
    )
}

/// A built program of this package: it lies beside the bundle of the tests.
func builtProgram(_ name: String) -> String {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? own ?? "."
    return URL(filePath: bundle).deletingLastPathComponent().appending(path: name).path
}

/// A directory of the test's own that goes with the value.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "kernelsupd-tidy-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
    }
}
