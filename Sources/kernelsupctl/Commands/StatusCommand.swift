import ArgumentParser
import ControlProtocol

/// `kernelsupctl status [KERNEL]`.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract:
            "Show the state that acts: the daemon, its kernels, what is wrong and what is next.",
        discussion: "The exit status is 0 when the question was answered; to judge is for 'health'."
    )

    @Argument(
        help: "Show this kernel alone, with its slots.",
        completion: .custom(KernelCompletion.names)
    )
    var kernel: String?

    @Option(help: "How to answer.")
    var format: OutputFormat = .text

    @OptionGroup var options: GlobalOptions

    func run() throws {
        let status = try options.control(format).status()
        guard let kernel else {
            emit(
                format == .json
                    ? try json(status)
                    : StatusText(status: status, presentation: options.presentation).text
            )
            return
        }
        let one = try status.kernel(kernel)
        emit(
            format == .json
                ? try json(KernelStatusDocument(kernel: one))
                : KernelStatusText(kernel: one, presentation: options.presentation).text
        )
    }
}

private struct KernelStatusDocument: Encodable {
    var format = DocumentFormat.current
    var kernel: KernelStatus
}

/// One line of JSON.
func json(_ value: some Encodable) throws -> String {
    String(decoding: try ControlCoding.encode(value), as: UTF8.self) + "\n"
}
