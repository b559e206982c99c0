import LinuxSystem
import Testing

@Suite("The program's text")
struct ProgramTextTests {
    @Test func `is given back, and comes again where it is used`() async {
        await #expect(processExitsWith: .success) {
            let before = try residentFilePages()
            ProgramText.release()
            try #require(try residentFilePages() < before / 2)
        }
    }
}

/// KiB of files that this process has in memory.
private func residentFilePages() throws -> Int {
    let status = try SystemFile.text(of: "/proc/self/status")
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
    return try #require(line.split(separator: " ").compactMap { Int($0) }.first)
}
