import Glibc
import LinuxSystem
import SupervisionKit
import Testing

@testable import kernelsupd

/// The log goes into descriptors that take nothing, take little, or are gone.
struct LogWriterTests {
    private let record = LogRecord(.info, .workerOutput, String(repeating: "x", count: 500))

    /// Everything that is in a pipe.
    private func drain(_ reader: borrowing FileDescriptor) throws -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while let count = try buffer.withUnsafeMutableBytes({ try reader.read(into: $0) }),
            count > 0
        {
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// What the log itself says; a short note may find room where a record did not.
    private func lost(in text: String) -> Int {
        text.split(separator: "\n").filter { $0.contains(" LOST=") }
            .compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }.reduce(0, +)
    }

    @Test func `a pipe that nobody reads costs records, which the log speaks of later`() throws {
        let pipe = try Pipe.create()
        var log = LogWriter(descriptor: pipe.writer.rawValue)
        let taken = (0..<1000).count { _ in log.write(record) }
        #expect((1..<1000).contains(taken))
        var text = try drain(pipe.reader)
        #expect(text.split(separator: "\n").count { $0.utf8.count == 503 } == taken)
        let isTaken = log.write(LogRecord(.notice, .ready, "again"))
        #expect(isTaken)
        text += try drain(pipe.reader)
        #expect(text.hasSuffix("\n<5>again\n"))
        #expect(text.contains(" log records were lost: nobody read them LOST="))
        #expect(lost(in: text) == 1000 - taken)
        #expect(log.lost == 0)
    }

    @Test func `a socket that nobody reads does the same`() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let reader = FileDescriptor(owning: ends[0])
        let writer = FileDescriptor(owning: ends[1])
        try reader.setNonblocking()
        var log = LogWriter(descriptor: writer.rawValue)
        let taken = (0..<5000).count { _ in log.write(record) }
        #expect((1..<5000).contains(taken))
        var text = try drain(reader)
        log.sayLost()
        text += try drain(reader)
        #expect(lost(in: text) == 5000 - taken)
    }

    @Test func `a full disk costs records, and says so`() throws {
        let full = try FileDescriptor.openFile("/dev/full", flags: O_WRONLY)
        var log = LogWriter(descriptor: full.rawValue)
        let taken = (0..<2).count { _ in log.write(record) }
        #expect(taken == 0)
        #expect(log.lost == 2)
    }

    @Test func `the descriptor itself stays as its other users have it`() throws {
        let pipe = try Pipe.create()
        _ = LogWriter(descriptor: pipe.writer.rawValue)
        let flags = try #require(fileFlags(pipe.writer.rawValue))
        #expect(!flags.contains("04000"))
    }

    /// The flags of an open file in octal, by the kernel's own word.
    private func fileFlags(_ descriptor: Int32) -> String? {
        guard let file = fopen("/proc/self/fdinfo/\(descriptor)", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
            if text.hasPrefix("flags:") { return text }
        }
        return nil
    }

    @Test func `a record is one line and steers no terminal`() throws {
        let pipe = try Pipe.create()
        var log = LogWriter(descriptor: pipe.writer.rawValue)
        log.write(LogRecord(.error, .daemonFault, "one\ntwo\u{1B}[31m", [.init("K", "v")]))
        log.write(LogRecord(.error, .daemonFault, String(repeating: "€", count: 3000)))
        let lines = try drain(pipe.reader).split(separator: "\n").map(String.init)
        let longest = "<3>" + String(repeating: "€", count: 1332)
        #expect(lines == ["<3>one\u{21B5}two␛[31m K=v", longest])
    }
}
