import Glibc
import Testing

@testable import LinuxSystem

/// Where the build put the exec helper: beside the program that runs the tests.
func helperPath() throws -> String {
    let program = linkTarget("/proc/self/exe")
    let slash = try #require(program.lastIndex(of: "/"))
    return program[..<slash] + "/kernelsup-exec"
}

/// A test waits for an event and never for a time.
///
/// This bound turns an event that does not come into a failure.
let patienceMilliseconds: Int32 = 30_000

/// Waits until the descriptor can be read or has ended.
///
/// The end can come a little after the last close in this process: a child that another test is
/// starting at this moment holds copies until it executes its program.
func waitUntilReadable(_ descriptor: Int32) throws {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var result: Int32
    repeat { result = poll(&entry, 1, patienceMilliseconds) } while result < 0
    try #require(result == 1, "descriptor \(descriptor) did not become readable")
}

/// Everything up to the end of the file.
func readToEnd(_ descriptor: borrowing FileDescriptor) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
        let part = try readPart(descriptor)
        if part.isEmpty { return bytes }
        bytes += part
    }
}

/// What comes next; empty at the end.
func readPart(_ descriptor: borrowing FileDescriptor) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        try waitUntilReadable(descriptor.rawValue)
        let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
        if let count { return Array(buffer.prefix(count)) }
    }
}

/// The whole of a file, such as one under /proc.
func readFile(_ path: String) throws -> String {
    let file = try FileDescriptor.openFile(path, flags: O_RDONLY)
    return String(decoding: try readToEnd(file), as: UTF8.self)
}

/// Writes all of it.
func write(_ text: String, to descriptor: borrowing FileDescriptor) throws {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = try rest.withUnsafeBytes { try descriptor.write($0) }
        rest = rest.dropFirst(count ?? 0)
    }
}

/// Where a symbolic link leads.
func linkTarget(_ path: String) -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.map { readlink(path, $0, bytes.count) } ?? 0
    }
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
}

/// The names in a directory, without "." and "..".
func names(in directory: String) throws -> Set<String> {
    let stream = try #require(opendir(directory))
    defer { closedir(stream) }
    var names: Set<String> = []
    while let entry = readdir(stream) {
        names.insert(
            withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
        )
    }
    return names.subtracting([".", ".."])
}

/// The descriptors of a process and what is behind each.
func descriptors(of pid: Int32) throws -> [Int32: String] {
    let directory = "/proc/\(pid)/fd"
    var result: [Int32: String] = [:]
    for name in try names(in: directory) {
        result[try #require(Int32(name))] = linkTarget("\(directory)/\(name)")
    }
    return result
}

/// The descriptors of this process that the module under test can have made.
///
/// Pipes, sockets, pidfds and memory, by what is behind them. The concurrency runtime and the test
/// library open files and event descriptors beside them in their own time.
func ownDescriptors() throws -> [String] {
    let kinds = ["pipe:", "socket:", "pidfd:", "anon_inode:[pidfd]", "/memfd:"]
    return try descriptors(of: getpid()).values
        .filter { name in kinds.contains { name.hasPrefix($0) } }
        .sorted()
}

/// A field of /proc/PID/status, such as "SigBlk".
func statusField(_ name: String, in status: String) throws -> String {
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
    let value = try #require(line.split(separator: "\t").last)
    return String(value)
}

/// A new directory that is removed with everything in it when the test ends.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/linuxsystem-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in (try? names(in: path)) ?? [] where unlink("\(path)/\(name)") != 0 {
            rmdir("\(path)/\(name)")
        }
        rmdir(path)
    }

    /// Makes a file with this content and exactly these rights.
    func makeFile(_ name: String, content: String = "", mode: UInt32) throws -> String {
        let file = try FileDescriptor.openFile(
            "\(path)/\(name)",
            flags: O_WRONLY | O_CREAT | O_EXCL
        )
        try write(content, to: file)
        try #require(fchmod(file.rawValue, mode) == 0)
        return "\(path)/\(name)"
    }
}
