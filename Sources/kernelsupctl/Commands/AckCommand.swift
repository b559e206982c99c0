import ArgumentParser
import ControlProtocol

/// `kernelsupctl ack NAME`.
struct AckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ack",
        abstract: "Acknowledge the alert of a group that does not recover by itself.",
        discussion: """
            The alert goes when the group recovers, at once where it has. Health goes on as it is. \
            For root and the daemon's user; the exit status is 0 also when there was no alert.
            """
    )

    @Argument(
        help: "The group, or a kernel of it.",
        completion: .custom(KernelCompletion.names)
    )
    var name: String

    @Option(help: "How to answer.")
    var format: OutputFormat = .text

    @OptionGroup var options: GlobalOptions

    func run() throws {
        let answer = try options.control(format).acknowledge(component: name)
        emit(format == .json ? try json(AckDocument(answer)) : ackText(answer))
    }
}

/// Ends with a newline.
func ackText(_ answer: Acknowledgement) -> String {
    guard answer.acknowledged else {
        let reason = answer.alert == .acknowledged ? "its alert was before" : "it has no alert"
        return "nothing to acknowledge of \(answer.group): \(reason)\n"
    }
    let ladder = answer.recovery.map { ": \($0)" } ?? ", which has recovered"
    return "acknowledged the alert of \(answer.group)\(ladder)\n"
}

private struct AckDocument: Encodable {
    var format = DocumentFormat.current
    var group: String
    var acknowledged: Bool
    var alert: AlertState
    @OrNull var recovery: String?

    init(_ answer: Acknowledgement) {
        group = answer.group
        acknowledged = answer.acknowledged
        alert = answer.alert
        recovery = answer.recovery
    }
}
