import ArgumentParser
import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire

/// `kernelsupctl call KERNEL name=VALUE… [--out name=FILE]`.
struct CallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Call a kernel and print what it gives.",
        discussion: """
            A value is a number, a JSON array (nested for more dimensions), @FILE in NumPy's \
            format (.npy), or - for such a file on standard input; an argument of type bytes \
            takes any file.
            """
    )

    @Argument(help: "The kernel, as in 'kernels'.", completion: .custom(KernelCompletion.names))
    var kernel: String

    @Argument(
        help: ArgumentHelp("The kernel's arguments.", valueName: "name=value"),
        completion: .custom(KernelCompletion.arguments)
    )
    var values: [String] = []

    @Option(
        help: ArgumentHelp(
            "Write this output to a file (.npy; bytes as they are), or to standard output with -.",
            valueName: "name=file"
        ),
        completion: .file()
    )
    var out: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long to wait: a number with us, ms, s, min or h.",
            discussion: "Default: what the daemon is configured to.",
            valueName: "span"
        )
    )
    var timeout: TimeSpan?

    @Option(help: "How to answer.")
    var format: OutputFormat = .text

    @Flag(help: "Running the call twice does no harm: it may be tried again after a crash.")
    var idempotent = false

    @Flag(help: "One attempt and no more.")
    var noRetry = false

    @Flag(help: "Call also with content that has killed workers, and do not count what follows.")
    var noKey = false

    @OptionGroup var options: GlobalOptions

    func run() throws {
        let given = try pairs(values, option: "")
        let outputs = try pairs(out, option: "--out ")
        let signature = try signature()
        try check(given.map(\.name), outputs.map(\.name), against: signature)
        let files = try outputs.map { try OutputFile(name: $0.name, path: $0.value) }
        guard files.count(where: \.isStandardOutput) <= 1 else {
            throw CommandFailure.usage("only one output can go to standard output")
        }
        let result = try result(of: given, outputs.map(\.name), signature)
        try write(result, files)
    }

    private func result(
        of given: [(name: String, value: String)],
        _ outputs: [String],
        _ signature: KernelDescription
    ) throws -> CallResult {
        var client = BlockingKernelClient(path: options.callsPath)
        let arguments = try tensors(given, signature)
        do throws(KernelCallError) {
            return try client.call(kernel, arguments, options: callOptions)
        } catch {
            // The call has woken a kernel that sleeps, and whose signature nobody knew before.
            guard error.code == .invalidArgument, signature.arguments.isEmpty,
                !given.contains(where: { isStandardInput($0.value) }),
                let known = try? describe(), !known.arguments.isEmpty
            else { throw report(error) }
            try check(given.map(\.name), outputs, against: known)
            let arguments = try tensors(given, known)
            do throws(KernelCallError) {
                return try client.call(kernel, arguments, options: callOptions)
            } catch {
                throw report(error)
            }
        }
    }

    private func tensors(
        _ given: [(name: String, value: String)],
        _ signature: KernelDescription
    ) throws -> [Tensor] {
        try given.map { pair in
            try ArgumentReader(
                signature: signature.arguments.first {
                    $0.name == pair.name && $0.direction == .input
                },
                name: pair.name
            ).tensor(pair.value)
        }
    }

    private var callOptions: CallOptions {
        var flags: CallFlags = []
        if idempotent { flags.insert(.idempotent) }
        if noRetry { flags.insert(.noRetry) }
        return CallOptions(
            timeout: timeout?.duration,
            flags: flags,
            trace: TraceID(high: .random(in: 1 ... .max), low: .random(in: 1 ... .max)),
            key: noKey ? .none : .ofContent
        )
    }

    // MARK: - Before the call

    /// As long as a worker may take to start by default.
    private static let startPatience = Duration.seconds(30)

    private func pairs(
        _ words: [String],
        option: String
    ) throws(CommandFailure) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        for word in words {
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
                throw .usage("'\(option)\(word)' is not name=\(option.isEmpty ? "value" : "file")")
            }
            let name = String(word[..<equals])
            guard !found.contains(where: { $0.name == name }) else {
                throw .usage("'\(option)\(name)' is given twice")
            }
            found.append((name, String(word[word.index(after: equals)...])))
        }
        let fromInput = found.filter { option.isEmpty && isStandardInput($0.value) }
        guard fromInput.count <= 1 else {
            throw .usage("only one argument can come from standard input")
        }
        return found
    }

    private func isStandardInput(_ value: String) -> Bool { value == "-" || value == "@-" }

    /// The kernel's signature.
    ///
    /// A built-in kernel has none before its first worker is ready. That is waited for, inside the
    /// call's own time, because without it no value can be given its type.
    private func signature() throws(CommandFailure) -> KernelDescription {
        let patience = timeout?.duration ?? Self.startPatience
        let deadline = Instant(nanoseconds: Clock.now()) + patience
        var found = try describe()
        var hasTold = false
        while found.arguments.isEmpty, found.state == .unknown,
            Instant(nanoseconds: Clock.now()) < deadline
        {
            if !hasTold { emit("kernelsupctl: note: \(kernel) is starting\n", to: STDERR_FILENO) }
            hasTold = true
            var pause = timespec(tv_sec: 0, tv_nsec: 50_000_000)
            nanosleep(&pause, nil)
            found = try describe()
        }
        return found
    }

    private func describe() throws(CommandFailure) -> KernelDescription {
        let kernels = try options.control(.text).kernels()
        guard let found = kernels.first(where: { $0.name == kernel }) else {
            throw .noSuchKernel(
                kernel,
                nearest: nearestNames(to: kernel, among: kernels.map(\.name))
            )
        }
        return found
    }

    /// All that is wrong with the names at once.
    private func check(
        _ inputs: [String],
        _ outputs: [String],
        against signature: KernelDescription
    ) throws(CommandFailure) {
        let problems = signatureProblems(signature, inputs: inputs, outputs: outputs)
        guard let first = problems.first else { return }
        throw .usage(
            first,
            problems.dropFirst() + ["signature: kernelsupctl kernels \(kernel)"]
        )
    }

    // MARK: - After the call

    private func write(_ result: CallResult, _ files: [OutputFile]) throws {
        var written: [String: String] = [:]
        for file in files {
            guard let tensor = result[file.name] else {
                throw CommandFailure(
                    status: .failed,
                    message: "the result has no output '\(file.name)'"
                )
            }
            try file.write(tensor)
            written[file.name] = file.path
        }
        let note = callNote(result)
        if !note.isEmpty { emit("kernelsupctl: note: \(note)\n", to: STDERR_FILENO) }
        // With an output on standard output, nothing else may be there.
        guard !files.contains(where: \.isStandardOutput) else { return }
        if format == .json {
            emit(try json(CallDocument(kernel: kernel, result: result, files: written)))
            return
        }
        for tensor in result.tensors {
            if let path = written[tensor.name] {
                emit("\(tensor.name) \(tensor.type.name)\(tensor.shape) written to \(path)\n")
            } else {
                emit(TensorText(tensor: tensor).text)
            }
        }
    }

    private func report(_ error: KernelCallError) -> CommandFailure {
        if format == .json, let text = try? json(CallErrorDocument(kernel: kernel, error: error)) {
            emit(text)
        }
        return CallFailureText(kernel: kernel, error: error, presentation: options.presentation)
            .failure
    }
}

/// What was unusual about a call that ended well; empty for nothing.
func callNote(_ result: CallResult) -> String {
    var notes: [String] = []
    if result.attempts > 1 { notes.append("it took \(result.attempts) attempts") }
    if result.isDegraded {
        let why = result.degradedWhy.withControlPictures ?? result.degradedWhy
        notes.append(why.isEmpty ? "degraded" : why)
    }
    return notes.joined(separator: "; ")
}

/// Names that the signature does not have, and required inputs that are not given, a sentence each.
///
/// A signature without arguments is one that is not known yet: then nothing can be said.
func signatureProblems(
    _ kernel: KernelDescription,
    inputs: [String],
    outputs: [String]
) -> [String] {
    guard !kernel.arguments.isEmpty else { return [] }
    let known = kernel.arguments.filter { $0.direction == .input }
    let results = kernel.arguments.filter { $0.direction == .output }.map(\.name)
    var problems: [String] = []
    for name in inputs where !known.contains(where: { $0.name == name }) {
        problems.append(
            "\(kernel.name) takes no argument '\(name)'"
                + suggestion(nearestNames(to: name, among: known.map(\.name)))
        )
    }
    for argument in known where argument.defaultValue == nil && !inputs.contains(argument.name) {
        problems.append("the argument '\(argument.name)' (\(typeText(argument))) is missing")
    }
    for name in outputs where !results.contains(name) {
        problems.append(
            "\(kernel.name) gives no output '\(name)'"
                + suggestion(nearestNames(to: name, among: results))
        )
    }
    return problems
}
