import Glibc
import KernelClient
import LinuxSystem
import SupervisionWire

/// Where `--out name=FILE` writes: an npy file, or the raw content of a `bytes` output.
///
/// Looked at before the call, so that a path that can't be written costs no computation. The file
/// takes its name only when it is complete: what was there before stays until then.
struct OutputFile {
    let name: String
    let path: String
    /// A device or a pipe is written to as it is.
    private let isSpecial: Bool

    /// Looks at whether `path` can be written; `-` is standard output.
    init(name: String, path: String) throws(CommandFailure) {
        self.name = name
        self.path = path
        guard path != "-" else {
            isSpecial = true
            guard isatty(STDOUT_FILENO) == 0 else {
                throw .usage(
                    "--out \(name)=-: standard output is a terminal; give a file or a pipe"
                )
            }
            return
        }
        guard !path.isEmpty else { throw .usage("--out \(name)= needs the name of a file") }
        var status = stat()
        let exists = stat(path, &status) == 0
        isSpecial = exists && status.st_mode & S_IFMT != S_IFREG
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard access(isSpecial ? path : directory, W_OK) == 0 else {
            throw .usage("can't write \(path): \(errnoDescription(errno))")
        }
        guard !exists || status.st_mode & S_IFMT != S_IFDIR else {
            throw .usage("can't write \(path): it is a directory")
        }
    }

    var isStandardOutput: Bool { path == "-" }

    func write(_ tensor: Tensor) throws(CommandFailure) {
        guard !isStandardOutput else {
            try put(tensor, to: STDOUT_FILENO)
            return
        }
        let target = isSpecial ? path : "\(path).\(getpid()).part"
        do throws(SystemError) {
            let file = try FileDescriptor.openFile(
                target,
                flags: O_WRONLY | (isSpecial ? 0 : O_CREAT | O_EXCL),
                mode: 0o666
            )
            try replace(with: file, target, tensor)
        } catch {
            throw failed(errnoDescription(error.errno))
        }
    }

    private func replace(
        with file: borrowing FileDescriptor,
        _ target: String,
        _ tensor: Tensor
    ) throws(SystemError) {
        do throws(CommandFailure) {
            try put(tensor, to: file.rawValue)
        } catch {
            let number = errno
            if !isSpecial { _ = unlink(target) }
            throw SystemError("write", errno: number, subject: target)
        }
        guard !isSpecial, rename(target, path) != 0 else { return }
        let number = errno
        _ = unlink(target)
        throw SystemError("rename", errno: number, subject: path)
    }

    private func failed(_ reason: String) -> CommandFailure {
        CommandFailure(
            status: .failed,
            message: "the call ended well, but \(path) can't be written: \(reason)"
        )
    }

    private func put(_ tensor: Tensor, to descriptor: Int32) throws(CommandFailure) {
        if tensor.type != .bytes {
            let header = NpyHeader(type: tensor.type, shape: tensor.shape).encoded()
            guard header.withUnsafeBytes({ writeAll($0, to: descriptor) }) else {
                throw failed(errnoDescription(errno))
            }
        }
        guard tensor.withBytes({ writeAll($0, to: descriptor) }) else {
            throw failed(errnoDescription(errno))
        }
    }
}

/// Writes all bytes; false with `errno` set when it can't.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        let count = write(descriptor, part.baseAddress, part.count)
        guard count >= 0 || errno == EINTR else { return false }
        rest = rest.dropFirst(max(0, count))
    }
    return true
}

/// Writes a text; where nobody reads it there is nobody to tell.
func emit(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
    _ = Array(text.utf8).withUnsafeBytes { writeAll($0, to: descriptor) }
}
