import Glibc
import Testing

@testable import LinuxSystem

@Suite struct `The report of a start` {
    private func record(_ words: [UInt32], _ subject: String = "") -> [UInt8] {
        words.flatMap { word in withUnsafeBytes(of: word) { Array($0) } } + Array(subject.utf8)
    }

    @Test func `is empty when the program runs`() {
        #expect(SpawnReport.decode([]) == nil)
    }

    @Test func `names stage, error and subject`() {
        #expect(
            SpawnReport.decode(record([1, 11, 2], "/usr/x"))
                == SpawnFailure(stage: .exec, errno: ENOENT, subject: "/usr/x")
        )
    }

    @Test func `is refused when it is no record`() {
        let cases: [([UInt8], String)] = [
            ([1], "1 bytes"),
            (record([1, 11]), "8 bytes"),
            (record([2, 11, 2]), "version 2"),
            (record([1, 99, 2]), "stage 99"),
            ([UInt8](repeating: 0, count: 1037), "1037 bytes"),
        ]
        for (bytes, subject) in cases {
            let expected = SpawnFailure(stage: .report, errno: 0, subject: subject)
            #expect(SpawnReport.decode(bytes) == expected)
        }
    }

    @Test func `has come only when the pipe has ended`() throws {
        let pipe = try Pipe.create()
        let reader = pipe.reader
        var report = SpawnReport()
        #expect(try report.read(from: reader) == nil)
        let bytes = record([1, 11, 2], "/x")
        try write(String(decoding: bytes.prefix(5), as: UTF8.self), to: pipe.writer)
        #expect(try report.read(from: reader) == nil)
        try write(String(decoding: bytes.dropFirst(5), as: UTF8.self), to: pipe.writer)
        #expect(try report.read(from: reader) == nil)
        try close(pipe.writer)
        try waitUntilReadable(reader.rawValue)
        let failure = SpawnFailure(stage: .exec, errno: ENOENT, subject: "/x")
        #expect(try report.read(from: reader) == .failed(failure))
    }

    @Test func `is not read without end`() throws {
        let pipe = try Pipe.create()
        try write(String(repeating: "x", count: 2000), to: pipe.writer)
        var report = SpawnReport()
        let failure = SpawnFailure(stage: .report, errno: 0, subject: "1037 bytes")
        #expect(try report.read(from: pipe.reader) == .failed(failure))
    }
}
