import ArgumentParser
import ControlProtocol

/// `kernelsupctl health`: a monitoring plugin as it stands.
struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Judge the service; usable as a monitoring plugin.",
        discussion: """
            Exit status: 0 healthy, 1 degraded, 2 critical, 3 can't tell, also when the daemon \
            does not answer or does not let this user in.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Judge this kernel, group or device alone.",
            valueName: "name"
        ),
        completion: .custom(KernelCompletion.names)
    )
    var component: String?

    @Option(help: "How to answer.")
    var format: OutputFormat = .text

    @OptionGroup var options: GlobalOptions

    func run() throws {
        let health: Health
        do throws(CommandFailure) {
            health = try options.control(format).health(component: component)
        } catch {
            // Only a question that is wrong in itself is no answer about the service.
            guard error.status != .noSuchName, error.status != .usage else { throw error }
            emit(
                format == .json
                    ? try json(UnknownHealth(problem: error.message))
                    : "UNKNOWN: \(error.message)\n"
            )
            throw ExitCode(CommandStatus.unknown.rawValue)
        }
        emit(
            format == .json
                ? try json(health)
                : HealthText(health: health, presentation: options.presentation).text
        )
        let status = exitStatus(of: health.status)
        if status != .done { throw ExitCode(status.rawValue) }
    }
}

func exitStatus(of health: HealthState) -> CommandStatus {
    switch health {
    case .healthy: .done
    case .degraded: .failed
    case .critical: .refused
    case .unknown: .unknown
    }
}

/// The document of a daemon that does not answer.
private struct UnknownHealth: Encodable {
    var format = DocumentFormat.current
    var status = HealthState.unknown
    var components: [Health.Component] = []
    var muted: [Health.Component] = []
    var totals = Health.Totals()
    var problem: String
}
