import Glibc
import SupervisionWire

/// Reads the kernel part of a file of `kernels.d`.
///
/// Consumes `[kernel]`'s own keys, `[[input]]`, `[[output]]`, `[[buffer]]`, `[[local]]`, `[sizes]`,
/// `[[launch]]`, `[repeat]` and `[check]`, and nothing else: the policies in the same file, and
/// further keys of `[kernel]`, are read by others from the same `TableReader`, and who owns that
/// one calls `finish()`.
package struct ManifestReader {
    static let programTables = [
        "input", "output", "buffer", "local", "sizes", "launch", "repeat", "check",
    ]

    struct Form: Hashable {
        var type: ElementType
        var shape: [SizeExpression]
    }

    let reader: TableReader
    let directory: String
    var symbols = SymbolTable()
    /// Types and shapes of inputs with dimensions, for `copy_of`.
    var inputForms: [String: Form] = [:]
    /// Types and shapes of outputs and buffers, for flags and swaps.
    var memoryForms: [String: Form] = [:]
    /// A declaration could not be read: an unknown name may be the one that it meant, and is no
    /// error of its own.
    var hasBrokenDeclaration = false
    /// False when a launch could not be read.
    var hasAllLaunches = true

    /// Reads a manifest.
    ///
    /// - Parameters:
    ///   - reader: the whole file's.
    ///   - directory: where a relative `source` is looked for: the file's own directory.
    ///   - checksFiles: a source that can't be read is an error. False for judging a text alone.
    /// - Returns: nil when anything in the manifest is wrong; the errors are in the reader's
    ///   diagnostics.
    package static func read(
        _ reader: TableReader,
        directory: String,
        checksFiles: Bool = true
    ) -> KernelManifest? {
        let before = reader.diagnostics.count
        var manifestReader = ManifestReader(reader: reader, directory: directory)
        let manifest = manifestReader.manifest(checksFiles: checksFiles)
        return reader.diagnostics.count == before ? manifest : nil
    }

    private init(reader: TableReader, directory: String) {
        self.reader = reader
        self.directory = directory
    }

    private mutating func manifest(checksFiles: Bool) -> KernelManifest? {
        reader.require("kernel", "start with [kernel] and name = \"domain/name\"")
        guard let kernel = reader.table("kernel") else {
            ignoreProgram()
            return nil
        }
        let name = kernelName(kernel)
        let summary = kernel.string("summary", atMost: KernelManifest.Bounds.documentationBytes)
        let isIdempotent = kernel.boolean("idempotent")
        guard let kind = kind(kernel, checksFiles: checksFiles), let name else { return nil }
        return KernelManifest(
            name: name,
            summary: summary ?? "",
            isIdempotent: isIdempotent ?? ManifestReader.defaultIdempotence(of: kind),
            kind: kind
        )
    }

    private static func defaultIdempotence(of kind: KernelManifest.Kind) -> Bool? {
        switch kind {
        case .source: true
        case .builtin: nil
        case .command: false
        }
    }

    private func kernelName(_ kernel: TableReader) -> String? {
        kernel.require("name")
        guard let name = kernel.string("name") else { return nil }
        guard ManifestReader.isKernelName(name) else {
            kernel.error(
                at: kernel.span(of: "name"),
                "`\(name)` is not a kernel's name",
                hint: "wants domain/name, such as linear/saxpy",
                note: "two words of letters, digits, '-', '_' and '.', at most "
                    + "\(Limits.maxNameBytes) bytes"
            )
            return nil
        }
        return name
    }

    /// `domain/name`, each part starting with a letter or a digit.
    package static func isKernelName(_ name: String) -> Bool {
        let parts = name.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && name.utf8.count <= Limits.maxNameBytes
            && parts.allSatisfy { part in
                part.first?.isWordStart == true && part.allSatisfy(\.isWordPart)
            }
    }

    private mutating func kind(
        _ kernel: TableReader,
        checksFiles: Bool
    ) -> KernelManifest.Kind? {
        let sources = ["source", "builtin", "command"]
        let given = sources.filter { kernel.node($0) != nil }
        guard given.count == 1, let key = given.first else {
            let place = given.dropFirst().first.flatMap { kernel.keySpan(of: $0) } ?? kernel.span
            kernel.error(
                at: place,
                "[kernel] wants exactly one of `source`, `builtin` and `command`",
                note: given.isEmpty ? "none is given" : "given: \(given.joined(separator: ", "))"
            )
            ignoreProgram()
            return nil
        }
        switch key {
        case "source":
            return program(kernel, checksFiles: checksFiles).map { .source($0) }
        case "builtin":
            refuseProgram(kernel, because: "a built-in kernel")
            return kernel.string("builtin").map { .builtin($0) }
        default:
            refuseProgram(kernel, because: "a command")
            return command(kernel).map { .command($0) }
        }
    }

    private func command(_ kernel: TableReader) -> [String]? {
        guard let command = kernel.strings("command") else { return nil }
        guard let program = command.first, program.hasPrefix("/") else {
            kernel.error(
                at: kernel.span(of: "command"),
                "`command` wants the absolute path of a program first",
                hint: "such as [\"/usr/local/lib/worker\", \"--fast\"]"
            )
            return nil
        }
        return command
    }

    private mutating func program(
        _ kernel: TableReader,
        checksFiles: Bool
    ) -> KernelManifest.Program? {
        let source = sourcePath(kernel, checksFiles: checksFiles)
        let options = kernel.string("build_options") ?? ""
        let declared = declareInputs()
        let sizes = readSizes()
        let inputs = declared.compactMap { readInput($0) }
        let outputs = readOutputs()
        let buffers = readBuffers()
        let locals = readLocals()
        let (launches, repetition) = readLaunches()
        let check = readCheck(inputs: inputs, outputs: outputs, sizes: sizes)
        reportUnused()
        guard let source else { return nil }
        return KernelManifest.Program(
            sourcePath: source,
            buildOptions: options,
            inputs: inputs,
            outputs: outputs,
            buffers: buffers,
            locals: locals,
            sizes: sizes,
            launches: launches,
            repetition: repetition,
            check: check
        )
    }

    private func sourcePath(_ kernel: TableReader, checksFiles: Bool) -> String? {
        guard let source = kernel.string("source") else { return nil }
        guard !source.isEmpty else {
            kernel.error(at: kernel.span(of: "source"), "`source` wants the path of a .cl file")
            return nil
        }
        let path = source.hasPrefix("/") ? source : "\(directory)/\(source)"
        if checksFiles, access(path, R_OK) != 0 {
            kernel.error(
                at: kernel.span(of: "source"),
                "can't read the source \(path): \(String(cString: strerror(errno)))"
            )
        }
        return path
    }

    /// Marks the tables of a program as known where the kernel's own table is too broken to say
    /// whether they belong: one cause, one error.
    private func ignoreProgram() {
        for key in ManifestReader.programTables {
            _ = reader.node(key)
        }
        if let kernel = reader.table("kernel") {
            _ = kernel.node("build_options")
        }
    }

    private func refuseProgram(_ kernel: TableReader, because kind: String) {
        let given = ManifestReader.programTables.filter { reader.node($0) != nil }
        if let first = given.compactMap({ reader.keySpan(of: $0) }).min(by: {
            $0.position < $1.position
        }) {
            reader.error(
                at: first,
                "\(kind) declares its own arguments and launches",
                note: "only for kernels with `source`: \(given.joined(separator: ", "))"
            )
        }
        if kernel.node("build_options") != nil {
            kernel.error(
                at: kernel.keySpan(of: "build_options") ?? kernel.span,
                "`build_options` is for kernels with `source`"
            )
        }
    }
}

extension Unicode.Scalar {
    var isWordStart: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }

    var isWordPart: Bool {
        isWordStart || self == "-" || self == "_" || self == "."
    }

    var isIdentifierPart: Bool {
        isWordStart || self == "_"
    }
}

extension String {
    /// A name of C: letters, digits and underscores, no digit first.
    var isIdentifier: Bool {
        guard let first = unicodeScalars.first else { return false }
        return !("0"..."9").contains(first) && unicodeScalars.allSatisfy(\.isIdentifierPart)
    }
}
