import ArgumentParser
import ControlProtocol

/// `kernelsupctl kernels [NAME]`.
struct KernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "List what can be called, with signature and documentation."
    )

    @Argument(
        help: "Show this kernel alone, with all that its signature says.",
        completion: .custom(KernelCompletion.names)
    )
    var name: String?

    @Option(help: "How to answer.")
    var format: OutputFormat = .text

    @OptionGroup var options: GlobalOptions

    func run() throws {
        let all = try options.control(format).kernels()
        guard let name else {
            emit(
                format == .json
                    ? try json(KernelsDocument(kernels: all))
                    : KernelsText(kernels: all, presentation: options.presentation).text
            )
            if all.isEmpty, format == .text { emit("no kernels are configured\n") }
            return
        }
        guard let kernel = all.first(where: { $0.name == name }) else {
            throw CommandFailure.noSuchKernel(
                name,
                nearest: nearestNames(to: name, among: all.map(\.name))
            )
        }
        emit(
            format == .json
                ? try json(KernelsDocument(kernels: [kernel]))
                : KernelText(kernel: kernel, presentation: options.presentation).text
        )
    }
}

private struct KernelsDocument: Encodable {
    var format = DocumentFormat.current
    var kernels: [Kernel]
}
