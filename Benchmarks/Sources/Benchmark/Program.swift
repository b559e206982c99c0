import Foundation

/// A process that runs while this value lives.
final class Program {
    private let process = Process()

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// Starts it.
    ///
    /// - Parameters:
    ///   - path: of the program.
    ///   - arguments: behind its name.
    ///   - errors: where its standard error goes; this program's own without one.
    /// - Throws: when it can't be started.
    init(_ path: String, _ arguments: [String], errors: FileHandle? = nil) throws {
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        if let errors { process.standardError = errors }
        try process.run()
    }

    /// Asks it to end and waits until it has.
    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    /// Runs a program to its end and gives what it printed.
    static func output(of path: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        try process.run()
        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure("\(path) ended with status \(process.terminationStatus)")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
