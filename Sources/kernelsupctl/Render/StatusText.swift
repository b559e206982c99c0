import ControlProtocol

/// `kernelsupctl status`: one line a kernel that is not healthy, one for all that are.
struct StatusText {
    let status: Status
    let presentation: Presentation

    /// Ends with a newline.
    var text: String {
        var lines = headLines
        lines += table
        lines += tail
        return lines.map { $0.trimmingTrailingSpaces() }.joined(separator: "\n") + "\n"
    }

    private var headLines: [String] {
        let word = presentation.colored(status.state.rawValue, color(of: status.state))
        var first =
            "kernelsupd \(status.version)  \(word)  up \(spanText(.seconds(status.uptime)))"
            + "  \(kernelCounts)"
        if !status.isLive {
            first += "  its books do not agree"
        } else if status.isDraining {
            first += "  draining"
        } else if !status.isReady {
            first += "  not ready"
        }
        let configuration = status.configuration
        let loaded = presentation.clock(configuration.loadedAt)
        switch configuration.state {
        case .inForce:
            return [first, "config \(configuration.path) of \(loaded), in force"]
        case .reloadRefused:
            let count = configuration.errors.count
            return [
                first,
                presentation.colored("reload refused", .red)
                    + ": \(count == 1 ? "1 error" : "\(count) errors"); "
                    + "the configuration of \(loaded) goes on",
            ] + configuration.errors.flatMap { indented($0, by: 2) }
        }
    }

    private var kernelCounts: String {
        let all = status.kernels.count
        let counts = KernelState.allCases.compactMap { state -> String? in
            let count = status.kernels.count { $0.state == state }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        guard all > 0 else { return "no kernels" }
        return "\(all) \(all == 1 ? "kernel" : "kernels"): " + counts.joined(separator: " ")
    }

    // MARK: - The table

    private struct Row {
        var glyph: String
        var color: Presentation.Color?
        var cells: [String]
        var note: String
    }

    private var table: [String] {
        guard !status.kernels.isEmpty else { return [] }
        let titles = ["KERNEL", "STATE", "SLOTS", "CALLS", "FAILED", "RESTARTS"]
        let rows = self.rows
        var widths = titles.map(\.count)
        for row in rows {
            for (index, cell) in row.cells.enumerated() {
                widths[index] = max(widths[index], cell.count)
            }
        }
        let hasNotes = rows.contains { !$0.note.isEmpty }
        var lines = ["  " + joined(titles, widths) + (hasNotes ? " WHY AND NEXT" : "")]
        for row in rows {
            let cells = joined(row.cells, widths)
            let indent = cells.count + 3
            let notes = wrapped(row.note, width: max(24, presentation.width - indent))
            let glyph = presentation.colored(row.glyph, row.color)
            lines.append("\(glyph) \(cells) \(notes[0])")
            lines += notes.dropFirst().map { String(repeating: " ", count: indent) + $0 }
        }
        return lines
    }

    private var rows: [Row] {
        let isShown = { (kernel: KernelStatus) in
            kernel.state != .healthy || kernel.resilience.breakers.contains(where: \.isNotable)
        }
        let bad = status.kernels.filter(isShown)
            .sorted { (severity($0.state), $0.name) < (severity($1.state), $1.name) }
        let good = status.kernels.filter { !isShown($0) }
        var rows = bad.map { row($0.name, [$0], note($0)) }
        // A few healthy kernels are worth their lines; many are one line.
        if good.count <= (bad.isEmpty ? 12 : 1) {
            rows += good.map { row($0.name, [$0], note($0)) }
        } else {
            let name = bad.isEmpty ? "all \(good.count)" : "\(good.count) others"
            let asleep = good.count { $0.reason == "on_demand" }
            // Slots that are not ready beside the word healthy want one more.
            let sleepers = "\(counted(asleep, "kernel")) without a worker until called"
            rows.append(row(name, good, asleep == 0 ? "" : sleepers))
        }
        return rows
    }

    private func row(_ name: String, _ kernels: [KernelStatus], _ note: String) -> Row {
        let state = kernels[0].state
        // Kernels of a group share its slots: each slot counts once, and who stands in does not.
        var slots: [String: SlotState] = [:]
        for slot in kernels.flatMap(\.slots) where !slot.isStandIn { slots[slot.name] = slot.state }
        let restarts =
            kernels.count == 1
            ? kernels[0].restarts
            : Dictionary(kernels.map { ($0.group, $0.restarts) }, uniquingKeysWith: max)
                .values.reduce(0, +)
        return Row(
            glyph: glyph(of: state),
            color: color(of: state),
            cells: [
                name, state.rawValue,
                "\(slots.values.count { $0 == .ready })/\(slots.count)",
                "\(kernels.reduce(0) { $0 + $1.calls })",
                "\(kernels.reduce(0) { $0 + $1.failed })", "\(restarts)",
            ],
            note: note
        )
    }

    private func note(_ kernel: KernelStatus) -> String {
        var text = kernel.why ?? kernel.reason?.replacing("_", with: " ") ?? ""
        while text.last == "." { text.removeLast() }
        if let next = kernel.next {
            if !text.isEmpty { text += "; " }
            text += "\(next.action.replacing("_", with: " ")) \(presentation.due(next))"
        }
        let breakers = BreakerText(kernel: kernel, presentation: presentation).summary
        return [text, breakers].filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// Names and states to the left, numbers to the right.
    private func joined(_ cells: [String], _ widths: [Int]) -> String {
        zip(cells, widths).enumerated().map { index, cell in
            index < 2 ? cell.0.padded(cell.1) : cell.0.rightAligned(cell.1)
        }.joined(separator: " ")
    }

    // MARK: - The rest

    private var tail: [String] {
        let calls = status.calls
        var lines = [
            "calls \(calls.accepted) accepted: \(calls.ok) ok, \(calls.failed) failed, "
                + "\(calls.inFlight) in flight, \(calls.queued) queued",
            "      \(calls.refused) refused, \(calls.retried) retried; "
                + "\(status.clients) \(status.clients == 1 ? "client" : "clients")",
        ]
        let alerts = Set(
            status.kernels.filter { $0.resilience.alert == .raised }.map(\.group)
        ).sorted()
        if !alerts.isEmpty {
            let name = alerts.count == 1 ? alerts[0] : "NAME"
            let command = presentation.command("kernelsupctl ack \(name)")
            let names = alerts.count == 1 ? "" : ", of " + alerts.joined(separator: ", ")
            lines += wrapped(
                "\(counted(alerts.count, "alert")) not acknowledged: \(command)\(names)",
                width: presentation.width
            )
        }
        if !status.badInput.isEmpty {
            let kinds = status.badInput.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { "\($0.value) \($0.key.replacing("_", with: " "))" }
            lines += wrapped(
                "bad input: " + kinds.joined(separator: ", "),
                width: presentation.width
            )
        }
        return lines
    }

    private func indented(_ text: String, by count: Int) -> [String] {
        wrapped(text, width: presentation.width - count)
            .map { String(repeating: " ", count: count) + $0 }
    }
}

/// Worst first.
func severity(_ state: KernelState) -> Int {
    switch state {
    case .down: 0
    case .degraded: 1
    case .unknown: 2
    case .healthy: 3
    }
}

func glyph(of state: KernelState) -> String {
    switch state {
    case .down: "×"
    case .degraded: "!"
    case .unknown: "?"
    case .healthy: "●"
    }
}

func color(of state: KernelState) -> Presentation.Color? {
    switch state {
    case .down: .red
    case .degraded, .unknown: .yellow
    case .healthy: .green
    }
}

func color(of state: HealthState) -> Presentation.Color? {
    switch state {
    case .critical: .red
    case .degraded, .unknown: .yellow
    case .healthy: .green
    }
}

extension SlotStatus {
    /// It serves when the kernel's own workers can't.
    fileprivate var isStandIn: Bool {
        switch role {
        case .degraded, .backup: true
        case .active, .standby, nil: false
        }
    }
}
