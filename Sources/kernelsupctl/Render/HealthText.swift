import ControlProtocol

/// `kernelsupctl health`: the output of a monitoring plugin, worst first.
struct HealthText {
    let health: Health
    let presentation: Presentation

    /// Ends with a newline.
    var text: String {
        var lines = ["\(word): \(summary) | \(performance)"]
        for component in health.components {
            lines += self.lines(of: component)
        }
        let alerts = health.components.filter { $0.resilience.alert == .raised }.map(\.kernel)
        if !alerts.isEmpty { lines.append("not acknowledged: " + alerts.joined(separator: ", ")) }
        if !health.muted.isEmpty {
            lines.append("muted: " + health.muted.map(\.kernel).joined(separator: ", "))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var word: String {
        switch health.status {
        case .healthy: "OK"
        case .degraded: "WARNING"
        case .critical: "CRITICAL"
        case .unknown: "UNKNOWN"
        }
    }

    private var summary: String {
        let totals = health.totals
        guard totals.all > 0 else { return "no kernels" }
        let bad = [
            (totals.down, "down"), (totals.degraded, "degraded"), (totals.unknown, "unknown"),
        ].filter { $0.0 > 0 }
        guard let worst = bad.first else {
            return "\(totals.all) \(totals.all == 1 ? "kernel" : "kernels") healthy"
        }
        let kernels = totals.all == 1 ? "kernel" : "kernels"
        return "\(worst.0) of \(totals.all) \(kernels) \(worst.1)"
            + bad.dropFirst().map { ", \($0.0) \($0.1)" }.joined()
    }

    private var performance: String {
        "down=\(health.totals.down);;0 degraded=\(health.totals.degraded);0 "
            + "unknown=\(health.totals.unknown);0"
    }

    private func lines(of component: Health.Component) -> [String] {
        let nameWidth = max(16, health.components.map(\.kernel.count).max() ?? 0)
        let head =
            (component.reasonID ?? "").padded(8) + " " + component.kernel.padded(nameWidth) + " "
        var text = component.why ?? component.reason?.replacing("_", with: " ") ?? ""
        while text.last == "." { text.removeLast() }
        if text.isEmpty { text = component.state.rawValue }
        if let next = component.next {
            text += ", next \(next.action.replacing("_", with: " ")) \(presentation.due(next))"
        }
        let indent = String(repeating: " ", count: head.count)
        return wrapped(text, width: max(20, presentation.width - head.count))
            .enumerated().map { ($0 == 0 ? head : indent) + $1 }
    }
}
