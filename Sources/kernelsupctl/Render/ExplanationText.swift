import ControlProtocol

/// `kernelsupctl explain NAME`: labelled answers in a fixed order; what is healthy takes few lines.
struct ExplanationText {
    private let explanation: Explanation
    private let presentation: Presentation

    init(_ explanation: Explanation, _ presentation: Presentation) {
        self.explanation = explanation
        self.presentation = presentation
    }

    /// Ends with a newline.
    var text: String {
        var lines = head + why + stuck + effect + next + advice
        if !isHealthy || explanation.subject == .slot || hasTroubledPast && hasEnded {
            lines += saidLast
        }
        lines += ladder + breakers
        if !isHealthy || hasTroubledPast { lines += events }
        return lines.map { $0.trimmingTrailingSpaces() }.joined(separator: "\n") + "\n"
    }

    private var isHealthy: Bool { explanation.state == .healthy }

    /// More happened than that workers became ready.
    private var hasTroubledPast: Bool {
        explanation.events.list.contains { $0.kind != "worker_ready" }
    }

    /// A worker has ended that had written something.
    private var hasEnded: Bool { explanation.saidLast.contains { $0.end != nil } }

    // MARK: - Answers

    private var head: [String] {
        let word = presentation.colored(
            explanation.state.rawValue,
            color(of: explanation.state)
        )
        var text = "\(subject) is \(word)"
        if isHealthy { text += " since \(presentation.clock(explanation.since))" }
        text += ": \(explanation.consequence)"
        if let reasonID = explanation.reasonID {
            text += " (\([reasonID, explanation.reason ?? ""].joined(separator: " ")))"
        }
        return wrapped(text, width: presentation.width)
    }

    private var subject: String {
        let worst = explanation.kernels.first?.name ?? explanation.group
        switch explanation.subject {
        case .kernel: return explanation.name
        case .group:
            let count = explanation.kernels.count
            return count == 1
                ? worst : "group \(explanation.name), \(count) kernels: \(worst)"
        case .slot:
            let slot = explanation.kernels.first?.slots.first { $0.name == explanation.name }
            let state = slot.map { " is \($0.state.rawValue)" } ?? ""
            return "\(explanation.name)\(state): \(worst)"
        }
    }

    private var why: [String] {
        guard var text = explanation.why.map(sentence) else { return [] }
        let limits = explanation.limits.map { "\($0.key) = \($0.value) (\($0.origin))" }
        if !limits.isEmpty { text += " In force: " + limits.joined(separator: ", ") + "." }
        return labelled("why", text)
    }

    /// Where the processes hang that don't end.
    private var stuck: [String] {
        let slots = explanation.kernels.first?.slots ?? []
        return slots.flatMap { slot -> [String] in
            guard explanation.subject != .slot || slot.name == explanation.name,
                let text = stuckText(slot, presentation)
            else { return [] }
            return labelled("stuck", "\(slot.name): \(text)")
        }
    }

    private var effect: [String] {
        let calls = explanation.calls
        let parts = [
            counted(calls.accepted, "call"), "\(calls.failed) failed", "\(calls.refused) refused",
            "\(calls.retried) retried",
        ]
        var text =
            parts.joined(separator: ", ")
            + " since \(presentation.clock(explanation.countedSince))"
        if calls.inFlight + calls.queued > 0 {
            text += "; \(calls.inFlight) in flight, \(calls.queued) queued now"
        }
        return labelled("effect", text)
    }

    private var next: [String] {
        guard !explanation.next.isEmpty else {
            return isHealthy ? [] : labelled("next", "nothing by itself")
        }
        let whens = explanation.next.enumerated().map { index, action in
            guard let at = action.at, let span = action.inSeconds else {
                return index == 0 ? "" : "then"
            }
            return presentation.due(NextAction(action: action.action, at: at, inSeconds: span))
        }
        let width = whens.map(\.count).max() ?? 0
        return zip(whens, explanation.next).enumerated().flatMap { index, row in
            let when = width == 0 ? "" : row.0.padded(width + 2)
            return labelled(index == 0 ? "next" : "", row.1.text, behind: when)
        }
    }

    private var advice: [String] {
        let commands = explanation.advice.map { presentation.command($0.command) }
        let width = commands.map(\.count).filter { $0 <= 44 }.max() ?? 0
        return zip(commands, explanation.advice).enumerated().flatMap { index, row in
            let label = index == 0 ? "do" : ""
            // A command stays whole, so that it can be copied.
            guard row.0.count <= width else {
                return [label.padded(8) + row.0] + labelled("", row.1.purpose, behind: "  ")
            }
            return labelled(label, row.1.purpose, behind: row.0.padded(width + 2))
        }
    }

    private var ladder: [String] {
        guard let kernel = explanation.kernels.first else { return [] }
        var lines = kernel.resilience.recovery.map { labelled("ladder", $0) } ?? []
        switch kernel.resilience.alert {
        case .none: break
        case .raised: lines += labelled("alert", "not acknowledged")
        case .acknowledged: lines += labelled("alert", "acknowledged")
        }
        return lines
    }

    private var breakers: [String] {
        guard let kernel = explanation.kernels.first else { return [] }
        return BreakerText(kernel: kernel, presentation: presentation).notes
            .flatMap { labelled("breaker", $0) }
    }

    // MARK: - Past

    private var saidLast: [String] {
        guard let first = explanation.saidLast.first else {
            return labelled("said", "nothing: no worker of it has written a line")
        }
        // Of one worker, and of the next one in its place where that has written something too.
        let own = explanation.saidLast.filter { $0.slot == first.slot }
        var lines = own.enumerated().flatMap { lastWords($1, $0 == 0 ? "said last" : "said since") }
        let others = explanation.saidLast.map(\.slot).filter { $0 != first.slot }
        if let other = others.first {
            let more = counted(Set(others).count, "more slot")
            let command = presentation.command("kernelsupctl explain \(other)")
            lines.append("  \(more) wrote something: \(command)")
        }
        return lines
    }

    private func lastWords(_ words: Explanation.LastWords, _ label: String) -> [String] {
        let streams = Set(words.lines.map(\.stream.rawValue)).sorted()
        let head =
            "\(label) (\(words.slot), incarnation \(words.incarnation), pid \(words.pid), "
            + "\(streams.joined(separator: " and ")), "
            + "\(words.lines.count) of \(counted(words.total, "line")))"
        var lines = wrapped(head, width: presentation.width)
        for line in words.lines {
            let stream = streams.count > 1 ? line.stream.rawValue + "  " : ""
            let start = "  \(presentation.preciseClock(line.at))  \(stream)"
            let marks =
                line.marks.isEmpty ? "" : " [\(line.marks.map(\.rawValue).joined(separator: ", "))]"
            lines += chunks(line.text + marks, start)
        }
        if let end = words.end, let at = words.endedAt {
            lines += chunks("* it \(end)", "  \(presentation.preciseClock(at))  ")
        }
        return lines
    }

    private var events: [String] {
        let events = explanation.events
        let completeness = events.dropped == 0 ? "complete" : "older ones missing"
        let head =
            "events  \(presentation.clock(events.from)) to now, \(completeness) "
            + "(\(events.dropped) dropped)"
        return [head]
            + events.list.flatMap { event in
                let start = "  \(presentation.clock(event.first))  "
                let span = event.last.unixMicroseconds - event.first.unixMicroseconds
                let fold =
                    event.count == 1
                    ? "" : " ×\(event.count) over \(spanText(.microseconds(max(0, span))))"
                let text = wrapped(
                    event.text + fold,
                    width: max(20, presentation.width - start.count)
                )
                let indent = String(repeating: " ", count: start.count)
                return text.enumerated().map { ($0 == 0 ? start : indent) + $1 }
            }
    }

    // MARK: - Form

    /// A worker's words as they are, over as many lines as they take, broken behind a space where
    /// there is one near the end.
    private func chunks(_ text: String, _ start: String) -> [String] {
        let width = max(20, presentation.width - start.count)
        let indent = String(repeating: " ", count: start.count)
        var rest = text[...]
        var lines: [String] = []
        repeat {
            var part = rest.prefix(width)
            if part.count < rest.count, let space = part.dropFirst(width / 2).lastIndex(of: " ") {
                part = part[...space]
            }
            lines.append((lines.isEmpty ? start : indent) + part)
            rest = rest[part.endIndex...]
        } while !rest.isEmpty
        return lines
    }

    private func labelled(_ label: String, _ text: String, behind start: String = "") -> [String] {
        let indent = 8 + start.count
        return wrapped(text, width: max(20, presentation.width - indent)).enumerated().map {
            ($0 == 0 ? label.padded(8) + start : String(repeating: " ", count: indent)) + $1
        }
    }

    private func sentence(_ text: String) -> String {
        // A name such as clBuildProgram stays as it is.
        let isName = text.prefix { $0 != " " }.contains(where: \.isUppercase)
        var text = isName ? text : text.prefix(1).uppercased() + text.dropFirst()
        if !text.hasSuffix(".") { text += "." }
        return text
    }
}
