import Glibc
import LinuxSystem
import Testing

/// A new directory; `remove` takes it away with everything in it.
struct TestDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/ksup-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func write(_ name: String, _ content: String, mode: mode_t = 0o644) throws {
        try write(name, bytes: Array(content.utf8), mode: mode)
    }

    func write(_ name: String, bytes: [UInt8], mode: mode_t = 0o644) throws {
        // A daemon that reads the directory meanwhile must not see half a file.
        let place = "\(path)/\(name)"
        let draft = place + ".draft"
        let file = try FileDescriptor.openFile(draft, flags: O_WRONLY | O_CREAT | O_TRUNC)
        var written = 0
        while written < bytes.count {
            written += try bytes[written...].withUnsafeBytes { try file.write($0) } ?? 0
        }
        try #require(fchmod(file.rawValue, mode) == 0)
        try #require(rename(draft, place) == 0)
    }

    func makeDirectory(_ name: String) throws {
        try #require(mkdir("\(path)/\(name)", 0o755) == 0)
    }

    func delete(_ name: String) {
        unlink("\(path)/\(name)")
    }

    func deleteDirectory(_ name: String) {
        rmdir("\(path)/\(name)")
    }

    func text(_ name: String) -> String {
        (try? String(decoding: contents(of: "\(path)/\(name)"), as: UTF8.self)) ?? ""
    }

    func remove() {
        removeTree(path)
    }
}

private func removeTree(_ path: String) {
    for name in (try? names(in: path)) ?? [] {
        let child = "\(path)/\(name)"
        if unlink(child) != 0 { removeTree(child) }
    }
    rmdir(path)
}

/// The names in a directory, without "." and "..".
func names(in directory: String) throws -> [String] {
    guard let stream = opendir(directory) else {
        throw SystemError("opendir", errno: errno, subject: directory)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// The whole of a file, such as one under /proc.
func contents(of path: String) throws -> [UInt8] {
    let file = try FileDescriptor.openFile(path, flags: O_RDONLY)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) } ?? 0
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}
