package import SupervisionWire

/// What one file of `kernels.d` says about a kernel: its name and where its work is done.
///
/// The same file holds the kernel's policies (retry, recovery, …), which are not read here.
package struct KernelManifest: Hashable, Sendable {
    /// Where a kernel comes from.
    package enum Kind: Hashable, Sendable {
        /// OpenCL C from a file, run by the stock worker as the manifest says.
        case source(Program)
        /// A kernel that is compiled into the stock worker, by its name there.
        case builtin(String)
        /// A program that speaks docs/PROTOCOL.md: its path and arguments, at least one.
        case command([String])
    }

    /// `domain/name`.
    package var name: String
    /// One sentence; empty for none.
    package var summary: String
    /// Running a call twice does no harm.
    ///
    /// Without the key, nil for a built-in kernel, which says
    /// so itself; true for a source, which can't reach anything but its outputs; false for a
    /// command.
    package var isIdempotent: Bool?
    package var kind: Kind

    package init(name: String, summary: String, isIdempotent: Bool?, kind: Kind) {
        self.name = name
        self.summary = summary
        self.isIdempotent = isIdempotent
        self.kind = kind
    }

    /// What callers are shown.
    ///
    /// Built-in kernels and commands declare their arguments when their
    /// worker is ready; until then there are none.
    package var signature: KernelSignature {
        var arguments: [KernelSignature.Argument] = []
        if case .source(let program) = kind {
            arguments =
                program.inputs.map(\.signature)
                + program.outputs.map(\.signature)
        }
        return KernelSignature(
            name: name,
            summary: summary,
            isIdempotent: isIdempotent ?? true,
            arguments: arguments
        )
    }
}

extension KernelManifest.Input {
    var signature: KernelSignature.Argument {
        KernelSignature.Argument(
            name: name,
            direction: .input,
            type: type,
            shape: shape.map(\.description),
            defaultValue: defaultValue,
            range: range,
            documentation: documentation
        )
    }
}

extension KernelManifest.Output {
    var signature: KernelSignature.Argument {
        KernelSignature.Argument(
            name: name,
            direction: .output,
            type: type,
            shape: shape.map(\.description),
            documentation: documentation
        )
    }
}
