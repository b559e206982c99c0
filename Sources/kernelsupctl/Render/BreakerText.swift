import ControlProtocol

/// Breakers in words: those that someone should know of in a line each, all of them in full.
struct BreakerText {
    let kernel: KernelStatus
    let presentation: Presentation

    /// `kernelsupctl breaker KERNEL`: everything; ends with a newline.
    var text: String {
        let resilience = kernel.resilience
        var lines = ["circuit breakers of \(kernel.name)"]
        for breaker in resilience.breakers {
            lines.append("  \(breaker.slot)  \(words(breaker))")
            let rate = breaker.successRate.map { ", \(percent($0)) ok" } ?? ""
            lines.append(
                "    window  \(counted(breaker.calls, "call")): \(breaker.failures) failed, "
                    + "\(breaker.slow) slow\(rate); \(breaker.consecutiveFailures) failed in a row"
            )
            var ever = counted(breaker.openings, "opening")
            if breaker.wouldHaveRefused > 0 {
                ever += ", \(breaker.wouldHaveRefused) would have been refused"
            }
            if breaker.trials > 0 { ever += "; \(counted(breaker.trials, "trial")) in flight" }
            lines.append("    ever    \(ever)")
        }
        if resilience.breakers.isEmpty { lines.append("  none is known") }
        if let refused = resilience.refusedByBreaker {
            lines.append("  refused   \(counted(refused, "call"))")
        }
        if let left = resilience.retriesLeft {
            lines.append("  retries   \(left) left in the budget")
        }
        if resilience.breakers.contains(where: { $0.override != .none }) {
            let command = presentation.command("kernelsupctl breaker \(kernel.name) --set auto")
            lines.append("  back to the configuration: \(command)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `kernelsupctl status KERNEL`: a line for each breaker that is not closed or has an override.
    var notes: [String] {
        let breakers = kernel.resilience.breakers
        return breakers.filter(\.isNotable).map { breaker in
            let slot = breakers.count > 1 ? "\(breaker.slot): " : ""
            var text = slot + words(breaker)
            if breaker.calls > 0 {
                text += ", \(breaker.failures) of \(breaker.calls) last calls failed"
            }
            return text
        }
    }

    /// `kernelsupctl status`: all breakers in few words; empty when they are closed, or when the
    /// kernel's own reason says it already.
    var summary: String {
        let notable = kernel.resilience.breakers.filter(\.isNotable)
        guard let first = notable.first else { return "" }
        let isSaid =
            kernel.reason == "circuit_open" && notable.allSatisfy { $0.override == .none }
        guard !isSaid else { return "" }
        let words = "breaker \(word(first.override) ?? word(first.state))"
        let all = kernel.resilience.breakers.count
        return notable.count == all ? words : "\(words) in \(notable.count) of \(all) slots"
    }

    private func words(_ breaker: BreakerStatus) -> String {
        let own = "\(word(breaker.state)) since \(presentation.clock(breaker.since))"
        if let said = word(breaker.override) { return "\(said); by itself \(own)" }
        switch breaker.state {
        case .closed: return own
        case .open:
            guard let wait = breaker.retryAfter else { return own }
            return "\(own), trial \(presentation.due(in: .seconds(wait)))"
        case .halfOpen: return breaker.trials > 0 ? "\(own), a trial runs" : own
        }
    }

    private func word(_ state: BreakerStatus.State) -> String {
        switch state {
        case .closed: "closed"
        case .open: "open"
        case .halfOpen: "half-open"
        }
    }

    /// nil where nobody has said anything.
    private func word(_ override: BreakerStatus.Override) -> String? {
        switch override {
        case .none: nil
        case .forcedOpen: "held open"
        case .forcedClosed: "held closed"
        case .observe: "only observed"
        }
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}

extension BreakerStatus {
    /// Someone should know of it.
    var isNotable: Bool { state != .closed || override != .none }
}

/// `1 call`, `2 calls`.
func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}
