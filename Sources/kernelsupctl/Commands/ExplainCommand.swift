import ArgumentParser
import ControlProtocol

/// `kernelsupctl explain NAME`.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain a kernel, group or slot: why, what follows, what to do, its last words.",
        discussion: "The exit status is 0 when the question was answered; to judge is for 'health'."
    )

    @Argument(
        help: "A kernel or a group, or one of its slots such as core/echo/0.",
        completion: .custom(KernelCompletion.names)
    )
    var name: String

    @Option(help: "How to answer.")
    var format: OutputFormat = .text

    @OptionGroup var options: GlobalOptions

    func run() throws {
        let explanation = try options.control(format).explanation(of: name)
        emit(
            format == .json
                ? try json(explanation)
                : ExplanationText(explanation, options.presentation).text
        )
    }
}
