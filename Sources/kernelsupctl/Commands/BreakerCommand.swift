import ArgumentParser
import ControlProtocol

/// `kernelsupctl breaker KERNEL [--set WORD]`.
struct BreakerCommand: ParsableCommand {
    /// What can be said of a breaker, in the words that a breaker's states have.
    enum Word: String, ExpressibleByArgument, CaseIterable {
        case open
        case closed
        case observe
        case auto

        /// nil for what the configuration says.
        var override: BreakerStatus.Override? {
            switch self {
            case .open: .forcedOpen
            case .closed: .forcedClosed
            case .observe: .observe
            case .auto: nil
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "breaker",
        abstract: "Show a kernel's circuit breakers, or hold them open or closed.",
        discussion: """
            What is set holds until it is set again, also over a restart of the daemon. To set is \
            for root and the daemon's user; the exit status is 0 also when it was set so already.
            """
    )

    @Argument(help: "The kernel, as in 'kernels'.", completion: .custom(KernelCompletion.names))
    var kernel: String

    @Option(
        help: ArgumentHelp(
            "Refuse every call (open), let every call pass (closed), let it pass and count what "
                + "would have been refused (observe), or do as configured (auto).",
            valueName: "word"
        )
    )
    var set: Word?

    @Option(help: "How to answer.")
    var format: OutputFormat = .text

    @OptionGroup var options: GlobalOptions

    func run() throws {
        let status = try look()
        emit(
            format == .json
                ? try json(BreakerDocument(status))
                : BreakerText(kernel: status, presentation: options.presentation).text
        )
    }

    private func look() throws(CommandFailure) -> KernelStatus {
        let control = options.control(format)
        if let set { return try control.setBreaker(kernel: kernel, to: set.override) }
        return try control.status().kernel(kernel)
    }
}

private struct BreakerDocument: Encodable {
    var format = DocumentFormat.current
    var kernel: String
    var breakers: [BreakerStatus]
    @OrNull var refusedByBreaker: Int?
    @OrNull var retriesLeft: Int?

    enum CodingKeys: String, CodingKey {
        case format, kernel, breakers
        case refusedByBreaker = "refused_by_breaker"
        case retriesLeft = "retries_left"
    }

    init(_ status: KernelStatus) {
        kernel = status.name
        breakers = status.resilience.breakers
        refusedByBreaker = status.resilience.refusedByBreaker
        retriesLeft = status.resilience.retriesLeft
    }
}

extension Status {
    /// The kernel of that name.
    func kernel(_ name: String) throws(CommandFailure) -> KernelStatus {
        guard let kernel = kernels.first(where: { $0.name == name }) else {
            throw .noSuchKernel(name, nearest: nearestNames(to: name, among: kernels.map(\.name)))
        }
        return kernel
    }
}
