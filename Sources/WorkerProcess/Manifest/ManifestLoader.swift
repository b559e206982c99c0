internal import Glibc
internal import KernelManifest
internal import LinuxSystem
internal import SupervisionWire
internal import WorkerKit

/// Reads the files that make a manifest kernel and builds it.
enum ManifestLoader {
    /// Bytes of an OpenCL source.
    static let maxSourceBytes = 4 << 20

    /// The kernel that a manifest file describes.
    ///
    /// A program that does not build, or does not fit its launches, gives a kernel that is
    /// declared with the problem and refuses its calls: the other kernels of the worker serve.
    ///
    /// - Throws: `.configuration` when the file can't be read or is wrong, with all of its errors;
    ///   starting again can't help.
    static func load(
        _ path: String,
        on device: ComputeDevice
    ) throws(StartFailure) -> any Kernel {
        let (manifest, program) = try manifest(path)
        let source = try text(program.sourcePath, limit: maxSourceBytes)
        do {
            return try ManifestKernel(manifest, program: program, source: source, on: device)
        } catch {
            let problem = (error as? StartFailure)?.message ?? "\(error)"
            return BrokenKernel(manifest.signature, problem: problem)
        }
    }

    /// Reads and checks a manifest whose kernel is a source.
    static func manifest(
        _ path: String
    ) throws(StartFailure) -> (KernelManifest, KernelManifest.Program) {
        let bytes = try bytes(path, limit: TOMLDocument.maxBytes)
        let diagnostics = Diagnostics()
        let manifest: KernelManifest?
        do throws(ConfigurationErrors) {
            let document = try TOMLDocument(parsing: bytes, path: path)
            // The policies in the same file are the daemon's to read: no `finish()` here.
            manifest = ManifestReader.read(
                document.reader(collecting: diagnostics),
                directory: directory(of: path)
            )
            try diagnostics.throwIfAny()
        } catch {
            throw .configuration(error.description)
        }
        guard let manifest else { throw .configuration("\(path) describes no kernel") }
        guard case .source(let program) = manifest.kind else {
            throw .configuration(
                "\(path): kernel \(manifest.name) has no `source`; this worker runs sources"
            )
        }
        return (manifest, program)
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func text(_ path: String, limit: Int) throws(StartFailure) -> String {
        let bytes = try bytes(path, limit: limit)
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw .configuration("\(path) is not a text in UTF-8")
        }
        return text
    }

    private static func bytes(_ path: String, limit: Int) throws(StartFailure) -> [UInt8] {
        do {
            let file = try FileDescriptor.openFile(path, flags: O_RDONLY | O_NONBLOCK)
            var bytes = [UInt8](repeating: 0, count: 64 * 1024)
            var filled = 0
            while true {
                let start = filled
                let count = try bytes.withUnsafeMutableBytes {
                    try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
                }
                guard let count, count > 0 else { break }
                filled += count
                guard filled <= limit else {
                    throw StartFailure.configuration("\(path) has more than \(limit) bytes")
                }
                if filled == bytes.count {
                    bytes.append(contentsOf: [UInt8](repeating: 0, count: bytes.count))
                }
            }
            return Array(bytes.prefix(filled))
        } catch let failure as StartFailure {
            throw failure
        } catch {
            throw .configuration("can't read \(path): \(error)")
        }
    }
}
