import Foundation
import Testing

/// The codec, client and worker in Tests/python, which were written from docs/PROTOCOL.md alone.
///
/// Their own tests compare what they write with the page's hex dumps, and `ProtocolPageTests`
/// compares the dumps with what this package writes: so the two speak the same protocol.
struct PythonTests {
    @Test func `a codec written from the page writes and reads the page's frames`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3",
            ProtocolPage.root.appendingPathComponent("Tests/python/selftest.py").path,
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains("\nOK\n"), "\(text)")
    }
}
