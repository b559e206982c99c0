internal import KernelManifest

extension KernelManifest {
    /// The program that serves the kernel in place of the stock worker; empty for none.
    var command: [String] {
        if case .command(let words) = kind { words } else { [] }
    }

    /// The name of the kernel in the stock worker, for one that is compiled into it.
    var builtin: String? {
        if case .builtin(let name) = kind { name } else { nil }
    }

    /// Files besides the manifest that the worker reads.
    var sourcePaths: [String] {
        if case .source(let program) = kind { [program.sourcePath] } else { [] }
    }
}
