import ControlProtocol

/// `kernelsupctl status KERNEL`: one kernel with its slots.
struct KernelStatusText {
    let kernel: KernelStatus
    let presentation: Presentation

    /// Ends with a newline.
    var text: String {
        let word = presentation.colored(kernel.state.rawValue, color(of: kernel.state))
        var lines = ["\(kernel.name) is \(word) since \(presentation.clock(kernel.since))"]
        if let reasonID = kernel.reasonID {
            lines[0] += " (\(reasonID)\(kernel.reason.map { " \($0)" } ?? ""))"
        }
        if let why = kernel.why { lines += labelled("why", why) }
        if let next = kernel.next {
            let action = next.action.replacing("_", with: " ")
            lines += labelled("next", "\(action) \(presentation.due(next))")
        }
        lines += labelled(
            "calls",
            "\(kernel.calls), \(kernel.failed) failed, \(kernel.refused) refused, "
                + "\(kernel.inFlight) in flight, \(kernel.queued) queued"
        )
        if kernel.group != kernel.name { lines += labelled("group", kernel.group) }
        for note in BreakerText(kernel: kernel, presentation: presentation).notes {
            lines += labelled("breaker", note)
        }
        if let recovery = kernel.resilience.recovery { lines += labelled("ladder", recovery) }
        switch kernel.resilience.alert {
        case .none: break
        case .raised:
            let command = presentation.command("kernelsupctl ack \(kernel.group)")
            lines += labelled("alert", "not acknowledged: \(command)")
        case .acknowledged: lines += labelled("alert", "acknowledged")
        }
        lines += slotTable
        return lines.map { $0.trimmingTrailingSpaces() }.joined(separator: "\n") + "\n"
    }

    private func labelled(_ label: String, _ text: String) -> [String] {
        wrapped(text, width: presentation.width - 10).enumerated().map { index, line in
            "  " + (index == 0 ? label : "").padded(7) + " " + line
        }
    }

    private func note(_ label: String, _ text: String) -> [String] {
        wrapped("\(label) \(text)", width: presentation.width - 6).enumerated().map {
            ($0 == 0 ? "    " : "      ") + $1
        }
    }

    private var slotTable: [String] {
        let rows = kernel.slots.map { slot in
            [
                slot.name, slot.state.rawValue, slot.pid.map(String.init) ?? "–",
                "\(slot.restarts)", presentation.clock(slot.since),
                slot.runningFor.map { spanText(.seconds($0)) } ?? "–",
            ]
        }
        let titles = ["SLOT", "STATE", "PID", "RESTARTS", "SINCE", "CALL FOR"]
        let widths = titles.indices.map { column in
            ([titles] + rows).map { $0[column].count }.max() ?? 0
        }
        var lines: [String] = []
        for (index, row) in ([titles] + rows).enumerated() {
            lines.append(
                "  "
                    + zip(row, widths).enumerated().map { column, cell in
                        (2...3).contains(column)
                            ? cell.0.rightAligned(cell.1) : cell.0.padded(cell.1)
                    }.joined(separator: " ")
            )
            guard index > 0 else { continue }
            let slot = kernel.slots[index - 1]
            switch slot.role {
            case .active, nil: break
            case .standby: lines += note("standby:", "takes the place of one that fails")
            case .degraded: lines += note("degraded:", "serves when the kernel's own can't")
            case .backup: lines += note("backup:", "another daemon, when nothing here serves")
            }
            if let device = slot.device { lines += note("on", device) }
            if let stuck = stuckText(slot, presentation) { lines += note("stuck:", stuck) }
            if let why = slot.probeWhy { lines += note("probes:", why) }
            if let lastExit = slot.lastExit { lines += note("last worker:", lastExit) }
        }
        return lines
    }
}
