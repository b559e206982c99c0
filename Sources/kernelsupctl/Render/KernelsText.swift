import ControlProtocol

/// `kernelsupctl kernels`: what can be called, two lines each.
struct KernelsText {
    let kernels: [Kernel]
    let presentation: Presentation

    /// Ends with a newline unless there are no kernels.
    var text: String {
        kernels.map { kernel in
            let state = presentation.colored(kernel.state.rawValue, color(of: kernel.state))
            let glyph = presentation.colored(glyph(of: kernel.state), color(of: kernel.state))
            var lines = ["\(glyph) \(kernel.name)  \(state)"]
            lines += wrapped(kernel.summary, width: presentation.width - 4).map { "    \($0)" }
            lines += wrapped(signatureText(kernel), width: presentation.width - 4)
                .map { "    \($0)" }
            if kernel.problem != nil {
                let command = presentation.command("kernelsupctl kernels \(kernel.name)")
                lines.append("    can't be called: \(command)")
            }
            return lines.filter { !$0.allSatisfy { $0 == " " } }.joined(separator: "\n") + "\n"
        }.joined()
    }
}

/// `kernelsupctl kernels NAME`: one kernel with all that its signature says.
struct KernelText {
    let kernel: Kernel
    let presentation: Presentation

    /// Ends with a newline.
    var text: String {
        let state = presentation.colored(kernel.state.rawValue, color(of: kernel.state))
        var lines = [
            "\(kernel.name)  \(state)  \(kernel.isIdempotent ? "idempotent" : "not idempotent")"
        ]
        if !kernel.summary.isEmpty { lines += wrapped(kernel.summary, width: presentation.width) }
        if let problem = kernel.problem {
            lines.append("can't be called:")
            lines += problem.split(separator: "\n").map { "  \($0)" }
        }
        for direction in Kernel.Argument.Direction.allCases {
            let group = kernel.arguments.filter { $0.direction == direction }
            guard !group.isEmpty else { continue }
            lines.append(direction == .input ? "inputs" : "outputs")
            lines += table(group)
        }
        if kernel.arguments.isEmpty {
            lines += wrapped(
                "its arguments are known when its first worker is ready",
                width: presentation.width
            )
        } else {
            lines.append("call it with")
            lines += callLines
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func table(_ arguments: [Kernel.Argument]) -> [String] {
        let nameWidth = arguments.map(\.name.count).max() ?? 0
        let typeWidth = arguments.map { typeText($0).count }.max() ?? 0
        return arguments.flatMap { argument in
            let head =
                "  " + argument.name.padded(nameWidth) + "  "
                + typeText(argument).padded(typeWidth) + "  "
            var facts: [String] = []
            if let range = argument.range { facts.append("in \(range)") }
            if let value = argument.defaultValue {
                facts.append("default \(value)")
            } else if argument.direction == .input {
                facts.append("required")
            }
            let text =
                facts.joined(separator: ", ")
                + (facts.isEmpty || argument.documentation.isEmpty ? "" : ": ")
                + argument.documentation
            let indent = String(repeating: " ", count: head.count)
            return wrapped(text, width: max(24, presentation.width - head.count))
                .enumerated().map { (($0 == 0 ? head : indent) + $1).trimmingTrailingSpaces() }
        }
    }

    private var callLines: [String] {
        let required = kernel.arguments.filter {
            $0.direction == .input && $0.defaultValue == nil
        }
        let words = required.map { argument in
            argument.shape.isEmpty && argument.type != "bytes"
                ? "\(argument.name)=VALUE" : "\(argument.name)=@FILE"
        }
        let command = (["kernelsupctl call \(kernel.name)"] + words).joined(separator: " ")
        return wrapped(presentation.command(command), width: presentation.width - 6).enumerated()
            .map {
                ($0 == 0 ? "  " : "    ") + $1
            }
    }
}

/// `f32[n, 3]`; a scalar has no brackets.
func typeText(_ argument: Kernel.Argument) -> String {
    argument.shape.isEmpty
        ? argument.type : "\(argument.type)[\(argument.shape.joined(separator: ", "))]"
}

/// `a f32[n], alpha f32 = 1 → y f32[n]`.
func signatureText(_ kernel: Kernel) -> String {
    func list(_ direction: Kernel.Argument.Direction) -> String {
        kernel.arguments.filter { $0.direction == direction }.map { argument in
            "\(argument.name) \(typeText(argument))"
                + (argument.defaultValue.map { " = \($0)" } ?? "")
        }.joined(separator: ", ")
    }
    guard !kernel.arguments.isEmpty else { return "" }
    return "\(list(.input)) → \(list(.output))"
}
