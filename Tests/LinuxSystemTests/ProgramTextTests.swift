import LinuxSystem
import Testing

@Suite("The program's text")
struct ProgramTextTests {
    @Test func `is given back, and comes again where it is used`() async {
        await #expect(processExitsWith: .success) {
            let before = try residentPages("RssFile:")
            ProgramText.release()
            try #require(try residentPages("RssFile:") < before / 2)
        }
    }
}

@Suite("The heap")
struct HeapTests {
    @Test func `gives back what nothing is left in`() async {
        await #expect(processExitsWith: .success) {
            // Too small for a mapping each, and one stays at the top.
            let blocks = (0..<100_000).map { _ in
                UnsafeMutableRawPointer.allocate(byteCount: 1024, alignment: 8)
            }
            for block in blocks { block.storeBytes(of: 1, as: UInt8.self) }
            for block in blocks.dropLast() { block.deallocate() }
            let before = try residentPages("RssAnon:")
            Heap.trim()
            try #require(try residentPages("RssAnon:") < before - 50_000)
        }
    }
}

/// KiB of this kind that this process has in memory.
private func residentPages(_ kind: String) throws -> Int {
    let status = try SystemFile.text(of: "/proc/self/status")
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(kind) })
    return try #require(line.split(separator: " ").compactMap { Int($0) }.first)
}
